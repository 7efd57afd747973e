"""A room with a loudspeaker that distorts, an echo, and somebody who speaks; for echo cancellers.

Speech of the clips passes a loudspeaker (tanh), a room response of 150 ms that decays by 60 dB in 300 ms, and a
delay. The two clocks may drift apart. The echo is about as loud as the machine or a little quieter than the person
who speaks. There is quiet noise in the background.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

import numpy as np

from instruments.bench import noises

RATE_HZ = noises.RATE_HZ
BLOCK = 480  # 20 ms
ROOM_S = 0.15


@dataclass(frozen=True)
class Scene:
    """Arrays of samples of equal length. `near` is what somebody says between the samples of `talks`, else silence."""

    far: np.ndarray
    microphone: np.ndarray
    near: np.ndarray
    talks: tuple[int, int]


def speech(seconds: float, first: str, dbfs: float) -> np.ndarray:
    """Clips one after the other, beginning with `first`."""
    names = [first, *(name for name in noises.spoken_names() if name != first and len(name) > 2)]
    pieces, n = [], 0
    for name in cycle(names):
        pieces.append(noises.at_dbfs(noises.speech(name), dbfs))
        n += len(pieces[-1])
        if n >= seconds * RATE_HZ:
            return np.concatenate(pieces)[: int(seconds * RATE_HZ)]
    raise AssertionError


def room(seed: int) -> np.ndarray:
    """The impulse response: direct sound, and reflections from the walls."""
    rng = np.random.default_rng(seed)
    n = int(ROOM_S * RATE_HZ)
    walls = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / (0.3 * RATE_HZ)) * 0.1
    walls[0] = 1.0
    return walls


def scene(
    seconds: float = 30, *, delay_ms: int = 60, ppm: float = 0, talk: bool = True, seed: int = 1
) -> Scene:
    far = speech(seconds, "more", -20)
    through = np.tanh(far / 16_000) * 16_000
    n = 1 << (len(far) + int(ROOM_S * RATE_HZ)).bit_length()
    echo = np.fft.irfft(np.fft.rfft(through, n) * np.fft.rfft(room(seed), n), n)[: len(far)] * 0.5
    at = np.arange(len(far)) * (1 + ppm * 1e-6) - delay_ms * RATE_HZ / 1000
    echo = np.interp(at, np.arange(len(far)), echo, left=0.0)
    near = np.zeros(len(far))
    talks = (int(len(far) * 0.5), int(len(far) * 0.5) + 4 * RATE_HZ)
    if talk:
        near[slice(*talks)] = speech(4, "question2", -20)
    noise = np.random.default_rng(seed + 1).standard_normal(len(far)) * 3
    return Scene(far, echo + near + noise, near, talks)


def erle_db(scene: Scene, cleaned: np.ndarray) -> float:
    """Echo power before over echo power after, in the last third, where only the machine speaks."""
    part = slice(len(scene.far) * 2 // 3, len(cleaned))
    before, after = scene.microphone[part], cleaned[part]
    return float(10 * np.log10((before**2).mean() / (after**2).mean()))


def kept(scene: Scene, cleaned: np.ndarray, most_late: int = 480) -> float:
    """How much of a voice over the machine survives: its highest correlation with the original (1: all)."""
    first, end = scene.talks
    said = scene.near[first:end]
    best = 0.0
    for late in range(0, most_late, 6):
        heard = cleaned[first + late : end + late]
        if len(heard) == len(said) and heard.any():
            best = max(best, float(np.corrcoef(said, heard)[0, 1]))
    return best
