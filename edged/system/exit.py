"""The end of the process, whatever hangs.

A device call that never returns holds a thread, a dead journal holds every writer: `sys.exit` would wait for
both. Here what is still to be done gets half a second, then the process is gone.
"""

import _thread
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, Protocol

log = logging.getLogger(__name__)

LAST_WORDS_S = 0.5


class Exit(Protocol):
    """The end of the process; any thread."""

    def soon(self, code: int, *last: Callable[[], None]) -> None:
        """End the process with `code`, one of errors.EXIT_*, once the calls of `last` have returned.

        Returns at once and holds nothing: it may be called by a finaliser, and by whom one of the calls waits for. Each
        call is made by a thread of its own, at the same time; none of them is waited for after LAST_WORDS_S.
        """

    def stay(self) -> None:
        """Wait for the end that is under way; in life this does not return."""


class ProcessExit:
    """Ends it for good: no `finally`, no `atexit`, no waiting for threads."""

    def __call__(self, code: int, why: str) -> NoReturn:
        """End the process now; `why` goes to the journal."""
        self.soon(code, lambda: _say(code, why))
        self.stay()

    def soon(self, code: int, *last: Callable[[], None]) -> None:
        """See Exit."""
        try:
            # not threading's own: starting one takes a lock that the caller may hold where it was interrupted
            _thread.start_new_thread(_end, (code, last))
        except RuntimeError:
            _by_force_later()
            for call in last:
                _do(call)
            os._exit(code)

    def stay(self) -> NoReturn:
        """See Exit."""
        while True:
            with suppress(BaseException):  # such as a second Ctrl-C
                time.sleep(LAST_WORDS_S)


def _end(code: int, last: tuple[Callable[[], None], ...]) -> None:
    try:
        until = time.monotonic() + LAST_WORDS_S
        for thread in list(filter(None, map(_begun, last))):
            thread.join(max(0.0, until - time.monotonic()))
    finally:
        os._exit(code)


def _begun(call: Callable[[], None]) -> threading.Thread | None:
    thread = threading.Thread(target=_do, args=(call,), name="last words", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        _by_force_later()
        _do(call)
        return None
    return thread


def _by_force_later() -> None:
    """No thread can be had that could end what hangs: the kernel's clock does, by a signal."""
    signal.setitimer(signal.ITIMER_REAL, LAST_WORDS_S)


def _do(call: Callable[[], None]) -> None:
    with suppress(BaseException):  # the process ends because something failed: nothing is left to tell it to
        call()


def _say(code: int, why: str) -> None:
    log.log(logging.ERROR if code else logging.INFO, "exit %d: %s", code, " ".join(why.split()))
    flush()


def flush() -> None:
    """Whatever was said and has not left yet."""
    for handler in logging.getLogger().handlers:
        with suppress(OSError, ValueError):
            handler.flush()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or none at all
            stream.flush()
