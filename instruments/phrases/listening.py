"""Recognises tones and phrases in what a speaker was given, by normalised cross-correlation.

1 means that the whole sound is that phrase; a phrase that is only a part of it, or only a part of which was played,
has less. The mean of each three samples is enough to tell phrases apart, and quicker.
"""

from functools import cache

import numpy as np

from edged import pcm
from edged.audio.playout.cues import render
from edged.causes import Cue, Phrase
from edged.phrases.library import PhraseBook

ALIKE = 0.9
EVERY = 3
_SIZE = 1 << 17


def correlation(heard: bytes, known: bytes) -> float:
    """Return the largest correlation of the two over all shifts."""
    return _correlation(np.fft.rfft(_normed(heard), _SIZE), known)


def _correlation(spectrum, known: bytes) -> float:
    return float(np.fft.irfft(spectrum * _conjugate(known), _SIZE).max())


def begins_with(heard: bytes, cue: Cue) -> float:
    """Return the correlation of the beginning of the sound with a tone."""
    tone = render(cue)
    return correlation(heard[: len(tone)], tone)


def phrases_in(heard: bytes, book: PhraseBook, language: str) -> dict[Phrase, float]:
    """Return the correlation of the sound with each phrase of this language."""
    spectrum = np.fft.rfft(_normed(heard), _SIZE)
    return {each: _correlation(spectrum, book.of(each, language).sound) for each in Phrase}


def sounding(stream: bytes) -> bytes:
    """Return the sound without the silence around it."""
    samples = np.frombuffer(stream, np.int16)
    loud = np.flatnonzero(samples)
    return samples[loud[0] : loud[-1] + 1].tobytes() if len(loud) else b""


def after(heard: bytes, cue: Cue, gap_ms: int) -> bytes:
    """Return what follows a tone and the pause after it."""
    return heard[len(render(cue)) + pcm.PCM16.bytes_of(gap_ms) :] if cue is not Cue.NONE else heard


def _normed(sound: bytes):
    samples = np.frombuffer(sound, np.int16).astype(float)
    samples = samples[: len(samples) // EVERY * EVERY].reshape(-1, EVERY).mean(axis=1)
    if 2 * len(samples) > _SIZE:
        raise ValueError("this is too long")
    return samples / max(1.0, np.linalg.norm(samples))


@cache
def _conjugate(sound: bytes):
    return np.conj(np.fft.rfft(_normed(sound), _SIZE)).astype(np.complex64)
