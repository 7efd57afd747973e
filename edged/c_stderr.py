"""What C libraries write to descriptor 2, and how it is kept out of the journal.

PortAudio writes hundreds of lines a second about a sound server that has gone, from a thread of its own; the journal
then takes nothing more from the unit, edged's own lines included. libasound reports every underrun.
"""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_apart = False
_one_at_a_time = threading.Lock()
_Handler = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)
_ignore = _Handler(lambda *_: None)  # kept: libasound calls it for as long as the process lives


def keep_apart() -> int:
    """From now on `sys.stderr` goes by a descriptor of its own to where 2 goes now; at the start, before the log.

    Returns that descriptor, or 2 where whoever runs this has its own way with `sys.stderr`.
    """
    global _apart  # noqa: PLW0603 the process has one descriptor 2
    try:
        if sys.stderr.fileno() != 2:
            return 2
        sys.stderr.flush()
        own = os.dup(2)
        sys.stderr = os.fdopen(own, "w", buffering=1, errors="backslashreplace")
    except (AttributeError, OSError, ValueError):  # there is none, or it is shut
        return 2
    _apart = True
    return own


def silence() -> None:
    """Nothing that is written to descriptor 2 arrives any more, whatever thread does it; only after `keep_apart`."""
    if _apart:
        _to_nowhere()


def silence_alsa() -> None:
    """Libasound reports nothing any more."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_ignore)


@contextmanager
def silenced() -> Iterator[None]:
    """Nothing that is written to descriptor 2 arrives, for as long as a call takes."""
    with _one_at_a_time:
        sys.stderr.flush()
        kept = os.dup(2)
        try:
            _to_nowhere()
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _to_nowhere() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
