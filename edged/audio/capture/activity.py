"""Detects whether somebody speaks in an utterance. Cheap enough to run on every utterance; misses no speech. Pure.

Rules:
1. The measure is the level of the band that contains voices (about 200 Hz to 3 kHz), in steps of 20 ms.
   Rumble, hum and most hiss are outside this band. What remains of them is steady; speech is not.
2. The floor is the level below which about a seventh of the utterance lies: people pause, close their lips,
   and wait before and after they speak. Sound counts as speech when it exceeds the floor by `STANDS_OUT_DB`
   for at least `HELD_MS`. A click is shorter.
3. The floor of the room is remembered. An utterance whose own floor is far above it counts as speech
   without a pause. If it is the room that has become louder, the room's floor rises by at most `RISE_DB`
   for each utterance. Until then, a few utterances are sent for nothing.
4. A short utterance has no floor of its own, so the floor of the room applies. While no room is known yet,
   all of it counts as speech.

Figures: `scripts/bench activity`. Not here: what an utterance without speech means for the turn
(health.py).
"""

from array import array
from math import dist, log10
from operator import add

from edged import pcm

FRAME_MS = 20
POINT_HZ = 2000  # points in a second: their differences measure a band around 1 kHz
POINTS = FRAME_MS * POINT_HZ // 1000
# Four samples make a point. They are this far apart, as at 24 kHz every second sample is.
NEIGHBOUR_HZ = 12_000
ONE_DBFS = 20 * log10(pcm.FULL_SCALE * 6.7 * (POINTS / 2) ** 0.5)  # the measure of a full-scale sine of 1 kHz
LEAST_DBFS = -85.0  # below the last bit of a converter
FLOOR = 0.15
# Steady noise stays below 3.2; speech 5 dB above its noise reaches at least 5.9.
STANDS_OUT_DB = 3.5
HELD_MS = 80
SHORT_MS = 1000
STRANGE_DB = 6.0  # a floor this far above the room's floor belongs to another room
RISE_DB = 6.0


class Activity:
    """Measures one utterance at a time. Sound is whole samples of PCM16 in `fmt`, in pieces of any size.

    The rate of `fmt` is a multiple of 2000 Hz.
    """

    def __init__(self, fmt: pcm.Format = pcm.PCM16) -> None:
        self._frame_bytes = fmt.bytes_of(FRAME_MS)
        self._stride = fmt.rate_hz // POINT_HZ
        self._offsets = [round(of * fmt.rate_hz / NEIGHBOUR_HZ) for of in range(4)]
        self._room: float | None = None  # the floor of the utterances before
        self._rest = b""
        self._levels = array("d")  # 50 a second, for as long as an utterance lasts

    def begin(self) -> None:
        """Begin another utterance. What is known about the room is updated from the one before."""
        if len(self._levels) * FRAME_MS >= SHORT_MS:
            own = self._own_floor()
            self._room = own if self._room is None else min(own, self._room + RISE_DB)
        self._levels = array("d")
        self._rest = b""

    def feed(self, sound: bytes) -> None:
        """Add sound of the utterance. A part of a frame is kept until the rest of it comes."""
        sound = self._rest + sound
        count = len(sound) // self._frame_bytes
        self._rest = sound[count * self._frame_bytes :]
        samples = array("h", sound[: count * self._frame_bytes])
        # Four neighbours are added to one point, which removes what is above 3 kHz.
        _, second, third, fourth, stride = *self._offsets, self._stride
        low, high = samples[::stride], samples[fourth::stride]
        points = list(
            map(add, map(add, low, samples[second::stride]), map(add, samples[third::stride], high))
        )
        for at in range(0, count * POINTS, POINTS):
            end = at + POINTS - 1
            self._levels.append(_dbfs(dist(points[at:end], points[at + 1 : end + 1])))

    @property
    def speech_ms(self) -> int:
        """How many milliseconds of the utterance are speech."""
        if self._floor() is None:
            return len(self._levels) * FRAME_MS
        least = self.floor_dbfs + STANDS_OUT_DB
        spoken = held = 0
        for level in self._levels:
            held = held + FRAME_MS if level > least else 0
            if held >= HELD_MS:
                spoken += FRAME_MS if held > HELD_MS else HELD_MS
        return spoken

    @property
    def pause_ms(self) -> int:
        """How long nobody has spoken, at the end of the utterance. None of it counts while there is no floor."""
        if self._floor() is None:
            return 0
        least = self.floor_dbfs + STANDS_OUT_DB
        held = 0
        for at, level in enumerate(reversed(self._levels)):
            held = held + FRAME_MS if level > least else 0
            if held >= HELD_MS:
                return at * FRAME_MS + FRAME_MS - held
        return len(self._levels) * FRAME_MS

    @property
    def floor_dbfs(self) -> float:
        """The level of this room when nobody speaks, in the band of voices, relative to a full-scale sine of 1 kHz."""
        floor = self._floor()
        return LEAST_DBFS if floor is None else floor

    def _own_floor(self) -> float:
        return sorted(self._levels)[int(len(self._levels) * FLOOR)]

    def _floor(self) -> float | None:
        """The floor; None if there is nothing to judge by."""
        if len(self._levels) * FRAME_MS < SHORT_MS:
            return self._room
        own, room = self._own_floor(), self._room
        return own if room is None or own < room + STRANGE_DB else room


def _dbfs(distance: float) -> float:
    return max(LEAST_DBFS, 20 * log10(max(distance, 1.0)) - ONE_DBFS)
