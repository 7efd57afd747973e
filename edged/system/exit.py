"""The end of the process, whatever hangs.

A device call that never returns holds a thread, a dead journal holds every writer: `sys.exit` would wait for
both. Here they are given half a second for the last words, then the process is gone.
"""

import logging
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn, Protocol

log = logging.getLogger(__name__)

LAST_WORDS_S = 0.5


class Exit(Protocol):
    def __call__(self, code: int, why: str) -> None:
        """End the process with `code`, one of errors.EXIT_*; `why` goes to the journal. Any thread."""
        ...


class ProcessExit:
    """Ends it for good: no `finally`, no `atexit`, no waiting for threads."""

    def __call__(self, code: int, why: str) -> NoReturn:
        try:
            words = threading.Thread(target=_say, args=(code, why), name="last words", daemon=True)
            words.start()
            words.join(LAST_WORDS_S)
        finally:
            os._exit(code)


def _say(code: int, why: str) -> None:
    log.log(logging.ERROR if code else logging.INFO, "exit %d: %s", code, " ".join(why.split()))
    for handler in logging.getLogger().handlers:
        with suppress(OSError, ValueError):
            handler.flush()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or none at all
            stream.flush()
