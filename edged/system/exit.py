"""Ends the process, whatever hangs.

A device call that never returns holds a thread, and a dead journal holds every writer. `sys.exit` would wait for both.
Here the remaining work gets half a second, and then the process is gone.
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
    """The end of the process. Any thread may call it."""

    def soon(self, code: int, *last: Callable[[], None]) -> None:
        """End the process with `code`, one of errors.EXIT_*, after the calls of `last` have returned.

        Returns at once and holds no lock. So a finaliser may call it, and so may code that one of the calls waits for.
        Each call runs in its own thread, all at the same time. None of them gets more than LAST_WORDS_S.
        """

    def stay(self) -> None:
        """Wait for the exit that is under way. In a real process this does not return."""


class ProcessExit:
    """Ends the process at once: no `finally`, no `atexit`, no waiting for threads."""

    def __call__(self, code: int, why: str) -> NoReturn:
        """End the process now. `why` goes to the journal."""
        self.soon(code, lambda: _say(code, why))
        self.stay()

    def soon(self, code: int, *last: Callable[[], None]) -> None:
        """See Exit."""
        try:
            # Not threading.Thread: its start takes a lock that the interrupted caller may hold.
            _thread.start_new_thread(_end, (code, last))
        except RuntimeError:
            _by_force_later()
            for call in last:
                _do(call)
            os._exit(code)

    def stay(self) -> NoReturn:
        """See Exit."""
        while True:
            with suppress(BaseException):  # for example a second Ctrl-C
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
    """No thread can be started that would end a hanging call, so a timer signal of the kernel does."""
    signal.setitimer(signal.ITIMER_REAL, LAST_WORDS_S)


def _do(call: Callable[[], None]) -> None:
    with suppress(BaseException):  # the process ends because of a failure; nobody is left to handle another
        call()


def _say(code: int, why: str) -> None:
    log.log(logging.ERROR if code else logging.INFO, "exit %d: %s", code, " ".join(why.split()))
    flush()


def leave(code: int) -> NoReturn:
    """End the process at once, with what was printed and logged. For the end of a process with calls that hang.

    Python's own end would let C libraries clean up, and these would wait for the locks of such calls.
    """
    flush()
    os._exit(code)


def flush() -> None:
    """Write out all buffered output."""
    for handler in logging.getLogger().handlers:
        with suppress(OSError, ValueError):
            handler.flush()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # it is closed, or there is none
            stream.flush()
