"""A headset on the card: a socket and a switch for the speaker, which the kernel keeps for any program that adds them.

edged sees the same elements and the same events as those of a codec. Only the switch switches nothing: so the recording
shows what the room would hear once the switch is on again.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from ctypes import byref, c_char_p, c_int, c_uint, c_void_p
from pathlib import Path
from typing import Any

import numpy as np

from edged.audio.devices import libasound
from instruments.bench.card.figures import Figures, spread
from instruments.bench.card.loop import Recording, playing
from instruments.bench.card.ruler import PER_MS, ruler
from instruments.bench.card.subjects import Edged, service

CARD, MIXER = 0, 2  # interfaces of elements
WITHIN_S = 5.0


def _library() -> Any:
    lib = libasound.library()
    for name, arguments in {
        "open": (c_void_p, c_char_p, c_int),
        "close": (c_void_p,),
        "elem_id_malloc": (c_void_p,),
        "elem_add_boolean": (c_void_p, c_void_p, c_uint),
        "elem_remove": (c_void_p, c_void_p),
        "elem_unlock": (c_void_p, c_void_p),
        "elem_value_malloc": (c_void_p,),
        "elem_read": (c_void_p, c_void_p),
        "elem_write": (c_void_p, c_void_p),
        "elem_value_get_boolean": (c_void_p, c_uint),
    }.items():
        getattr(lib, f"snd_ctl_{name}").argtypes = arguments
    lib.snd_ctl_elem_id_set_interface.argtypes = (c_void_p, c_int)
    lib.snd_ctl_elem_id_set_name.argtypes = (c_void_p, c_char_p)
    lib.snd_ctl_elem_value_set_id.argtypes = (c_void_p, c_void_p)
    lib.snd_ctl_elem_value_set_boolean.argtypes = (c_void_p, c_uint, c_int)
    return lib


class Element:
    """A boolean on the card, as long as the context lasts."""

    def __init__(self, name: str, interface: int, *, value: bool) -> None:
        self._lib, self._control = _library(), c_void_p()
        self._id, self._value = c_void_p(), c_void_p()
        self._made(self._lib.snd_ctl_open(byref(self._control), b"hw:0", 0))
        self._made(self._lib.snd_ctl_elem_id_malloc(byref(self._id)))
        self._made(self._lib.snd_ctl_elem_value_malloc(byref(self._value)))
        self._lib.snd_ctl_elem_id_set_interface(self._id, interface)
        self._lib.snd_ctl_elem_id_set_name(self._id, name.encode())
        self._made(self._lib.snd_ctl_elem_add_boolean(self._control, self._id, 1))
        # The program that adds an element holds it until it lets others write, too.
        self._made(self._lib.snd_ctl_elem_unlock(self._control, self._id))
        self._lib.snd_ctl_elem_value_set_id(self._value, self._id)
        self.set(value)

    def __enter__(self) -> "Element":
        return self

    def __exit__(self, *_: object) -> None:
        self._lib.snd_ctl_elem_remove(self._control, self._id)
        self._lib.snd_ctl_close(self._control)

    def set(self, value: bool) -> None:
        self._lib.snd_ctl_elem_value_set_boolean(self._value, 0, int(value))
        self._made(self._lib.snd_ctl_elem_write(self._control, self._value))

    @property
    def is_on(self) -> bool:
        self._made(self._lib.snd_ctl_elem_read(self._control, self._value))
        return bool(self._lib.snd_ctl_elem_value_get_boolean(self._value, 0))

    @staticmethod
    def _made(code: int) -> None:
        if code < 0:
            raise OSError(-code, os.strerror(-code))


@contextlib.contextmanager
def wanted(how: str) -> Iterator[None]:
    """What is started in this context has this setting."""
    os.environ["EDGED_SPEAKER__HEADSET"] = how
    try:
        yield
    finally:
        del os.environ["EDGED_SPEAKER__HEADSET"]


def _until(switch: Element, *, is_on: bool) -> float:
    """The milliseconds until the switch is so; infinite if it never is."""
    at = time.monotonic()
    while switch.is_on is not is_on:
        if time.monotonic() > at + WITHIN_S:
            return float("inf")
        time.sleep(0.001)
    return (time.monotonic() - at) * 1e3


def headset(place: Path, *, backend: str, times: int = 4) -> Figures:
    """A headset is plugged in, an answer begins, and the headset is plugged out: again and again."""
    (place / "mic.raw").write_bytes(ruler(60_000))
    off, on, leaked, sounded, states = [], [], [], 0, set()
    with (
        Element("Headphone Jack", CARD, value=False) as jack,
        Element("Speaker Playback Switch", MIXER, value=True) as switch,
        wanted("mute_speaker"),
        service(place, answer_ms=6000),
        playing(place / "mic.raw"),
        Recording(place / "speaker.raw") as recording,
        Edged(place, backend=backend) as edged,
    ):
        for _ in range(times):
            jack.set(True)
            off.append(_until(switch, is_on=False))
            states.add(edged.state()["headset"])
            edged.press()
            time.sleep(0.5)
            edged.release()
            time.sleep(1.5)
            sounded += bool(np.any(recording.sound()[-300 * PER_MS :]))
            jack.set(False)
            on.append(_until(switch, is_on=True))
            is_on_at = round((time.monotonic() - recording.since) * 1e3) * PER_MS
            time.sleep(1.5)
            leaked.append(np.count_nonzero(recording.sound()[is_on_at:]) / PER_MS)
            states.add(edged.state()["headset"])
        log = edged.log.read_text()
    return {
        "plugs": times,
        "answers_begun": sounded,
        "off_ms": spread(off),
        "on_ms": spread(on),
        "after_the_switch_ms": spread(leaked),
        "states": sorted(states),
        "plugged_out_lines": log.count("headset: plugged out"),
    }


def socket_alone(place: Path, *, backend: str) -> Figures:
    """The card has a socket, but no switch for the speaker."""
    with (
        Element("Headphone Jack", CARD, value=False) as jack,
        wanted("mute_speaker"),
        service(place, answer_ms=300),
        Edged(place, backend=backend) as edged,
    ):
        jack.set(True)
        time.sleep(1.0)
        state = edged.state()
    return {"headset": state["headset"], "troubles": [each["text"] for each in state["troubles"]]}
