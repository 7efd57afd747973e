"""Sound as bytes: formats, milliseconds to bytes and back, gain, level.

Rules:
1. The width of a sample is known here and nowhere else; everybody else asks a `Format`.
2. Bytes stand for whole samples: `bytes_of` never cuts one, and what needs samples refuses half of one.
3. Inside edged all sound is `PCM16`: signed 16 bit, little endian, mono, 24 kHz. (edged runs on little-endian
   machines only, so the machine's own 16-bit integers are the wire's.)
4. No numpy: it costs 13.5 MB and 170 ms of start (reference measurement), and nothing here needs it.

Not here: changing the rate, anything with more than one channel, the codecs of telephones (local/g711.py).
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
    """Mono sound at a rate in an encoding. Raises ValueError for an encoding or a rate that is none."""

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
        """Raises ValueError at a rate that has no whole number of samples in a millisecond."""
        per_s = self.rate_hz * self.sample_bytes
        if per_s % 1000:
            raise ValueError(f"{self.rate_hz} Hz has no whole number of bytes in a millisecond")
        return per_s // 1000

    def bytes_of(self, ms: float) -> int:
        """How many bytes `ms` milliseconds take: whole samples, rounded down."""
        return int(self.rate_hz * ms // 1000) * self.sample_bytes

    def ms_of(self, n_bytes: int) -> int:
        """How many whole milliseconds `n_bytes` last."""
        return self.samples_of(n_bytes) * 1000 // self.rate_hz

    def duration_ms(self, n_bytes: int) -> float:
        """How long the whole samples of `n_bytes` last."""
        return n_bytes // self.sample_bytes * 1000 / self.rate_hz

    def samples_of(self, n_bytes: int) -> int:
        """How many whole samples `n_bytes` hold."""
        return n_bytes // self.sample_bytes


PCM16 = Format()


def silence(n_bytes: int, fmt: Format = PCM16) -> bytes:
    """Exactly `n_bytes` of silence; `n_bytes` is of whole samples."""
    return _REST[fmt.encoding] * (n_bytes // fmt.sample_bytes)


def ramp(pcm: bytes, start_gain: float, end_gain: float) -> bytes:
    """`pcm` with a gain that goes in a straight line from its first sample's to its last one's.

    A single sample gets the end's. PCM16 of whole samples, else ValueError. Saturates.
    """
    samples = _samples(pcm)
    if len(samples) < 2:
        return gain(pcm, end_gain)
    step = (end_gain - start_gain) / (len(samples) - 1)
    return _saturated(value * (start_gain + step * i) for i, value in enumerate(samples))


def gain(pcm: bytes, factor: float) -> bytes:
    """`pcm` times `factor`, saturating. PCM16 of whole samples, else ValueError."""
    return _saturated(value * factor for value in _samples(pcm))


def rms(pcm: bytes) -> float:
    """Root of the mean square, 0 .. 32768; nothing is silence. PCM16 of whole samples, else ValueError."""
    samples = _samples(pcm)
    return sqrt(sum(map(mul, samples, samples)) / len(samples)) if samples else 0.0


def roughness(pcm: bytes) -> float:
    """The mean step from a PCM16 sample to the next, 0 .. 65535; half a sample at the end is left out."""
    samples = _samples(pcm[: len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES])
    steps = len(samples) - 1
    return sum(map(abs, map(sub, samples[1:], samples))) / steps if steps > 0 else 0.0


# `array` is generic only for the type checker until Python 3.12, hence the quotes.
def _samples(pcm: bytes) -> "array[int]":
    samples = array("h")
    samples.frombytes(pcm)
    return samples


def _saturated(values: Iterable[float]) -> bytes:
    return array("h", (max(-FULL_SCALE - 1, min(FULL_SCALE, round(value))) for value in values)).tobytes()
