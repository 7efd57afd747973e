"""A short sound that a speaker plays, and that is found again in what a microphone hears. Pure.

Rules:
1. The probe is a sweep through the band of speech, twice, `APART_MS` apart. A sweep is found far below the noise of a
   room, because its whole length counts and not only its loudness.
2. It counts as heard only if both sweeps are found, with this distance between them, and of about the same strength.
   No other sound does that by chance.
3. The delay is the time from the first sample of the recording to the first sample of the probe in it. Only the caller
   knows when the recording began, relative to what was played.
4. Sound is PCM16, mono. The probe has the rate of the speaker, and is made again at the rate of the recording to look
   for it.

numpy is imported by the first call.
"""

from dataclasses import dataclass
from math import log10, pi
from typing import TYPE_CHECKING

from edged import arrays, pcm

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]

SWEEP_MS, APART_MS = 400, 550
LENGTH_MS = SWEEP_MS + APART_MS
FROM_HZ, TO_HZ = 400.0, 3500.0  # small speakers and telephone handsets have these
FADE_MS = 20
USUAL_DBFS = -15.0  # well audible, and not frightening
APART_WITHIN_MS = 3.0  # clocks of two cards differ by less than a thousandth
SHARE = 0.15
"""How alike the sound and the sweep must be, from 0 to 1. Of any other sound, the best of 100 000 places is at about
0.1; a sweep that is 10 dB below the noise in its band is at 0.3."""
ALIKE = 4.0  # how many times one sweep may be stronger than the other


@dataclass(frozen=True, slots=True)
class HeardProbe:
    """`delay_ms`: from the beginning of the recording to the probe. `level_dbfs`: how loud it arrived.

    `share`: how alike the weaker sweep and the sound at its place are, from 0 to 1.
    """

    delay_ms: float
    level_dbfs: float
    share: float


def probe(dbfs: float = USUAL_DBFS, fmt: pcm.Format = pcm.PCM16) -> bytes:
    """The sound to play. Raises DeviceError (memory_short)."""
    arrays.load()
    import numpy as np  # noqa: PLC0415

    one = _sweep(fmt.rate_hz) * pcm.FULL_SCALE * 10 ** (dbfs / 20)
    whole = np.zeros(_samples(LENGTH_MS, fmt.rate_hz))
    for start_ms in (0, APART_MS):
        start = _samples(start_ms, fmt.rate_hz)
        whole[start : start + len(one)] += one[: len(whole) - start]
    return bytes(np.round(whole).astype("<i2").tobytes())


def found(recording: bytes, fmt: pcm.Format = pcm.PCM16) -> HeardProbe | None:
    """Where the probe is in what a microphone heard; None if it is not in it. Raises DeviceError (memory_short)."""
    arrays.load()
    import numpy as np  # noqa: PLC0415

    sound = np.frombuffer(recording, "<i2").astype(np.float64)
    apart = _samples(APART_MS, fmt.rate_hz)
    if len(sound) < _samples(LENGTH_MS, fmt.rate_hz):
        return None
    size, share = _likeness(sound - sound.mean(), _sweep(fmt.rate_hz), fmt.rate_hz)
    near = _samples(APART_WITHIN_MS, fmt.rate_hz)
    # The second sweep may be a few samples early or late: take the best near its place.
    around = np.lib.stride_tricks.sliding_window_view(np.pad(share, near), 2 * near + 1)
    second = np.max(around[apart : len(share)], axis=1)
    both = np.minimum(share[: len(second)], second)
    at = int(np.argmax(both))
    again = apart + at + int(np.argmax(around[apart + at])) - near
    alike = float(size[at]) / max(float(size[again]), 1e-9)
    if both[at] < SHARE or not 1 / ALIKE <= alike <= ALIKE:
        return None
    level = float(size[at]) / (pcm.FULL_SCALE / 2**0.5)
    return HeardProbe(
        at * 1000 / fmt.rate_hz, round(20 * log10(max(level, 1e-5)), 1), round(float(both[at]), 2)
    )


def _likeness(sound: "Floats", sweep: "Floats", rate_hz: int) -> tuple["Floats", "Floats"]:
    """From each sample on: how strong the sweep is (as a root mean square), and its share of the sound in its band."""
    import numpy as np  # noqa: PLC0415

    size = 1 << (len(sound) + len(sweep)).bit_length()
    spectrum = np.fft.rfft(sound, size)
    at_hz = np.fft.rfftfreq(size, 1 / rate_hz)
    spectrum[(at_hz < FROM_HZ) | (at_hz > TO_HZ)] = 0.0
    product = spectrum * np.conj(np.fft.rfft(sweep, size))
    # One side of the spectrum alone gives the size of the correlation without its waves, so a peak is one hill.
    analytic = np.fft.ifft(np.concatenate([2 * product[:-1], np.zeros(size - len(product) + 1)]))[
        : len(sound)
    ]
    power = np.sum(sweep**2)
    likeness: Floats = np.abs(analytic) / np.sqrt(power)
    summed = np.concatenate([[0.0], np.cumsum(np.fft.irfft(spectrum, size)[: len(sound)] ** 2)])
    ends = np.minimum(np.arange(len(sound)) + len(sweep), len(sound))
    within = np.sqrt(
        np.maximum(summed[ends] - summed[: len(sound)], len(sweep) * 1.0)
    )  # a bit of noise at least
    return likeness / np.sqrt(len(sweep)), likeness / within


def _sweep(rate_hz: int) -> "Floats":
    """A sweep with the amplitude 1, which begins and ends softly."""
    import numpy as np  # noqa: PLC0415

    count = _samples(SWEEP_MS, rate_hz)
    at_s = np.arange(count) / rate_hz
    phase = 2 * pi * (FROM_HZ * at_s + (TO_HZ - FROM_HZ) * at_s**2 / (2 * SWEEP_MS / 1000))
    fade = np.minimum(1.0, np.minimum(np.arange(count), np.arange(count)[::-1]) / _samples(FADE_MS, rate_hz))
    swept: Floats = np.sin(phase) * fade
    return swept


def _samples(ms: float, rate_hz: int) -> int:
    return round(ms * rate_hz / 1000)
