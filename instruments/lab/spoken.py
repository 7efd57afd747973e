"""Sound of a room in which somebody speaks now and then; every sample tells its position, as in stamp.py.

A group of four samples names one position. Each sample carries its number within the group in two bits, and seven
bits of the position. Quiet sound is a room at -47 dBFS, loud sound is a voice at -9 dBFS. A detector that looks at
energy can tell the two apart.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

GROUP = 4
LONGEST = GROUP << 28  # samples: half a day at 24 kHz
LOUD, STEP = 8192, 16  # the least value of a loud sample, and the weight of one bit of the code in it
NOWHERE = -2  # not next to any position


class Run(NamedTuple):
    """Samples `first` .. `first + n` without a gap. `first` is NOWHERE for sound that no microphone here has heard."""

    first: int
    n: int

    @property
    def end(self) -> int:
        return self.first + self.n


def spoken(first: int, n: int, *, loud: bool) -> bytes:
    """Samples `first` .. `first + n` of the room, PCM16."""
    number = np.arange(first // GROUP, (first + n) // GROUP + 1, dtype=np.int32)
    code = np.empty((len(number), GROUP), "<i2")
    for j in range(GROUP):
        code[:, j] = number >> 7 * j & 0x7F | j << 7
    sound = code.reshape(-1)[first % GROUP : first % GROUP + n]
    if not loud:
        return (sound - 256).tobytes()
    sound = LOUD + STEP * sound
    sound[first & 1 ^ 1 :: 2] *= -1  # above and below zero, as a voice is
    return sound.tobytes()


def runs(pcm: bytes) -> list[Run]:
    """The unbroken runs of room sound in this sound, in order; every sample is in one of them."""
    if not pcm:
        return []
    at = _places(pcm)
    apart = np.where(at[1:] == NOWHERE, at[:-1] != NOWHERE, np.diff(at) != 1)
    starts = [0, *(np.flatnonzero(apart) + 1).tolist(), len(at)]
    return [Run(int(at[start]), end - start) for start, end in pairwise(starts)]


def _places(pcm: bytes) -> np.ndarray:
    """The position of each sample, from its group, or from its neighbour if the group was cut in two."""
    values = np.frombuffer(pcm, "<i2").astype(np.int32)
    code = np.where(np.abs(values) >= LOUD, (np.abs(values) - LOUD) // STEP, values + 256)
    code[(code < 0) | (code > 511)] = GROUP << 7  # a number that does not exist within a group
    number, part = code >> 7, code & 0x7F
    at = np.full(len(values), NOWHERE, np.int32)
    if len(values) >= GROUP:
        whole = np.flatnonzero(
            (number[:-3] == 0) & (number[1:-2] == 1) & (number[2:-1] == 2) & (number[3:] == 3)
        )
        place = GROUP * sum(part[whole + j] << 7 * j for j in range(GROUP))
        for j in range(GROUP):
            at[whole + j] = place + j
    for step in (1, -1) * (GROUP - 1):
        lost = np.flatnonzero(at == NOWHERE)
        lost = lost[(lost - step >= 0) & (lost - step < len(at))]
        lost = lost[at[lost - step] != NOWHERE]
        place = at[lost - step] + step
        fits = (place >= 0) & (place % GROUP == number[lost])
        fits &= place // GROUP >> 7 * number[lost] & 0x7F == part[lost]
        at[lost[fits]] = place[fits]
    return at
