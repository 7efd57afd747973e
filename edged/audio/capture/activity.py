"""Whether somebody speaks in an utterance: cheap enough for every one, and made so that no speech is lost. Pure.

Rules:
1. The measure is the level of the band in which voices are (200 Hz to 3 kHz or so), 20 ms at a time: rumble, hum and
   most of a hiss lie outside. What is left of them is even; speech is not.
2. The floor is what a seventh of the utterance lies below: whoever speaks pauses, closes the lips, and waits before
   and after. Spoken is what stands out of it by `STANDS_OUT_DB` for `HELD_MS` or longer; a click is shorter.
3. The room is remembered. An utterance whose own floor lies far above it is taken for speech without a pause; if it is
   the room that has become louder, that is believed `RISE_DB` at a time, and costs a few utterances sent for nothing.
4. A short one has no floor of its own: the room's counts, and all of it is speech where no room is known yet.

Figures: `scripts/bench activity`. Not here: what an utterance without speech is to the turn (health.py).
"""

from array import array
from math import dist, log10
from operator import add

from edged import pcm

FRAME_MS = 20
STRIDE = 12  # samples from one point to the next: 2 kHz, whose differences are a band around 1 kHz
POINTS = 480 // STRIDE
ONE_DBFS = 20 * log10(pcm.FULL_SCALE * 6.7 * (POINTS / 2) ** 0.5)  # what a full sine of 1 kHz measures
LEAST_DBFS = -85.0  # below what a converter's last bit does
FLOOR = 0.15
STANDS_OUT_DB = 3.5  # even noise stays below 3.2, speech 5 dB above its noise reaches 5.9 at least
HELD_MS = 80
SHORT_MS = 1000
STRANGE_DB = 6.0  # above the room's floor: not the same room
RISE_DB = 6.0


class Activity:
    """Of one utterance at a time. Sound is PCM16, mono, 24 kHz, whole samples, in pieces of any size."""

    def __init__(self) -> None:
        self._room: float | None = None  # the floor of the utterances before
        self._rest = b""
        self._levels = array("d")  # 50 a second, for as long as an utterance may be

    def begin(self) -> None:
        """Another utterance: the one before becomes what is known of the room."""
        if len(self._levels) * FRAME_MS >= SHORT_MS:
            own = self._own_floor()
            self._room = own if self._room is None else min(own, self._room + RISE_DB)
        self._levels = array("d")
        self._rest = b""

    def feed(self, sound: bytes) -> None:
        """More of the utterance; less than a frame waits for its rest."""
        sound = self._rest + sound
        count = len(sound) // FRAME_BYTES
        self._rest = sound[count * FRAME_BYTES :]
        samples = array("h", sound[: count * FRAME_BYTES])
        low, high = (
            samples[::STRIDE],
            samples[6::STRIDE],
        )  # four neighbours are one point: what is above 3 kHz goes
        points = list(map(add, map(add, low, samples[2::STRIDE]), map(add, samples[4::STRIDE], high)))
        for at in range(0, count * POINTS, POINTS):
            end = at + POINTS - 1
            self._levels.append(_dbfs(dist(points[at:end], points[at + 1 : end + 1])))

    @property
    def speech_ms(self) -> int:
        """How much of it is speech."""
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
    def floor_dbfs(self) -> float:
        """The level of this room when nobody speaks: in the band of voices, against a full sine of 1 kHz."""
        floor = self._floor()
        return LEAST_DBFS if floor is None else floor

    def _own_floor(self) -> float:
        return sorted(self._levels)[int(len(self._levels) * FLOOR)]

    def _floor(self) -> float | None:
        """None: there is nothing to judge by."""
        if len(self._levels) * FRAME_MS < SHORT_MS:
            return self._room
        own, room = self._own_floor(), self._room
        return own if room is None or own < room + STRANGE_DB else room


FRAME_BYTES = pcm.PCM16.bytes_of(FRAME_MS)


def _dbfs(distance: float) -> float:
    return max(LEAST_DBFS, 20 * log10(max(distance, 1.0)) - ONE_DBFS)
