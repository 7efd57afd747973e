"""What a card's device can do, without opening it for sound: its formats, rates and numbers of channels."""

from dataclasses import dataclass

from edged.audio.devices import libasound as lib
from edged.audio.devices.alsa_handle import open_handle
from edged.audio.devices.libasound import Room, library
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
    call, at = library(), open_handle(what, name)
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
