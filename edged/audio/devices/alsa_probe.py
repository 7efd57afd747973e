"""What a card's device can do, without opening it for sound: its formats, rates and numbers of channels."""

from ctypes import byref, c_void_p
from dataclasses import dataclass

from edged.audio.devices import libasound as lib
from edged.audio.devices.libasound import Room, failure, library
from edged.audio.dsp.samples import RATES

MOST_CHANNELS = 32


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the driver lists; it may still refuse some of it. `formats` are those that edged can use."""

    formats: tuple[str, ...]
    rates: tuple[int, ...]
    channels: tuple[int, ...]


def probe(what: str, name: str) -> Abilities:
    """Ask the device of this name; raises DeviceError where it cannot be opened."""
    call, at = library(), c_void_p()
    stream = lib.CAPTURE if what == "microphone" else lib.PLAYBACK
    code = call.snd_pcm_open(byref(at), name.encode(), stream, lib.NONBLOCK)
    if code < 0:
        raise failure(what, name, code)
    try:
        with Room("hw_params") as params:
            call.snd_pcm_hw_params_any(at, params)
            call.snd_pcm_hw_params_set_rate_resample(at, params, 0)
            test = call.snd_pcm_hw_params_test_format
            formats = tuple(each for each, number in lib.FORMATS.items() if test(at, params, number) >= 0)
            rates = tuple(
                each for each in sorted(RATES) if call.snd_pcm_hw_params_test_rate(at, params, each, 0) >= 0
            )
            channels = tuple(
                each
                for each in range(1, MOST_CHANNELS + 1)
                if call.snd_pcm_hw_params_test_channels(at, params, each) >= 0
            )
    finally:
        call.snd_pcm_close(at)
    return Abilities(formats, rates, channels)
