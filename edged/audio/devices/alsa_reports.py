"""What libasound itself says about a failure. Its error numbers say little; its reports name a file, a line, a library.

libasound passes a report to a function of this process, as a format and its arguments, and discards it otherwise
(`c_stderr.py`). Only the reports of the calling thread are kept.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_char_p, c_int, c_size_t, c_void_p
from threading import Lock

from edged.audio.devices.libasound import library
from edged.c_stderr import silence_alsa

# file, line and function of libasound, the error number, the format and its arguments as a va_list. On the processors
# that edged runs on, a va_list is passed as an address.
_Report = ctypes.CFUNCTYPE(None, c_char_p, c_int, c_char_p, c_int, c_char_p, c_void_p)
_LONGEST = 500
_MOST = 50
_one_at_a_time = Lock()


@contextmanager
def reports() -> Iterator[list[str]]:
    """Collect what libasound reports within the block, in order. Empty if it cannot be asked for that."""
    found: list[str] = []
    text = ctypes.create_string_buffer(_LONGEST)
    write = ctypes.CDLL(None).vsnprintf
    write.argtypes = (c_char_p, c_size_t, c_char_p, c_void_p)

    def note(_file: bytes, _line: int, _function: bytes, number: int, form: bytes, arguments: int) -> None:
        if len(found) < _MOST:
            write(text, _LONGEST, form, arguments)
            words = text.value.decode(errors="replace").strip()
            found.append(f"{words}: {os.strerror(number)}" if number else words)

    lib, noting = library(), _Report(note)
    set_local = getattr(lib, "snd_lib_error_set_local", None)
    if set_local is None:
        yield found
        return
    set_local.argtypes, set_local.restype = (c_void_p,), c_void_p
    with _one_at_a_time:
        set_local(ctypes.cast(noting, c_void_p))
        lib.snd_lib_error_set_handler(None)  # libasound's own function, which asks for that of the thread
        try:
            yield found
        finally:
            silence_alsa()
            set_local(None)
