"""The command line: one file for each verb, with `add(subparsers)` and `run(args) -> exit code`."""

import argparse
import errno
import io
import logging
import os
import re
import resource
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from edged import __version__
from edged.causes import CAUSES
from edged.cli import lost_output
from edged.cli.misspelt import meant, options_meant, parser_of
from edged.errors import EXIT_CONFIG, EXIT_OK, EXIT_USAGE, ConfigError, EdgedError, UsageError

VERBS = (
    *(
        "run",
        "demo",
        "talk",
        "serve",
        "relay",
        "companion",
        "setup",
        "devices",
        "status",
        "usage",
        "logs",
        "ctl",
    ),
    *("reload", "config", "doctor", "report", "privacy", "update", "version", "rescue", "help"),
)

# Made in advance: later there may be no memory to make it, or to write to the journal.
_OUT_OF_MEMORY = f"edged: out of memory. {CAUSES['memory_short'].remedy}\n".encode()


class _Parser(argparse.ArgumentParser):
    below: Any = None
    """The verbs below it, as argparse keeps them."""

    def add_subparsers(self, **how: Any) -> Any:
        self.below = super().add_subparsers(**how)
        return self.below

    # argparse's own method exits with 2; edged exits with 64
    def error(self, message: str) -> None:  # type: ignore[override]
        message = _without_values(message)
        if not _in_journal(f"{self.prog}: {message}", UsageError.cause):
            self.print_usage(sys.stderr)
            print(f"{self.prog}: {message}", file=sys.stderr)
        self.exit(EXIT_USAGE)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but what nobody knows is the fault of the verb before it, which may know the like."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            at = parser_of(self, (getattr(found, name, "") or "" for name in ("verb", "config_verb")))
            at.error(f"unrecognized arguments: {' '.join(unknown)}{options_meant(at, unknown)}")
        return found

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            among = [*map(str, action.choices)]
            words = f"invalid choice: {value!r}{meant(str(value), among)} (choose from {', '.join(among)})"
            raise argparse.ArgumentError(action, words)


def _printable(error: EdgedError) -> str:
    """Its lines for a terminal; a daemon, a device or a file may have given words to it."""
    from edged.cli.status import printable

    return "\n".join(map(printable, str(error).splitlines()))


def _without_values(message: str) -> str:
    """An argument error without the values in it: a misspelt `--set` may hold a key."""
    message = re.sub(
        r"(?i)(--?[\w.-]*(?:key|token|secret|auth|pass|pwd)[\w.-]*) +[^-\s]\S*", r"\1 …", message
    )
    return re.sub(r"=.+?(?=' |\" | -|$)", "=…", message, flags=re.DOTALL)


def _in_journal(text: str, cause: str) -> bool:
    """Write `text` to the journal with its message id. Returns False if standard error is not the journal."""
    from edged.system.journal import is_journal, setup

    if not is_journal(sys.stderr, os.environ):
        return False
    setup("info")
    logging.getLogger(__name__).error("%s. %s", text, CAUSES[cause].remedy, extra={"edged": {"cause": cause}})
    return True


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(
        prog="edged",
        description="Turn a button, a microphone and a speaker into a voice kiosk for a speech model.",
    )
    top.add_argument("--version", action="version", version=f"edged {__version__}")
    verbs = top.add_subparsers(metavar="VERB", dest="verb")
    for verb in VERBS:
        import_module(f"edged.cli.{verb}").add(verbs)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code."""
    for out in (sys.stdout, sys.stderr):
        # A terminal may have no letters for a name or a language: then a question mark is in their place.
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="replace")
    logging.getLogger().addFilter(_is_no_complaint_of_hashlib)
    try:
        try:
            return _run(argv)
        finally:
            lost_output.flush()  # also what argparse has printed
    except BrokenPipeError:
        # The reader has closed the pipe; the interpreter must not complain when it exits.
        lost_output.drop()
        return EXIT_OK
    except (MemoryError, ImportError, OSError, SyntaxError, SystemError) as error:
        if isinstance(error, OSError) and lost_output.is_cause_of(error):
            lost_output.drop()
            print(f"edged: cannot write the output: {error.strerror}", file=sys.stderr)
            return 1
        if not _is_out_of_memory(error):
            if isinstance(error, ImportError | SyntaxError) and _is_of_release():
                print(f"edged: release_broken: {error}. {CAUSES['release_broken'].remedy}", file=sys.stderr)
                return 1
            raise
        os.write(sys.stderr.fileno(), _OUT_OF_MEMORY)
        return EXIT_CONFIG


def program() -> NoReturn:
    """Run the command line of this process, and end it with the exit code.

    The echo canceller of livekit has threads of its own. If Python cleans up, they abort the process now and then,
    after all the work is done.
    """
    code = main()
    if "livekit" in sys.modules:
        from edged.system.exit import leave

        leave(code)
    sys.exit(code)


def _is_of_release() -> bool:
    """Whether this is a release of the installer. It has every module; if one is gone, a repair helps."""
    from edged.origin import RELEASES

    return Path(__file__).is_relative_to(RELEASES)


def _is_no_complaint_of_hashlib(record: logging.LogRecord) -> bool:
    """False for the tracebacks that hashlib logs if there is no memory for its library; our own line says it.

    hashlib logs them with the root logger itself. Without a limit they mean a broken Python, and are shown.
    """
    return record.module != "hashlib" or not _is_limited()


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; the loader of shared libraries and Python's compiler report it in their own ways."""
    words = ("failed to map segment", "annot allocate memory")
    of_loader = isinstance(error, ImportError) and any(each in str(error) for each in words)
    of_compiler = isinstance(error, SyntaxError | SystemError) and _is_limited()
    return (
        isinstance(error, MemoryError)
        or of_loader
        or of_compiler
        or getattr(error, "errno", None) == errno.ENOMEM
    )


def _is_limited() -> bool:
    """Whether this process has a memory limit."""
    limits = (resource.RLIMIT_AS, resource.RLIMIT_DATA)
    return any(resource.getrlimit(limit)[0] != resource.RLIM_INFINITY for limit in limits)


def _run(argv: Sequence[str] | None) -> int:
    top = parser()
    args = top.parse_args(argv)
    if args.verb is None:
        top.print_help()
        return EXIT_OK
    try:
        code: int = args.run(args)
    except ConfigError as error:
        print(_printable(error), file=sys.stderr)
        return EXIT_CONFIG
    except EdgedError as error:
        if not _in_journal(f"edged {args.verb}: {error}", error.cause):
            print(f"edged {args.verb}: {_printable(error)}", file=sys.stderr)
        return EXIT_USAGE if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        return 130
    return code
