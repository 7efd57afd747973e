"""Finds the channels of a microphone that carry nothing, so that they do not make the mean quieter. Pure.

A card with one MEMS microphone on a stereo bus delivers a second channel of zeros, which makes the mean 6 dB quieter.
An array of six channels with five dead ones loses 15 dB.

Rules:
1. Sound is looked at in pieces of `LOOK_MS` after the device was opened, `LOOKS` of them at most. A piece in which no
   channel carries sound decides nothing, and does not count.
2. In a piece with sound, a channel that moves by no more than `STILL` carries nothing: digital zero, another constant,
   or the last bit of a converter. Such channels are left out from then on, and the looks end.
3. A channel that is left out stays out until the device is opened again, even if it carries sound later. It may be an
   echo reference, which is silent until the machine speaks.
4. The change of level takes `FADE_MS`, so that it does not jump while somebody speaks.
"""

from array import array
from collections.abc import Sequence

STILL = 2  # from the lowest to the highest sample
# Sound moves by more than this. The own noise of a MEMS microphone moves by about 12.
SOUND = 8
LOOK_MS = 1000  # longer than the gaps between syllables
LOOKS = 10  # a click when a card starts may hide a dead channel in the first piece
FADE_MS = 500

Columns = Sequence["array[int]"]


class Mixdown:
    """The mean of those channels of one device that carry sound.

    `left_out`: channels that are known to carry nothing.
    """

    def __init__(self, channels: int, rate_hz: int, left_out: frozenset[int] = frozenset()) -> None:
        self.left_out = left_out
        """The channels that are left out, counted from 0."""
        self._channels = channels
        self._look_frames = rate_hz * LOOK_MS // 1000
        self._fade_frames = rate_hz * FADE_MS // 1000
        self._looks = LOOKS if channels > 1 else 0
        self._faded = self._fade_frames  # how much of the change of level is done
        self._before = left_out  # what was left out before the change
        self._looked = 0
        self._lowest: list[int] = []
        self._highest: list[int] = []
        self._clear()

    def mean(self, samples: "array[int]") -> bytes:
        """The mean of these frames, one sample for each."""
        columns = [samples[at :: self._channels] for at in range(self._channels)]
        mean = _mean(columns, self.left_out)
        if self._faded < self._fade_frames:
            mean = self._fade(_mean(columns, self._before), mean)
        if self._looks:
            self._look(columns)  # what it finds holds from the next frame on
        return mean.tobytes()

    def _look(self, columns: Columns) -> None:
        if not columns[0]:
            return
        self._looked += len(columns[0])
        self._lowest = list(map(min, self._lowest, map(min, columns)))
        self._highest = list(map(max, self._highest, map(max, columns)))
        if self._looked < self._look_frames:
            return
        ranges = [high - low for high, low in zip(self._highest, self._lowest, strict=True)]
        if max(ranges) > SOUND:
            self._looks -= 1
            self._judge(frozenset(at for at, moved in enumerate(ranges) if moved <= STILL))
        self._clear()

    def _judge(self, dead: frozenset[int]) -> None:
        if dead:
            self._looks = 0
        if dead and dead != self.left_out:
            self._before, self.left_out, self._faded = self.left_out, dead, 0

    def _fade(self, old: "array[int]", new: "array[int]") -> "array[int]":
        """The way from the old mean to the new one, as far as this piece goes."""
        whole, at = self._fade_frames, self._faded
        steps = range(at, at + len(new))
        self._faded += len(new)
        return array(
            "h", (a + (b - a) * min(step, whole) // whole for a, b, step in zip(old, new, steps, strict=True))
        )

    def _clear(self) -> None:
        self._looked = 0
        self._lowest, self._highest = [32767] * self._channels, [-32768] * self._channels


def _mean(columns: Columns, left_out: frozenset[int]) -> "array[int]":
    used = [column for at, column in enumerate(columns) if at not in left_out]
    if len(used) == 1:
        return used[0]
    return array("h", [sum(frame) // len(used) for frame in zip(*used, strict=True)])
