"""A card's own volume, by the name that `amixer scontrols` lists: libasound's simple mixer, through ctypes.

The mixer is opened for each change and closed again, because cards come and go. A control with a scale in
dB is set as people hear it: 100 is its maximum, and ten dB less sound half as loud. A control without such
a scale is set by its own steps. Calls may block.
"""

from collections.abc import Sequence
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_void_p
from functools import cache
from math import log2
from typing import Any

from edged.audio.devices import libasound
from edged.audio.devices.alsa_open import found_names
from edged.audio.devices.present import cards
from edged.audio.dsp.volume import LOUDEST, TWICE_DB
from edged.errors import DeviceError

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
    "mixer_selem_has_playback_volume": (c_int, (c_void_p,)),
    "mixer_selem_has_playback_switch": (c_int, (c_void_p,)),
    "mixer_selem_get_playback_dB_range": (c_int, (c_void_p, POINTER(c_long), POINTER(c_long))),
    "mixer_selem_set_playback_dB_all": (c_int, (c_void_p, c_long, c_int)),
    "mixer_selem_get_playback_volume_range": (c_int, (c_void_p, POINTER(c_long), POINTER(c_long))),
    "mixer_selem_set_playback_volume_all": (c_int, (c_void_p, c_long)),
    "mixer_selem_set_playback_switch_all": (c_int, (c_void_p, c_int)),
}
# Below this level, a control with a scale in dB is practically silent.
LOWEST_DB = -50.0


class Mixer:
    """The control `name` of the card that the speaker's `devices` are found on."""

    def __init__(self, name: str, devices: Sequence[str], beside: Sequence[str] = ()) -> None:
        """`beside`: the names of the microphone, whose card is the best default."""
        self._name, self._devices, self._beside = name, devices, beside

    def set(self, volume: int) -> None:
        """Set the volume, 0 .. 100, and unmute. Raises DeviceError (mixer_lost) naming the controls found."""
        try:
            lib = _library()
        except OSError as error:
            raise DeviceError(
                "libasound is not installed: apt-get install libasound2", "mixer_lost"
            ) from error
        card, mixer = self._card(), c_void_p()
        _check(lib.snd_mixer_open(byref(mixer), 0), card)
        try:
            _check(lib.snd_mixer_attach(mixer, card.encode()), card)
            _check(lib.snd_mixer_selem_register(mixer, None, None), card)
            _check(lib.snd_mixer_load(mixer), card)
            controls = _controls(lib, mixer)
            if self._name not in controls:
                known = ", ".join(map(repr, controls)) or "none for playback"
                raise DeviceError(f"{card} has no control {self._name!r}; it has {known}", "mixer_lost")
            _set(lib, controls[self._name], volume, card)
        finally:
            lib.snd_mixer_close(mixer)

    def _card(self) -> str:
        """The name of the speaker's mixer."""
        try:
            device = found_names("speaker", self._devices, cards(), self._beside)[0]
        except DeviceError as error:
            raise DeviceError(str(error), "mixer_lost") from error
        _, named, rest = device.partition("CARD=")
        return f"hw:CARD={rest.split(',')[0]}" if named else device


@cache
def _library() -> Any:
    lib = libasound.library()
    for name, (result, arguments) in _CALLS.items():
        function = getattr(lib, f"snd_{name}")
        function.argtypes, function.restype = arguments, result
    return lib


def _controls(lib: Any, mixer: c_void_p) -> dict[str, c_void_p]:
    """The controls of a playback volume, by name. The second one of a name is "Name,1"."""
    found, element = {}, lib.snd_mixer_first_elem(mixer)
    while element:
        if lib.snd_mixer_selem_has_playback_volume(element):
            name = lib.snd_mixer_selem_get_name(element).decode(errors="replace")
            index = lib.snd_mixer_selem_get_index(element)
            found[f"{name},{index}" if index else name] = element
        element = lib.snd_mixer_elem_next(element)
    return found


def _set(lib: Any, element: c_void_p, volume: int, card: str) -> None:
    low, high = c_long(), c_long()
    scaled = lib.snd_mixer_selem_get_playback_dB_range(element, byref(low), byref(high)) >= 0
    if scaled and low.value < high.value:
        level = _level_db(volume, low.value / 100, high.value / 100)
        _check(lib.snd_mixer_selem_set_playback_dB_all(element, round(level * 100), 0), card)
    else:
        _check(lib.snd_mixer_selem_get_playback_volume_range(element, byref(low), byref(high)), card)
        step = low.value + (high.value - low.value) * volume // LOUDEST
        _check(lib.snd_mixer_selem_set_playback_volume_all(element, step), card)
    if lib.snd_mixer_selem_has_playback_switch(element):
        _check(lib.snd_mixer_selem_set_playback_switch_all(element, int(volume > 0)), card)


def _level_db(volume: int, low: float, high: float) -> float:
    """Return the level in dB. 100 is the control's maximum; each halving of the number is ten dB less."""
    if not volume:
        return low
    return max(low, high + max(LOWEST_DB, TWICE_DB * log2(volume / LOUDEST)))


def _check(code: int, card: str) -> None:
    if code < 0:
        raise DeviceError(f"the mixer of {card!r}: {libasound.said(code)}", "mixer_lost")
