"""Judges whether a recording can be an utterance at all, so that a dead microphone or an empty press costs nothing.

Rules:
1. An utterance is judged once, at the release, from figures that were updated while the sound came in. Only
   the beginning of the sound is kept, until more comes, because the figures take longer than everything
   else that a press does.
2. Only what cannot be speech is refused: no sound at all; the same number throughout (a dead microphone
   gives zeros, a stuck one another number), or an offset with no signal on it; nothing louder than
   `refuse_below_dbfs`; or a room in which nobody spoke (activity.py). Everything that may be speech is
   sent, however bad it is. Its faults are reported.
3. *Nobody spoke* is only concluded when nothing was louder than `LOUD_DBFS`, because loud sound leaves a
   doubt.
4. Levels are the root mean square of 20 ms without its offset, relative to a full-scale sine (0 dBFS).

Not here: what a refusal sounds like, and when the gate is open.
"""

from array import array
from dataclasses import dataclass
from math import dist, log10

from edged import pcm
from edged.audio.capture.activity import FRAME_MS, HELD_MS, Activity

NEVER_DBFS = -100.0  # below the last bit
# A range from the lowest to the highest sample that is no signal: only the last bit of the converter changes.
STILL = 2
# A share of full scale. A larger offset wastes headroom and suggests that an input is wired wrongly.
OFFSET = 0.05
LOUD_DBFS = -40.0  # louder than any quiet room
PAUSE_MS = 1500  # people pause for less within a sentence
BEGINS_MS = 5000  # who wants to reply begins within this time


@dataclass(frozen=True, slots=True)
class Fitness:
    """The limits from `microphone` in the configuration. If `judged` is False, there are none: everything is sent."""

    judged: bool = True
    refuse_below_dbfs: float = -70.0
    warn_below_dbfs: float = -50.0
    warn_clipped_percent: float = 1.0
    refuse_empty: bool = True


@dataclass(frozen=True, slots=True)
class HealthVerdict:
    """Cause ids: `refused` says why the utterance is not sent (None: send it); `faults` go to the journal."""

    refused: str | None = None
    faults: tuple[str, ...] = ()
    dead: bool = False
    """Whether it is refused because the microphone cannot have heard anything."""


class Health:
    """Judges one utterance at a time: `begin`, `hear` all of it, `verdict`. Sound is whole samples of `fmt`."""

    def __init__(self, fitness: Fitness | None = None, fmt: pcm.Format = pcm.PCM16) -> None:
        self.fitness = fitness or Fitness()
        self.set_format(fmt)
        self._still = STILL
        self._rest = b""  # less than a frame
        self._begins_with: bytes | None = None  # None: sound came after the last `begin`
        self._clear()

    def set_format(self, fmt: pcm.Format) -> None:
        """The next utterance has this format. What is known about the room is forgotten."""
        self._fmt = fmt
        self.forget_room()
        self._frame_bytes = fmt.bytes_of(FRAME_MS)
        self._origin = (0,) * fmt.samples_of(self._frame_bytes)

    def forget_room(self) -> None:
        """Another microphone, or another gain: nothing is known about the room. Call it between utterances."""
        self._activity = Activity(self._fmt)

    def set_gain(self, factor: float) -> None:
        """All sound from now on comes with this gain, and so does the last bit of the converter."""
        self._still = max(STILL, round(STILL * factor))

    def begin(self, sound: bytes = b"") -> None:
        """Begin another utterance, whose first sound this is. Returns at once."""
        self._begins_with = sound

    def hear(self, sound: bytes) -> None:
        """Add sound of the utterance, in pieces of any size."""
        if self._begins_with is not None:
            sound, self._begins_with = self._begins_with + sound, None
            self._clear()
            self._activity.begin()
        frames = self._rest + sound
        size = self._frame_bytes
        whole = len(frames) - len(frames) % size
        for at in range(0, whole, size):
            self._take(frames[at : at + size])
        self._rest = frames[whole:]
        self._activity.feed(sound)

    def verdict(self) -> HealthVerdict:
        """Decide whether the utterance is sent."""
        self.hear(b"")
        if self._rest:
            self._take(self._rest)
            self._rest = b""
        if not self.fitness.judged:
            return HealthVerdict()
        dead = self._dead()
        if dead:
            return HealthVerdict(dead, dead=True)
        return HealthVerdict("nothing_said") if self._is_empty else HealthVerdict(None, tuple(self._faults()))

    @property
    def fell_silent(self) -> bool:
        """Whether somebody has spoken and has finished, or nobody has begun to speak for long. Call `hear` first."""
        pause_ms = self._activity.pause_ms
        return pause_ms >= BEGINS_MS or (pause_ms >= PAUSE_MS and self._activity.speech_ms >= HELD_MS)

    @property
    def loudest_dbfs(self) -> float:
        """The level of its loudest 20 ms."""
        return max(NEVER_DBFS, 10 * log10(max(self._loudest, 1e-3) / (pcm.FULL_SCALE**2 / 2)))

    def _clear(self) -> None:
        self._rest = b""
        self._loudest = 0.0  # mean square of a frame
        self._lowest, self._highest = pcm.FULL_SCALE, -pcm.FULL_SCALE - 1
        self._sum = self._samples = self._clipped = 0

    def _take(self, frame: bytes) -> None:
        samples = array("h", frame).tolist()  # a list of numbers is read three times as fast
        count, lowest, highest, total = len(samples), min(samples), max(samples), sum(samples)
        energy = dist(samples, self._origin[:count]) ** 2
        self._loudest = max(self._loudest, energy / count - (total / count) ** 2)
        self._lowest, self._highest = min(self._lowest, lowest), max(self._highest, highest)
        self._samples += count
        self._sum += total
        if highest == pcm.FULL_SCALE:
            self._clipped += samples.count(highest)
        if lowest <= -pcm.FULL_SCALE:  # -32767 is full scale after a gain
            self._clipped += samples.count(-pcm.FULL_SCALE) + samples.count(-pcm.FULL_SCALE - 1)

    def _dead(self) -> str | None:
        """The cause, if this microphone hears nothing."""
        if not self._samples:
            return "microphone_silent"
        stands = self._highest - self._lowest <= self._still
        deaf = self.loudest_dbfs < self.fitness.refuse_below_dbfs
        if stands and abs(self._sum) <= self._still * self._samples:
            return "microphone_silent"
        if stands or (deaf and self._offset > OFFSET):
            return "microphone_stuck"
        return "speech_too_quiet" if deaf else None

    @property
    def _is_empty(self) -> bool:
        """Whether nobody spoke."""
        judged = self.fitness.refuse_empty and self.loudest_dbfs <= LOUD_DBFS
        return judged and self._activity.speech_ms < HELD_MS

    def _faults(self) -> list[str]:
        faults = {
            "speech_clipped": self._clipped * 100 > self.fitness.warn_clipped_percent * self._samples,
            "speech_faint": self.loudest_dbfs < self.fitness.warn_below_dbfs,
            "microphone_offset": self._offset > OFFSET,
        }
        return [cause for cause, is_so in faults.items() if is_so]

    @property
    def _offset(self) -> float:
        """The offset as a share of full scale."""
        return abs(self._sum) / self._samples / pcm.FULL_SCALE
