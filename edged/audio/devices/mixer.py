"""A card's own levels, by the names that `amixer scontrols` lists: libasound's simple mixer, through ctypes.

The mixer is opened for each change and closed again, because cards come and go. Which card is meant is the caller's
business: it is the one of the device that is open (`OpenDevice.control`).

- The volume of a speaker: a control with a scale in dB is set as people hear it: 100 is its maximum, and ten dB less
  sound half as loud. A control without such a scale is set by its own steps.
- The gain of a microphone is in dB, so its control needs a scale in dB.

Calls may block.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_void_p
from functools import cache
from math import log2
from typing import Any, NamedTuple

from edged.audio.devices import libasound
from edged.audio.dsp.volume import LOUDEST, TWICE_DB
from edged.errors import DeviceError

_WAYS = {"speaker": "playback", "microphone": "capture"}
_RANGE = (c_void_p, POINTER(c_long), POINTER(c_long))
_CALLS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "mixer_open": (c_int, (POINTER(c_void_p), c_int)),
    "mixer_attach": (c_int, (c_void_p, c_char_p)),
    "mixer_selem_register": (c_int, (c_void_p, c_void_p, c_void_p)),
    "mixer_load": (c_int, (c_void_p,)),
    "mixer_close": (c_int, (c_void_p,)),
    "mixer_first_elem": (c_void_p, (c_void_p,)),
    "mixer_elem_next": (c_void_p, (c_void_p,)),
    "mixer_selem_get_name": (c_char_p, (c_void_p,)),
    "mixer_selem_get_index": (c_uint, (c_void_p,)),
}
for _way in _WAYS.values():
    _CALLS |= {
        f"mixer_selem_has_{_way}_volume": (c_int, (c_void_p,)),
        f"mixer_selem_has_{_way}_switch": (c_int, (c_void_p,)),
        f"mixer_selem_get_{_way}_dB_range": (c_int, _RANGE),
        f"mixer_selem_set_{_way}_dB_all": (c_int, (c_void_p, c_long, c_int)),
        f"mixer_selem_get_{_way}_volume_range": (c_int, _RANGE),
        f"mixer_selem_set_{_way}_volume_all": (c_int, (c_void_p, c_long)),
        f"mixer_selem_set_{_way}_switch_all": (c_int, (c_void_p, c_int)),
    }
# Below this level, a control with a scale in dB is practically silent.
LOWEST_DB = -50.0


class Mixer:
    """The control `name` for the volume of a speaker."""

    what, part = "speaker", "volume"

    def __init__(self, name: str) -> None:
        self._name = name

    def set(self, volume: int, card: str) -> None:
        """Set the volume, 0 .. 100, and unmute. Raises DeviceError (mixer_lost) naming the controls found.

        `card`: ALSA's name for its mixer.
        """
        with self._control(card) as control:
            scale = control.scale_db()
            if scale is None:
                low, high = control.steps()
                control.do("set", "volume_all", low + (high - low) * volume // LOUDEST)
            else:
                control.do("set", "dB_all", round(_level_db(volume, *scale) * 100), 0)
            control.switch(is_on=volume > 0)

    def check(self, card: str) -> None:
        """Change nothing. Raises DeviceError (mixer_lost) if the card has no such control."""
        with self._control(card):
            pass

    @contextmanager
    def _control(self, card: str) -> Iterator["_Control"]:
        if not card:
            raise DeviceError("the device that is open has no mixer", "mixer_lost")
        try:
            lib = _library()
        except OSError as error:
            raise DeviceError(
                "libasound is not installed: apt-get install libasound2", "mixer_lost"
            ) from error
        mixer, way = c_void_p(), _WAYS[self.what]
        _check(lib.snd_mixer_open(byref(mixer), 0), card)
        try:
            _check(lib.snd_mixer_attach(mixer, card.encode()), card)
            _check(lib.snd_mixer_selem_register(mixer, None, None), card)
            _check(lib.snd_mixer_load(mixer), card)
            controls = _controls(lib, mixer, way, self.part)
            if self._name not in controls:
                known = ", ".join(map(repr, controls)) or f"none for {way} with a {self.part}"
                raise DeviceError(f"{card} has no control {self._name!r}; it has {known}", "mixer_lost")
            yield _Control(lib, controls[self._name], way, card)
        finally:
            lib.snd_mixer_close(mixer)


class CaptureMixer(Mixer):
    """The control `name` for the gain of a microphone."""

    what = "microphone"

    def set_gain(self, gain_db: float, card: str) -> float:
        """Set the control to `gain_db`, or to the end of its scale, and unmute. Returns the gain that it cannot give.

        The nearest step of the control counts as the gain itself. `card`: ALSA's name for its mixer.

        Raises:
            DeviceError: (mixer_lost) there is no such control, or it has no scale in dB.
        """
        with self._control(card) as control:
            scale = control.scale_db()
            if scale is None:
                raise DeviceError(f"{self._name!r} has no scale in dB", "mixer_lost")
            given = max(scale[0], min(scale[1], gain_db))
            control.do("set", "dB_all", round(given * 100), 0)
            control.switch(is_on=True)
        return gain_db - given


class SwitchMixer(Mixer):
    """The control `name` that switches a way out of the card on and off."""

    part = "switch"

    def set_switch(self, is_on: bool, card: str) -> None:  # noqa: FBT001 a switch
        """Switch it. Raises DeviceError (mixer_lost). `card`: ALSA's name for its mixer."""
        with self._control(card) as control:
            control.switch(is_on=is_on)


class _Control(NamedTuple):
    """One control of an open mixer. Its methods raise DeviceError."""

    lib: Any
    element: c_void_p
    way: str
    card: str

    def do(self, verb: str, what: str, *arguments: Any) -> int:
        code: int = self._call(verb, what)(self.element, *arguments)
        _check(code, self.card)
        return code

    def scale_db(self) -> tuple[float, float] | None:
        """The lowest and the highest level in dB; None: it has no scale in dB."""
        low, high = c_long(), c_long()
        known = self._call("get", "dB_range")(self.element, byref(low), byref(high)) >= 0
        return (low.value / 100, high.value / 100) if known and low.value < high.value else None

    def steps(self) -> tuple[int, int]:
        low, high = c_long(), c_long()
        self.do("get", "volume_range", byref(low), byref(high))
        return low.value, high.value

    def switch(self, *, is_on: bool) -> None:
        if self._call("has", "switch")(self.element):
            self.do("set", "switch_all", int(is_on))

    def _call(self, verb: str, what: str) -> Any:
        return getattr(self.lib, f"snd_mixer_selem_{verb}_{self.way}_{what}")


@cache
def _library() -> Any:
    lib = libasound.library()
    for name, (result, arguments) in _CALLS.items():
        function = getattr(lib, f"snd_{name}")
        function.argtypes, function.restype = arguments, result
    return lib


def _controls(lib: Any, mixer: c_void_p, way: str, part: str) -> dict[str, c_void_p]:
    """The controls with a volume, or a switch, for `way`, by name. The second one of a name is "Name,1"."""
    has_part = getattr(lib, f"snd_mixer_selem_has_{way}_{part}")
    found, element = {}, lib.snd_mixer_first_elem(mixer)
    while element:
        if has_part(element):
            name = lib.snd_mixer_selem_get_name(element).decode(errors="replace")
            index = lib.snd_mixer_selem_get_index(element)
            found[f"{name},{index}" if index else name] = element
        element = lib.snd_mixer_elem_next(element)
    return found


def _level_db(volume: int, low: float, high: float) -> float:
    """Return the level in dB. 100 is the control's maximum; each halving of the number is ten dB less."""
    if not volume:
        return low
    return max(low, high + max(LOWEST_DB, TWICE_DB * log2(volume / LOUDEST)))


def _check(code: int, card: str) -> None:
    if code < 0:
        raise DeviceError(f"the mixer of {card!r}: {libasound.said(code)}", "mixer_lost")
