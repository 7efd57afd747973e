"""Searches what a speaker has played in what a service has received.

Rules:
1. Each window of an utterance (`WINDOWS_MS`, overlapping by half) is compared with all that was played within
   `BEFORE_S` before the utterance and during it, at every lag. The measure is the normalised correlation: 1 is the
   same sound, whatever its level.
2. Sound is searched twice: as the speaker played it, and as it arrived at the microphone. The tail of a room alone is
   hardly like the sound that caused it.
3. What is found in white noise that has nothing to do with the sound depends on the length of a window only. So the
   limit for each length is the most that was found in runs in which the speaker does not reach the microphone.
4. Loud parts of an utterance are made as quiet as the others. Otherwise the few samples of a voice that begins in a
   window would decide what the window is like.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

WINDOWS_MS = (100, 200)
BEFORE_S = 3.0
Likeness = dict[int, float]
"""For each length of a window in ms, the largest correlation."""


def likeness(utterance: np.ndarray, sounds: Iterable[np.ndarray], rate_hz: int) -> Likeness:
    """How much the utterance is like any of `sounds`. All have `rate_hz`."""
    said = _even(utterance.astype(np.float64), rate_hz // 50)
    found = dict.fromkeys(WINDOWS_MS, 0.0)
    for sound in sounds:
        there = np.flatnonzero(sound)
        if not len(there) or not len(said):
            continue
        cut = sound[there[0] : there[-1] + 1].astype(np.float64)
        for ms in WINDOWS_MS:
            found[ms] = max(found[ms], _most(said, cut, rate_hz * ms // 1000))
    return found


def most(found: Iterable[Likeness]) -> Likeness:
    """The largest of each length."""
    rows = list(found)
    return {ms: max((row[ms] for row in rows), default=0.0) for ms in WINDOWS_MS}


def _even(said: np.ndarray, n: int) -> np.ndarray:
    """The same sound with the same level everywhere, measured over `n` samples."""
    energy = np.concatenate([[0.0], np.cumsum(said**2)])
    left = np.clip(np.arange(len(said)) - n // 2, 0, max(0, len(said) - n))
    return said / np.sqrt(np.maximum(energy[np.minimum(left + n, len(said))] - energy[left], 1.0) / n)


def _most(said: np.ndarray, sound: np.ndarray, n: int) -> float:
    """The largest correlation of a window of `n` samples, at every lag at which the two meet."""
    sound = np.concatenate([np.zeros(n), sound, np.zeros(n)])
    size = _size(len(sound) + n)
    spectrum = np.fft.rfft(sound.astype(np.float32), size)
    energy = np.concatenate([[0.0], np.cumsum(sound**2)])
    there = np.maximum(energy[n:] - energy[:-n], n)  # below one bit there is no sound
    weight = (1.0 / there).astype(np.float32)
    largest = 0.0
    last = max(0, len(said) - n)
    for first in sorted({*range(0, last, n // 2), last}):
        window = said[first : first + n].astype(np.float32)
        if (own := float(window @ window)) > 0.0:
            products = np.fft.irfft(spectrum * np.conj(np.fft.rfft(window, size)), size)[: len(there)]
            largest = max(largest, float(np.max(products * products * weight)) / own)
    return largest**0.5


def _size(least: int) -> int:
    """The next length that a Fourier transform likes."""
    return min(
        two * odd for odd in (1, 3, 5, 9, 15) for two in [1 << max(0, (-(-least // odd) - 1).bit_length())]
    )
