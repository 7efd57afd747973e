"""Keeps what C libraries write to descriptor 2 out of the journal."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_one_at_a_time = threading.Lock()
_Handler = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)
_say_nothing = _Handler(lambda *_: None)  # kept: libasound calls it for as long as the process lives


def hush_alsa() -> None:
    """Every underrun, and all that is missing in its configuration, is told by libasound; not any more."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_say_nothing)


@contextmanager
def stderr_shut() -> Iterator[None]:
    """Nothing that is written to descriptor 2 arrives, for as long as a call takes."""
    with _one_at_a_time:
        sys.stderr.flush()
        kept = os.dup(2)
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(null)
