"""The headphone sockets of all cards: whether something is plugged in, read from ALSA's controls through ctypes.

A driver that notices plugs has a control "… Jack" on the card itself (iface CARD), true while something is plugged in.
`CardJacks` reads them all, and says which descriptors become readable when one of them changes.

Rules:
1. Only sockets for headphones count: not those of microphones, lines, HDMI, nor those that are always "in" (Phantom).
2. A control that is not a boolean, or cannot be read, does not count.
3. A card that was unplugged has no sockets.

Calls may block. Use one thread at a time.
"""

import errno
import os
import re
from collections.abc import Iterator
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_short, c_uint, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

from edged.audio.devices import libasound

_IFACE_CARD, _BOOLEAN = 0, 1
_READONLY, _NONBLOCK = 4, 1
_HEADSET = re.compile(r"\b(headphones?|headset|earphones?)\b.*\bjack$", re.IGNORECASE)
_OTHER = re.compile(r"\b(phantom|hdmi)\b", re.IGNORECASE)
_CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "open": (c_int, (POINTER(c_void_p), c_char_p, c_int)),
    "close": (c_int, (c_void_p,)),
    "subscribe_events": (c_int, (c_void_p, c_int)),
    "poll_descriptors": (c_int, (c_void_p, c_void_p, c_uint)),
    "read": (c_int, (c_void_p, c_void_p)),
    "event_malloc": (c_int, (POINTER(c_void_p),)),
    "event_free": (None, (c_void_p,)),
    "elem_list": (c_int, (c_void_p, c_void_p)),
    "elem_list_malloc": (c_int, (POINTER(c_void_p),)),
    "elem_list_free": (None, (c_void_p,)),
    "elem_list_alloc_space": (c_int, (c_void_p, c_uint)),
    "elem_list_free_space": (None, (c_void_p,)),
    "elem_list_get_count": (c_uint, (c_void_p,)),
    "elem_list_get_used": (c_uint, (c_void_p,)),
    "elem_list_get_name": (c_char_p, (c_void_p, c_uint)),
    "elem_list_get_interface": (c_int, (c_void_p, c_uint)),
    "elem_list_get_numid": (c_uint, (c_void_p, c_uint)),
    "elem_info": (c_int, (c_void_p, c_void_p)),
    "elem_info_malloc": (c_int, (POINTER(c_void_p),)),
    "elem_info_free": (None, (c_void_p,)),
    "elem_info_set_numid": (None, (c_void_p, c_uint)),
    "elem_info_get_type": (c_int, (c_void_p,)),
    "elem_value_malloc": (c_int, (POINTER(c_void_p),)),
    "elem_value_free": (None, (c_void_p,)),
    "elem_value_set_numid": (None, (c_void_p, c_uint)),
    "elem_read": (c_int, (c_void_p, c_void_p)),
    "elem_value_get_boolean": (c_int, (c_void_p, c_uint)),
}


class _PollFd(Structure):
    _fields_ = [("fd", c_int), ("events", c_short), ("revents", c_short)]


def is_headset(name: str) -> bool:
    """Whether the control of this name is a socket for headphones."""
    return bool(_HEADSET.search(name)) and not _OTHER.search(name)


class CardJacks:
    """The sockets of the cards that were there at the last `look`."""

    def __init__(self, nodes: Path = Path("/dev/snd")) -> None:
        self._nodes = nodes
        self._cards: dict[int, c_void_p] = {}

    def look(self) -> dict[str, bool]:
        """Open cards that are new, forget those that are gone, and return each socket by its card and name.

        Empty if libasound is not installed.
        """
        try:
            lib = _library()
        except (OSError, AttributeError):
            return {}
        there = {int(path.name[8:]) for path in self._nodes.glob("controlC*") if path.name[8:].isdecimal()}
        for card in self._cards.keys() - there:
            self._close(card)
        for card in there - self._cards.keys():
            self._open(lib, card)
        found: dict[str, bool] = {}
        for card, control in list(self._cards.items()):
            try:
                _forget_events(lib, control)
                found |= {f"hw:{card} {name}": is_in for name, is_in in _sockets(lib, control)}
            except OSError:
                self._close(card)  # it was unplugged
        return found

    def descriptors(self) -> list[int]:
        """The descriptors to wait for: one is readable when something has changed, or its card has gone."""
        found = []
        for control in self._cards.values():
            polled = _PollFd()
            if _library().snd_ctl_poll_descriptors(control, byref(polled), 1) == 1:
                found.append(polled.fd)
        return found

    def close(self) -> None:
        for card in list(self._cards):
            self._close(card)

    def _open(self, lib: Any, card: int) -> None:
        control = c_void_p()
        if lib.snd_ctl_open(byref(control), f"hw:{card}".encode(), _READONLY | _NONBLOCK) < 0:
            return  # it is being unplugged, or not allowed
        self._cards[card] = control
        if lib.snd_ctl_subscribe_events(control, 1) < 0:
            self._close(card)

    def _close(self, card: int) -> None:
        _library().snd_ctl_close(self._cards.pop(card))


def _forget_events(lib: Any, control: c_void_p) -> None:
    """Read the events that have come, because everything is read again anyway. Raises OSError if the card has gone."""
    event = c_void_p()
    _checked(lib.snd_ctl_event_malloc(byref(event)))
    try:
        while (code := lib.snd_ctl_read(control, event)) > 0:
            pass
    finally:
        lib.snd_ctl_event_free(event)
    if code < 0 and code != -errno.EAGAIN:  # there are no more
        _checked(code)


def _sockets(lib: Any, control: c_void_p) -> Iterator[tuple[str, bool]]:
    """The sockets for headphones of one card. Raises OSError if the card has gone."""
    listed = c_void_p()
    _checked(lib.snd_ctl_elem_list_malloc(byref(listed)))
    try:
        _checked(lib.snd_ctl_elem_list(control, listed))
        _checked(lib.snd_ctl_elem_list_alloc_space(listed, lib.snd_ctl_elem_list_get_count(listed)))
        _checked(lib.snd_ctl_elem_list(control, listed))
        for at in range(lib.snd_ctl_elem_list_get_used(listed)):
            name = lib.snd_ctl_elem_list_get_name(listed, at).decode(errors="replace")
            if lib.snd_ctl_elem_list_get_interface(listed, at) == _IFACE_CARD and is_headset(name):
                is_in = _read(lib, control, lib.snd_ctl_elem_list_get_numid(listed, at))
                if is_in is not None:
                    yield name, is_in
        lib.snd_ctl_elem_list_free_space(listed)
    finally:
        lib.snd_ctl_elem_list_free(listed)


def _read(lib: Any, control: c_void_p, numid: int) -> bool | None:
    """The value of a boolean; None: it is none, or cannot be read."""
    info, value = c_void_p(), c_void_p()
    _checked(lib.snd_ctl_elem_info_malloc(byref(info)))
    try:
        lib.snd_ctl_elem_info_set_numid(info, numid)
        if lib.snd_ctl_elem_info(control, info) < 0 or lib.snd_ctl_elem_info_get_type(info) != _BOOLEAN:
            return None
    finally:
        lib.snd_ctl_elem_info_free(info)
    _checked(lib.snd_ctl_elem_value_malloc(byref(value)))
    try:
        lib.snd_ctl_elem_value_set_numid(value, numid)
        if lib.snd_ctl_elem_read(control, value) < 0:
            return None
        return bool(lib.snd_ctl_elem_value_get_boolean(value, 0))
    finally:
        lib.snd_ctl_elem_value_free(value)


@cache
def _library() -> Any:
    lib = libasound.library()
    for name, (result, arguments) in _CALLS.items():
        function = getattr(lib, f"snd_ctl_{name}")
        function.argtypes, function.restype = arguments, result
    return lib


def _checked(code: int) -> None:
    if code < 0:
        raise OSError(-code, os.strerror(-code))
