"""libasound, the system's sound library, through ctypes: loaded once, with typed functions and our errors.

It needs no package except the library itself (Debian's libasound2). Every call releases Python's lock while it runs.
Return values below zero are -errno; `failure` turns them into a `DeviceError` that says what they mean.
"""

import ctypes
import errno
import os
import re
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from functools import cache
from typing import Any

from edged.audio.devices.errnos import ENOTSUPP, OWN_WORDS, Stage, at_server, meaning
from edged.audio.devices.present import has_node, holder
from edged.c_stderr import silence_alsa
from edged.errors import DeviceError

PLAYBACK, CAPTURE = 0, 1
NONBLOCK = 1
RW_INTERLEAVED = 3
PREPARED, DISCONNECTED = 2, 8
FORMATS = {"s16": 2, "s32": 10, "s24": 6, "s24in3": 32, "float": 14}
"""The snd_pcm_format_t of each format that samples.py can read, all little endian."""

UNFIT = frozenset({errno.EINVAL, errno.ENXIO, errno.ERANGE, errno.ENOTSUP, ENOTSUPP})
"""What a driver answers to a layout that it cannot use."""
GONE = frozenset({errno.ENODEV, errno.ESHUTDOWN, errno.EBADFD, errno.ENOTTY})
"""What is answered by a card that was unplugged: no other layout can work."""

_CARD = re.compile(r"CARD=([^,]+)")

_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "open": (POINTER(c_void_p), c_char_p, c_int, c_int),
    "open_lconf": (POINTER(c_void_p), c_char_p, c_int, c_int, c_void_p),
    "close": (c_void_p,),
    "prepare": (c_void_p,),
    "start": (c_void_p,),
    "drop": (c_void_p,),
    "resume": (c_void_p,),
    "state": (c_void_p,),
    "wait": (c_void_p, c_int),
    "delay": (c_void_p, POINTER(c_long)),
    "hw_params": (c_void_p, c_void_p),
    "hw_params_malloc": (POINTER(c_void_p),),
    "hw_params_any": (c_void_p, c_void_p),
    "hw_params_set_rate_resample": (c_void_p, c_void_p, c_uint),
    "hw_params_set_access": (c_void_p, c_void_p, c_int),
    "hw_params_set_format": (c_void_p, c_void_p, c_int),
    "hw_params_set_channels": (c_void_p, c_void_p, c_uint),
    "hw_params_set_rate": (c_void_p, c_void_p, c_uint, c_int),
    "hw_params_set_period_time_near": (c_void_p, c_void_p, POINTER(c_uint), POINTER(c_int)),
    "hw_params_set_buffer_time_near": (c_void_p, c_void_p, POINTER(c_uint), POINTER(c_int)),
    "hw_params_test_format": (c_void_p, c_void_p, c_int),
    "hw_params_test_channels": (c_void_p, c_void_p, c_uint),
    "hw_params_test_rate": (c_void_p, c_void_p, c_uint, c_int),
    "hw_params_get_channels_max": (c_void_p, POINTER(c_uint)),
    "hw_params_get_period_size": (c_void_p, POINTER(c_ulong), POINTER(c_int)),
    "hw_params_get_buffer_size": (c_void_p, POINTER(c_ulong)),
    "sw_params": (c_void_p, c_void_p),
    "sw_params_malloc": (POINTER(c_void_p),),
    "sw_params_current": (c_void_p, c_void_p),
    "sw_params_set_start_threshold": (c_void_p, c_void_p, c_ulong),
    "sw_params_set_stop_threshold": (c_void_p, c_void_p, c_ulong),
    "sw_params_set_avail_min": (c_void_p, c_void_p, c_ulong),
    "sw_params_set_silence_threshold": (c_void_p, c_void_p, c_ulong),
    "sw_params_set_silence_size": (c_void_p, c_void_p, c_ulong),
    "sw_params_get_boundary": (c_void_p, POINTER(c_ulong)),
    "info": (c_void_p, c_void_p),
    "info_malloc": (POINTER(c_void_p),),
    "info_get_card": (c_void_p,),
}
_COUNTS: dict[str, tuple[Any, ...]] = {  # functions that return a number of frames
    "avail": (c_void_p,),
    "avail_update": (c_void_p,),
    "readi": (c_void_p, c_void_p, c_ulong),
    "writei": (c_void_p, c_char_p, c_ulong),
    "rewindable": (c_void_p,),
    "rewind": (c_void_p, c_ulong),
}
_CONFIGURATION: dict[str, tuple[Any, ...]] = {
    "config_update": (),
    "config_top": (POINTER(c_void_p),),
    "config_load": (c_void_p, c_void_p),
    "config_delete": (c_void_p,),
    "config_search": (c_void_p, c_char_p, POINTER(c_void_p)),
    "config_search_definition": (c_void_p, c_char_p, c_char_p, POINTER(c_void_p)),
    "config_get_string": (c_void_p, POINTER(c_char_p)),
    "config_get_integer": (c_void_p, POINTER(c_long)),
    "input_stdio_open": (POINTER(c_void_p), c_char_p, c_char_p),
    "input_close": (c_void_p,),
    "lib_error_set_handler": (c_void_p,),
}


@cache
def library() -> Any:
    """libasound, ready to be called; it writes nothing to descriptor 2. Raises OSError where it is not installed."""
    found = ctypes.CDLL("libasound.so.2")
    for functions, result in ((_FUNCTIONS, c_int), (_COUNTS, c_long)):
        for name, arguments in functions.items():
            function = getattr(found, f"snd_pcm_{name}")
            function.argtypes, function.restype = arguments, result
    for name in ("hw_params_free", "sw_params_free", "info_free"):
        function = getattr(found, f"snd_pcm_{name}")
        function.argtypes, function.restype = (c_void_p,), None
    for name, arguments in _CONFIGURATION.items():
        getattr(found, f"snd_{name}").argtypes = arguments
    found.snd_strerror.argtypes, found.snd_strerror.restype = (c_int,), c_char_p
    found.snd_config_topdir.argtypes, found.snd_config_topdir.restype = (), c_char_p
    silence_alsa()
    return found


def said(code: int) -> str:
    """The meaning of a negative result, in the library's words."""
    if words := OWN_WORDS.get(-code):
        return f"{words} ({code})"
    return str(library().snd_strerror(code).decode(errors="replace"))


def failure(
    what: str, device: str, code: int, stage: Stage = Stage.OPEN, *, server: str = "", why: str = ""
) -> DeviceError:
    """The error for a negative result. `what` is microphone or speaker, `device` its name.

    `server`: the sound server that the device belongs to. `why`: the reason, if more is known than the number.
    """
    card = _CARD.search(device)
    is_nowhere = stage is Stage.OPEN and card is not None and has_node(card[1]) is False
    if server:
        cause, advice = at_server(-code, server)
    else:
        cause, advice = meaning(-code, what, stage, of_card=card is not None, no_node=is_nowhere)
    advice = why or advice
    if cause == "device_busy" and (by := holder(what, device)):
        advice = f"{by} is using it"
    return DeviceError(f"{what} {device!r} {stage.value}: {said(code)}{advice and f': {advice}'}", cause)


class Room:
    """Memory that the library allocates (hw_params, sw_params, info), freed on leaving."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._at = c_void_p()

    def __enter__(self) -> c_void_p:
        if getattr(library(), f"snd_pcm_{self._kind}_malloc")(byref(self._at)) < 0:
            raise MemoryError
        return self._at

    def __exit__(self, *_: object) -> None:
        getattr(library(), f"snd_pcm_{self._kind}_free")(self._at)


def read_uint(call: Callable[..., int], *arguments: Any) -> int:
    """The number that `call` writes to its last argument."""
    found = c_uint()
    call(*arguments, byref(found))
    return found.value


def here() -> bool:
    """Whether the library can be loaded."""
    try:
        library()
    except (OSError, AttributeError):
        return False
    return os.name == "posix"
