"""Keeps what C libraries write to file descriptor 2 out of the journal.

When a sound server disappears, a thread of PortAudio writes hundreds of lines a second. The journal then drops all
further lines of the unit, including edged's own. libasound reports every underrun.
"""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_apart = False
_lock = threading.Lock()
_silencing, _kept = 0, -1  # blocks of `silenced` that run, and what descriptor 2 was before the first of them
_Handler = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)
_ignore = _Handler(lambda *_: None)  # kept: libasound may call it as long as the process lives


def keep_apart() -> int:
    """Give `sys.stderr` its own descriptor, a copy of 2 as it is now. Call it at the start, before logging begins.

    Returns that descriptor. Returns 2 if the caller's environment has replaced `sys.stderr`.
    """
    global _apart  # noqa: PLW0603 the process has one descriptor 2
    try:
        if sys.stderr.fileno() != 2:
            return 2
        sys.stderr.flush()
        own = os.dup(2)
        sys.stderr = os.fdopen(own, "w", buffering=1, errors="backslashreplace")
    except (AttributeError, OSError, ValueError):  # there is no stderr, or it is closed
        return 2
    _apart = True
    return own


def silence() -> None:
    """Discard everything that any thread writes to descriptor 2. Has an effect only after `keep_apart`."""
    if _apart:
        _to_nowhere()


def silence_alsa() -> None:
    """Stop the error reports of libasound."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_ignore)


@contextmanager
def silenced() -> Iterator[None]:
    """Discard everything that is written to descriptor 2 while the block runs.

    Several blocks may run at once, on any threads. So a call that hangs in one of them delays no other.
    """
    global _silencing, _kept  # noqa: PLW0603 the process has one descriptor 2
    with _lock:
        if not _silencing:
            sys.stderr.flush()
            _kept = os.dup(2)
            _to_nowhere()
        _silencing += 1
    try:
        yield
    finally:
        with _lock:
            _silencing -= 1
            if not _silencing:
                os.dup2(_kept, 2)
                os.close(_kept)


def _to_nowhere() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
