"""Converts between the samples of a device and those of edged: formats, channels, rates. Pure.

Rules:
1. A device's frame is one sample for each of its channels. edged's sound is `pcm.PCM16`.
2. Nothing is chosen here. The adapter chooses the layout that a device is opened with, and channels.py the channels of
   the mean.
3. Of a format with more than 16 bits, the 16 highest are kept. No dither: this is speech for a codec.
4. `Resampler` changes the rate, only where it differs. Its filter is loaded when a device is opened.
"""

import sys
from array import array
from dataclasses import dataclass
from typing import Protocol

from edged import pcm
from edged.audio.dsp.channels import Mixdown
from edged.resample import Resampler

RATES = (24_000, 48_000, 44_100, 16_000, 32_000, 96_000, 22_050, 192_000, 88_200, 12_000, 11_025, 8_000)
"""In order of preference: what services take; exactly double; what every card can do; what speech cards can do."""


def rates(wanted_hz: int) -> tuple[int, ...]:
    """The rates in order of preference for sound of `wanted_hz`: no change comes first."""
    return tuple(dict.fromkeys((wanted_hz, *RATES)))


assert sys.byteorder == "little"  # see pcm.py, rule 3


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout that a device was opened with. `sample` is one of `WIDTHS`."""

    rate_hz: int = 24_000
    channels: int = 1
    sample: str = "s16"

    @property
    def frame_bytes(self) -> int:
        return WIDTHS[self.sample] * self.channels

    def frames_of(self, ms: float) -> int:
        return int(self.rate_hz * ms / 1000)

    def ms_of(self, frames: int) -> float:
        return frames * 1000 / self.rate_hz

    def __str__(self) -> str:
        return f"{self.rate_hz} Hz, {self.channels} channel{'s'[: self.channels != 1]}, {self.sample}"


WIDTHS = {"s16": 2, "s32": 4, "s24": 4, "s24in3": 3, "float": 4}
"""Bytes per sample: 16 bits; 32; 24 in the low end of 32; 24 in three bytes; floating point. Little endian."""


class Changer(Protocol):
    """Changes the rate of a stream."""

    def feed(self, sound: bytes) -> bytes: ...


def changer(rate_in: int, rate_out: int) -> Changer | None:
    """The changer from one rate to another; None: the rates are equal."""
    return None if rate_in == rate_out else Resampler(rate_in, rate_out)


class Inward:
    """Converts a microphone's frames to sound in `fmt`. `channel` None: the mean of all channels that carry sound."""

    def __init__(
        self,
        layout: Layout,
        *,
        channel: int | None = None,
        left_out: frozenset[int] = frozenset(),
        fmt: pcm.Format = pcm.PCM16,
    ) -> None:
        """`left_out`: channels that are known to carry nothing."""
        self._layout, self._channel = layout, channel
        averages = channel is None and layout.channels > 1
        self._mixdown = Mixdown(layout.channels, layout.rate_hz, left_out) if averages else None
        self._changer = changer(layout.rate_hz, fmt.rate_hz)

    def feed(self, frames: bytes) -> bytes:
        """Return all sound that is ready. After a change of rate, a little of it comes with the next frames."""
        if self._mixdown is None:
            mono = heard(frames, self._layout, self._channel or 0)
        else:
            mono = self._mixdown.mean(array("h", _high_halves(frames, self._layout.sample)))
        return mono if self._changer is None else self._changer.feed(mono)

    @property
    def left_out(self) -> frozenset[int]:
        """The channels that carry nothing and are left out of the mean."""
        return frozenset() if self._mixdown is None else self._mixdown.left_out


def heard(frames: bytes, layout: Layout, channel: int) -> bytes:
    """PCM16 at the device's rate, of one channel."""
    high = _high_halves(frames, layout.sample)
    if layout.channels == 1:
        return high
    return array("h", high)[channel :: layout.channels].tobytes()


def spoken(mono: bytes, layout: Layout) -> bytes:
    """A device's frames from PCM16 at its rate, the same on every channel."""
    if layout.channels > 1:
        samples, spread = array("h", mono), array("h", bytes(len(mono) * layout.channels))
        for at in range(layout.channels):
            spread[at :: layout.channels] = samples
        mono = spread.tobytes()
    return _from_high_halves(mono, layout.sample)


def _high_halves(data: bytes, sample: str) -> bytes:
    match sample:
        case "s16":
            return data
        case "s32":
            return array("h", data)[1::2].tobytes()
        case "s24":
            return _two_of(data, 4, 1)
        case "s24in3":
            return _two_of(data, 3, 1)
        case _:
            return array("h", [_whole(value) for value in array("f", data)]).tobytes()


def _two_of(data: bytes, stride: int, first: int) -> bytes:
    """Two neighbouring bytes of every `stride`."""
    out = bytearray(len(data) // stride * pcm.SAMPLE_BYTES)
    out[0::2], out[1::2] = data[first::stride], data[first + 1 :: stride]
    return bytes(out)


def _whole(value: float) -> int:
    return max(-pcm.FULL_SCALE - 1, min(pcm.FULL_SCALE, round(value * (pcm.FULL_SCALE + 1))))


def _from_high_halves(data: bytes, sample: str) -> bytes:
    match sample:
        case "s16":
            return data
        case "s32":
            return _spread(data, 4, 2)
        case "s24":
            out = bytearray(_spread(data, 4, 1))
            out[3::4] = bytes(0xFF if high & 0x80 else 0 for high in data[1::2])  # sign extension
            return bytes(out)
        case "s24in3":
            return _spread(data, 3, 1)
        case _:
            return array("f", [value / (pcm.FULL_SCALE + 1) for value in array("h", data)]).tobytes()


def _spread(data: bytes, stride: int, first: int) -> bytes:
    """Put the two bytes of each sample at `first` of every `stride`."""
    out = bytearray(len(data) // pcm.SAMPLE_BYTES * stride)
    out[first::stride], out[first + 1 :: stride] = data[0::2], data[1::2]
    return bytes(out)
