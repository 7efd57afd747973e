"""Sound as bytes: formats, conversion between milliseconds and bytes, gain, level.

Rules:
1. Only this module knows the width of a sample. All other code asks a `Format`.
2. Bytes hold whole samples. `bytes_of` never cuts a sample, and functions that need samples refuse half a sample.
3. Inside edged all sound is `PCM16`: signed 16 bit, little endian, mono, 24 kHz. The way from the microphone to the
   service has the rate of the service. (edged runs on little-endian machines only, so the machine's own 16-bit
   integers are the wire's.)
4. No numpy: it costs 13.5 MB and 170 ms at the start (reference measurement), and nothing here needs it.

Not here: resampling, more than one channel, telephone codecs (local/g711.py).
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt
from operator import mul, sub
from typing import Literal

Encoding = Literal["pcm16", "g711_ulaw", "g711_alaw"]

SAMPLE_BYTES = 2
FULL_SCALE = 32767

_WIDTHS: dict[str, int] = {"pcm16": SAMPLE_BYTES, "g711_ulaw": 1, "g711_alaw": 1}
_REST: dict[str, bytes] = {"pcm16": bytes(SAMPLE_BYTES), "g711_ulaw": b"\xff", "g711_alaw": b"\xd5"}


@dataclass(frozen=True, slots=True)
class Format:
    """Mono sound at a rate in an encoding. Raises ValueError if the encoding or the rate is not possible."""

    rate_hz: int = 24_000
    encoding: Encoding = "pcm16"
    sample_bytes: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.encoding not in _WIDTHS:
            raise ValueError(f"no such encoding: {self.encoding!r} (one of {', '.join(_WIDTHS)})")
        if self.rate_hz <= 0:
            raise ValueError(f"no such rate: {self.rate_hz} Hz")
        object.__setattr__(self, "sample_bytes", _WIDTHS[self.encoding])

    @property
    def bytes_per_ms(self) -> int:
        """Raises ValueError if a millisecond at this rate is not a whole number of bytes."""
        per_s = self.rate_hz * self.sample_bytes
        if per_s % 1000:
            raise ValueError(f"{self.rate_hz} Hz has no whole number of bytes in a millisecond")
        return per_s // 1000

    def bytes_of(self, ms: float) -> int:
        """Return how many bytes `ms` milliseconds take: whole samples, rounded down."""
        return int(self.rate_hz * ms // 1000) * self.sample_bytes

    def ms_of(self, n_bytes: int) -> int:
        """Return how many whole milliseconds `n_bytes` last."""
        return self.samples_of(n_bytes) * 1000 // self.rate_hz

    def duration_ms(self, n_bytes: int) -> float:
        """Return how long the whole samples in `n_bytes` last, in milliseconds."""
        return n_bytes // self.sample_bytes * 1000 / self.rate_hz

    def samples_of(self, n_bytes: int) -> int:
        """Return how many whole samples `n_bytes` hold."""
        return n_bytes // self.sample_bytes


PCM16 = Format()


def silence(n_bytes: int, fmt: Format = PCM16) -> bytes:
    """Return exactly `n_bytes` of silence; `n_bytes` must be whole samples."""
    return _REST[fmt.encoding] * (n_bytes // fmt.sample_bytes)


def ramp(pcm: bytes, start_gain: float, end_gain: float) -> bytes:
    """Apply a gain that changes linearly from `start_gain` at the first sample to `end_gain` at the last.

    A single sample gets `end_gain`. Saturates. Raises ValueError unless `pcm` is whole samples of PCM16.
    """
    samples = _samples(pcm)
    if len(samples) < 2:
        return gain(pcm, end_gain)
    step = (end_gain - start_gain) / (len(samples) - 1)
    return saturated(value * (start_gain + step * i) for i, value in enumerate(samples))


def gain(pcm: bytes, factor: float) -> bytes:
    """Return `pcm` times `factor`. Saturates. Raises ValueError unless `pcm` is whole samples of PCM16."""
    return saturated(value * factor for value in _samples(pcm))


def rms(pcm: bytes) -> float:
    """Return the root mean square, 0 .. 32768; 0 if `pcm` is empty. Raises ValueError for half a sample."""
    samples = _samples(pcm)
    return sqrt(sum(map(mul, samples, samples)) / len(samples)) if samples else 0.0


def roughness(pcm: bytes) -> float:
    """Return the mean step between PCM16 samples, 0 .. 65535. Ignores half a sample at the end."""
    samples = _samples(pcm[: len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES])
    steps = len(samples) - 1
    return sum(map(abs, map(sub, samples[1:], samples))) / steps if steps > 0 else 0.0


# `array` is generic only for the type checker until Python 3.12, hence the quotes.
def _samples(pcm: bytes) -> "array[int]":
    samples = array("h")
    samples.frombytes(pcm)
    return samples


def saturated(values: Iterable[float]) -> bytes:
    """Return these samples as PCM16, each rounded, and at most full scale."""
    return array("h", (max(-FULL_SCALE - 1, min(FULL_SCALE, round(value))) for value in values)).tobytes()
