"""Sound between the service's own format and a client's. Pure.

Changing the rate is plain: three samples become their mean, one becomes a line to the next. Good enough for a
telephone's G.711, which is what it is for; nothing else changes its rate here.
"""

from array import array

from edged import pcm
from edged.pcm import PCM16, Format

TELEPHONE_HZ = 8000
_STEP = PCM16.rate_hz // TELEPHONE_HZ


def whole(sound: bytes, fmt: Format) -> bytes:
    """Without half a sample at its end."""
    return sound[: len(sound) - len(sound) % fmt.sample_bytes]


def linear(sound: bytes, fmt: Format) -> bytes:
    """PCM16 at the format's own rate."""
    if fmt.encoding == "g711_ulaw":
        return pcm.pcm_from_ulaw(sound)
    if fmt.encoding == "g711_alaw":
        return pcm.pcm_from_alaw(sound)
    return sound


def from_client(sound: bytes, fmt: Format) -> bytes:
    """PCM16 at 24 kHz of a client's sound."""
    return sound if fmt == PCM16 else _faster(linear(sound, fmt))


def to_client(sound: bytes, fmt: Format) -> bytes:
    """A client's format of PCM16 at 24 kHz."""
    if fmt.encoding == "g711_ulaw":
        return pcm.ulaw_from_pcm(_slower(sound))
    if fmt.encoding == "g711_alaw":
        return pcm.alaw_from_pcm(_slower(sound))
    return sound


def _slower(sound: bytes) -> bytes:
    samples = _samples(sound)
    whole = len(samples) - len(samples) % _STEP
    thirds = (samples[start:whole:_STEP] for start in range(_STEP))
    return array("h", (sum(group) // _STEP for group in zip(*thirds, strict=True))).tobytes()


def _faster(sound: bytes) -> bytes:
    out = array("h")
    before = 0
    for value in _samples(sound):
        out.extend(before + (value - before) * step // _STEP for step in range(1, _STEP + 1))
        before = value
    return out.tobytes()


def _samples(sound: bytes) -> "array[int]":
    samples = array("h")
    samples.frombytes(sound)
    return samples
