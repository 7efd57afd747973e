"""Conversion between the service's own sound format and a client's. Pure.

The rate conversion is simple. For G.711, three samples become their mean downwards; upwards, it interpolates linearly.
Samples with another rate than the service's own are interpolated in both directions. The conversion works piece by
piece, so that minutes of sound do not need a multiple of their own memory.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from edged import arrays
from edged.local import g711
from edged.pcm import PCM16, SAMPLE_BYTES, Format

TELEPHONE_HZ = 8000
PIECE_SAMPLES = 10 * TELEPHONE_HZ  # converted at a time, at the telephone's rate
_STEP = PCM16.rate_hz // TELEPHONE_HZ
_DECODED = {"g711_ulaw": g711.pcm_from_ulaw, "g711_alaw": g711.pcm_from_alaw}
_ENCODED = {"g711_ulaw": g711.ulaw_from_pcm, "g711_alaw": g711.alaw_from_pcm}


@dataclass(frozen=True, slots=True)
class ClientSound:
    """A client's sound as it arrived. Its length costs nothing; `pcm` converts it."""

    raw: bytes = b""
    fmt: Format = PCM16

    @property
    def ms(self) -> int:
        return self.fmt.ms_of(len(self.raw))

    @property
    def n_bytes(self) -> int:
        """The length in bytes as PCM16 at 24 kHz."""
        samples = self.fmt.samples_of(len(self.raw)) * PCM16.rate_hz // self.fmt.rate_hz
        return samples * PCM16.sample_bytes

    def pcm(self) -> bytes:
        """The sound as PCM16 at 24 kHz, without an incomplete sample at its end."""
        return from_client(whole(self.raw, self.fmt), self.fmt)


def whole(sound: bytes, fmt: Format) -> bytes:
    """The sound without an incomplete sample at its end."""
    return sound[: len(sound) - len(sound) % fmt.sample_bytes]


def linear(sound: bytes, fmt: Format) -> bytes:
    """Decode to PCM16 at the format's own rate."""
    decoded = _DECODED.get(fmt.encoding)
    return sound if decoded is None else decoded(sound)


def from_client(sound: bytes, fmt: Format) -> bytes:
    """Convert a client's sound to PCM16 at 24 kHz."""
    if fmt.encoding not in _DECODED:
        return _at_rate(sound, fmt.rate_hz, PCM16.rate_hz)
    out, last = bytearray(), 0
    for start in range(0, len(sound), PIECE_SAMPLES):
        piece, last = _faster(sound[start : start + PIECE_SAMPLES], fmt.encoding, last)
        out += piece
    return bytes(out)


def to_client(sound: bytes, fmt: Format) -> bytes:
    """Convert PCM16 at 24 kHz to a client's format."""
    if fmt.encoding not in _ENCODED:
        return _at_rate(sound, PCM16.rate_hz, fmt.rate_hz)
    size = PIECE_SAMPLES * _STEP * SAMPLE_BYTES
    return b"".join(
        _slower(sound[start : start + size], fmt.encoding) for start in range(0, len(sound), size)
    )


def _at_rate(sound: bytes, from_hz: int, to_hz: int) -> bytes:
    """Samples at another rate, one second at a time; every second begins with a sample of the original."""
    if from_hz == to_hz or not sound:
        return sound
    arrays.load()
    import numpy as np  # noqa: PLC0415

    samples, out = np.frombuffer(sound, np.int16), []
    for start in range(0, len(samples), from_hz):
        piece = samples[start : start + from_hz + 1]  # with the first sample of the next second
        count = min(from_hz, len(samples) - start) * to_hz // from_hz
        places = np.arange(count) * (from_hz / to_hz)
        out.append(np.interp(places, np.arange(len(piece)), piece).astype(np.int16).tobytes())
    return b"".join(out)


def _slower(sound: bytes, encoding: str) -> bytes:
    arrays.load()
    import numpy as np  # noqa: PLC0415 only telephone formats need it, and it loads slowly

    samples = np.frombuffer(sound, np.int16)
    steps = samples[: len(samples) // _STEP * _STEP].reshape(-1, _STEP)
    means = steps.sum(axis=1, dtype=np.int32) // _STEP
    return bytes(_codes(encoding)[means.astype(np.int16).view(np.uint16)].tobytes())


def _faster(sound: bytes, encoding: str, before: int) -> tuple[bytes, int]:
    """Convert the piece that follows the sample `before`. Returns it and its last sample."""
    import numpy as np  # noqa: PLC0415

    samples = _levels(encoding)[np.frombuffer(sound, np.uint8)].astype(np.int32)
    starts = np.concatenate([np.array([before], np.int32), samples[:-1]])
    lines = [starts + (samples - starts) * (k + 1) // _STEP for k in range(_STEP)]
    return bytes(np.stack(lines, axis=1).astype(np.int16).tobytes()), int(samples[-1])


@cache
def _levels(encoding: str) -> Any:
    """The sample for every code."""
    arrays.load()
    import numpy as np  # noqa: PLC0415

    return np.frombuffer(_DECODED[encoding](bytes(range(256))), np.int16)


@cache
def _codes(encoding: str) -> Any:
    """The code for every sample; the index is the sample, read as unsigned."""
    arrays.load()
    import numpy as np  # noqa: PLC0415

    return np.frombuffer(_ENCODED[encoding](np.arange(2**16, dtype=np.uint16).tobytes()), np.uint8)
