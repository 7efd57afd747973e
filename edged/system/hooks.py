"""Sends warnings and uncaught errors to the log, which masks secrets. Python would write them as they are."""

import logging
import sys
import threading
import warnings
from types import TracebackType
from typing import TextIO

WARNINGS = "py.warnings"  # the logger that Python's own capture uses

log = logging.getLogger(__name__)


def hook() -> None:
    """Install the hooks. A hook that somebody else has set stays."""
    warnings.showwarning = _warned
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _raised
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _raised_in_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _unraisable


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 the signature of warnings.showwarning
    line: str | None = None,  # noqa: ARG001
) -> None:
    logging.getLogger(WARNINGS).warning("%s:%d: %s: %s", filename, lineno, category.__name__, message)


def _raised(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("a bug in edged", exc_info=(kind, error, trace))


def _raised_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or issubclass(args.exc_type, SystemExit):
        return
    name = args.thread.name if args.thread is not None else "a thread"
    log.critical("%s: a bug in edged", name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback))


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    error = args.exc_value
    info = None if error is None else (args.exc_type, error, args.exc_traceback)
    log.error("%s", args.err_msg or "an error that could not be raised", exc_info=info)
