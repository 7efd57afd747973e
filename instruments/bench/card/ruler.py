"""Sound in which each sample tells its own position.

Sample k of a ruler is k steps up, and wraps. The difference between neighbours is always the same, so one lost,
doubled or changed sample shows. Its value gives k up to a multiple of 65536 samples (2.7 s).
"""

from typing import NamedTuple

import numpy as np

from edged.pcm import PCM16

STEP = 7919
_BACK = pow(STEP, -1, 2**16)
PER_MS = PCM16.rate_hz // 1000


class Run(NamedTuple):
    """Consecutive samples without a fault: they begin at `at` in the recording and at `first` in the ruler."""

    at: int
    first: int
    length: int


def ruler(ms: float, first: int = 1) -> bytes:
    """So many milliseconds of the ruler, from this sample on."""
    k = np.arange(first, first + round(ms * PER_MS), dtype=np.int64)
    return (k * STEP).astype(np.uint16).view(np.int16).astype("<i2").tobytes()


def samples(sound: bytes) -> "np.ndarray":
    return np.frombuffer(sound[: len(sound) // 2 * 2], dtype="<i2")


def runs(sound: "np.ndarray", shortest_ms: float = 1) -> list[Run]:
    """The pieces of a ruler in a recording, in order; `first` grows from piece to piece."""
    if not len(sound):
        return []
    raw = sound.view(np.uint16)
    steps = np.diff(raw)  # wraps in the same way as the ruler
    good = np.concatenate(([False], steps == STEP, [False])).astype(np.int8)
    edges = np.diff(good)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    found, least = [], 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        length = end - start + 1
        if length >= shortest_ms * PER_MS:
            k = int(raw[start]) * _BACK % 2**16
            first = k + max(0, -(-(least - k) // 2**16)) * 2**16
            found.append(Run(start, first, length))
            least = first
    return found


def bursts(sound: "np.ndarray", silence_ms: float = 100) -> list[tuple[int, int]]:
    """Each burst of sound, as (first sample, one after the last); at least `silence_ms` separates two bursts."""
    loud = np.flatnonzero(sound)
    if not len(loud):
        return []
    gaps = np.flatnonzero(np.diff(loud) > silence_ms * PER_MS)
    starts = np.concatenate((loud[:1], loud[gaps + 1]))
    ends = np.concatenate((loud[gaps], loud[-1:])) + 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
