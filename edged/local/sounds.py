"""Sound between the service's own format and a client's. Pure.

Changing the rate is plain: three samples become their mean, one becomes a line to the next. Good enough for a
telephone's G.711, which is what it is for; nothing else changes its rate here.
"""

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
    import numpy as np  # noqa: PLC0415 only telephones need it, and it is slow to load

    samples = np.frombuffer(sound, np.int16)
    whole_steps = samples[: len(samples) // _STEP * _STEP].reshape(-1, _STEP)
    return bytes(whole_steps.mean(axis=1).astype(np.int16).tobytes())


def _faster(sound: bytes) -> bytes:
    import numpy as np  # noqa: PLC0415

    samples = np.frombuffer(sound, np.int16)
    at = np.arange(1, len(samples) * _STEP + 1) / _STEP
    known = np.arange(len(samples) + 1)
    return bytes(np.interp(at, known, np.concatenate([[0], samples])).astype(np.int16).tobytes())
