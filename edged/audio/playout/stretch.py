"""Slower speech at the same pitch: sound is repeated where it resembles itself.

This is WSOLA (Verhelst, Roelands, "An overlap-add technique based on waveform similarity", ICASSP 1993) in
the form that moves a pointer (Morita, Itakura, "Time-scale modification by overlap and add using pointer
interval control", 1986; WebRTC's NetEq uses it, too). At one point, `lag` samples are inserted between the
sound before and the sound after. They begin like the sound that comes next and end like the sound that came
before. `lag` is the distance at which the two are most alike. All other samples stay exactly as they came.
So inserted sound belongs to no part, and need not be mapped back.

The search first compares sums of 8 samples, then refines around the best match. It does without numpy: the
sound of a healthy link is never stretched, and numpy would cost 13.5 MB for nothing (figures:
docs/playout.md).

A `Stretcher` decides when. While a response starves, or its session is slow, it plays at `SPEED`. After an
insertion, `SPEED / (1 - SPEED)` times as many bytes leave as they came.
"""

from array import array
from collections.abc import Callable
from itertools import repeat
from operator import add, floordiv, mul

from edged import pcm
from edged.audio.playout.arrivals import ENOUGH_MS, SLOW_ENOUGH_MS, SPEED

SHORTEST_MS = 2.5  # 400 Hz, a high voice
LONGEST_MS = 15  # 66 Hz, a deep voice
ALIKE_MS = 10  # the length over which likeness is measured
# Steps of the search, in samples. Coarse steps suffice, because the repetition in a voice is below 1.5 kHz.
COARSE = 8
FINE = 2


class Stretcher:
    """Decides what is inserted into one response, and when. Counts are bytes."""

    def __init__(self, fmt: pcm.Format, *, slow: bool, starving: bool) -> None:
        """`slow`: the sound of its session comes slower than it plays. `starving`: the response has run dry."""
        self._fmt, self._slow, self._starving = fmt, slow, starving
        self._width = fmt.bytes_of(LONGEST_MS)
        self._enough, self._slow_enough = fmt.bytes_of(ENOUGH_MS), fmt.bytes_of(SLOW_ENOUGH_MS)
        self.inserted = b""
        """Inserted sound that leaves before all queued sound."""
        self.resume()

    def resume(self) -> None:
        """The response begins, or resumes after a pause: the sound before it says nothing about what comes next."""
        self._past = b""  # the sound that left last
        self._natural = self._width  # bytes that must leave as they came before the next insertion

    def came(self, queued: int) -> None:
        """More sound came; now `queued` bytes are queued."""
        self._starving = self._starving and queued < self._enough

    def natural(self, queued: int) -> int | None:
        """How many bytes leave before the next insertion; None: no insertion will come."""
        return self._natural if self._natural and self._stretches(queued) else None

    def insert(self, queued: int, peek: Callable[[int], bytes]) -> None:
        """Insert sound before the queued sound, if it is due. `peek(n)` shows the first n queued bytes."""
        if self._natural or min(queued, len(self._past)) < self._width or not self._stretches(queued):
            return
        self.inserted = insertion(self._past, peek(self._width), self._fmt)
        natural = self._fmt.samples_of(len(self.inserted)) * SPEED / (1 - SPEED)
        self._natural = round(natural) * self._fmt.sample_bytes

    def cut(self, n_bytes: int) -> bytes:
        """Take up to `n_bytes` of the inserted sound."""
        piece, self.inserted = self.inserted[:n_bytes], self.inserted[n_bytes:]
        return piece

    def left(self, sound: bytes) -> None:
        """Note that `sound` left as it came."""
        self._natural = max(0, self._natural - len(sound))
        self._past = (self._past + sound)[-self._width :]

    def _stretches(self, queued: int) -> bool:
        return self._starving or (self._slow and queued < self._slow_enough)


def insertion(past: bytes, ahead: bytes, fmt: pcm.Format = pcm.PCM16) -> bytes:
    """The sound to insert between `past` and `ahead`, each LONGEST_MS of PCM16.

    It is between SHORTEST_MS and LONGEST_MS long.
    """
    sound = array("h", past)
    point = len(sound)
    sound.frombytes(ahead)
    per_ms = fmt.rate_hz / 1000
    lag = _lag(
        sound, point, round(SHORTEST_MS * per_ms), round(LONGEST_MS * per_ms), round(ALIKE_MS * per_ms)
    )
    after, before = sound[point : point + lag], sound[point - lag : point]
    rising = range(lag)
    laid = map(add, map(mul, after, reversed(rising)), map(mul, before, rising))
    return array("h", map(floordiv, laid, repeat(lag - 1))).tobytes()


def _lag(sound: "array[int]", point: int, shortest: int, longest: int, width: int) -> int:
    """How far back from `point` the sound is most like the sound that follows `point`."""
    start = point % COARSE
    sums = [sum(sound[at : at + COARSE]) for at in range(start, len(sound) - COARSE + 1, COARSE)]
    lag = COARSE * _most_alike(
        sums, point // COARSE, range(-(-shortest // COARSE), longest // COARSE + 1), width // COARSE, 1
    )
    for step, around in ((FINE, COARSE), (1, FINE)):
        near = range(max(shortest, lag - around + step), min(longest, lag + around - step) + 1, step)
        lag = _most_alike(sound, point, near, width, FINE)
    return lag


def _most_alike(sound: "array[int] | list[int]", point: int, lags: range, width: int, step: int) -> int:
    """The lag with the largest normalised correlation; the longest one if several are equal, as in silence."""
    after = sound[point : point + width : step]
    best, likeness = lags[-1], float("-inf")
    for lag in reversed(lags):
        before = sound[point - lag : point - lag + width : step]
        alike = sum(map(mul, after, before))
        value = alike * abs(alike) / (sum(map(mul, before, before)) or 1)
        if value > likeness:
            best, likeness = lag, value
    return best
