"""The cues that wait, that sound, or that the device still holds, in order.

Rules:
1. Every cue has exactly one `CueDone`, once its last sample was heard or can no longer be heard.
2. At most `MOST_CUES` cues wait. When there are more, the oldest that has not begun is dropped and counted.
3. A cue whose rest the device dropped resumes from there with a fade-in, because somebody needs its
   message. Only a hush ends it.

Positions are bytes of everything that the speaker took.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from edged import pcm

MOST_CUES = 8  # nobody listens to more
HUSH_MS = 5  # the same as the fade of an answer
ENOUGH = 0.5  # of a tone


@dataclass(frozen=True, slots=True)
class CueDone:
    """A cue was heard to its end, or can no longer be. `heard`: enough of it sounded to be understood."""

    name: str
    heard: bool = True


@dataclass(slots=True, eq=False)
class _Cue:
    name: str
    sound: bytes
    enough: float  # bytes of it that sounded are enough to be understood
    offset: int = 0  # how much of it was taken
    begun: bool = False
    hushed: bool = False  # it ends with what the device is about to drop
    heard: bool = True
    stop: int = 0  # the position after its last taken byte

    def unheard(self, heard_until: int) -> int:
        """How many of its taken bytes are at or after `heard_until`."""
        return max(0, min(self.stop - heard_until, self.offset))


class CueQueue:
    """Sound is whole samples of PCM16 in `fmt`. Not thread-safe."""

    def __init__(self, fmt: pcm.Format = pcm.PCM16) -> None:
        self._fmt = fmt
        self._cues: deque[_Cue] = deque()  # waiting or sounding
        self._passing: deque[_Cue] = deque()  # taken completely, but still in the device
        self._before = b""  # the fade of an answer, sent before the first cue; it belongs to no cue
        self.dropped = 0

    @property
    def idle(self) -> bool:
        return not self._cues and not self._passing

    @property
    def sounds(self) -> bool:
        """Whether part of a cue was taken and may not be heard yet."""
        return bool(self._passing) or any(cue.begun and cue.offset for cue in self._cues)

    @property
    def queued_bytes(self) -> int:
        """How many bytes are left of the cues that wait or sound."""
        return sum(len(cue.sound) - cue.offset for cue in self._cues)

    def __len__(self) -> int:
        """How many cues wait or sound."""
        return len(self._cues)

    def add(self, name: str, sound: bytes, enough: float = ENOUGH) -> Iterator[CueDone]:
        """Queue a cue; yields the `CueDone` of a cue that was dropped to make room.

        `enough`: the share of the cue that has to sound to be understood.
        """
        self._cues.append(_Cue(name, sound, enough * len(sound)))
        waiting = [each for each in self._cues if not each.begun]
        if len(waiting) > MOST_CUES:
            self._cues.remove(waiting[0])
            self.dropped += 1
            yield CueDone(waiting[0].name, heard=False)

    def opens(self) -> bool:
        """Whether the next take begins a cue that has sound."""
        return bool(self._cues) and not self._cues[0].begun and bool(self._cues[0].sound)

    def take(self, room: int, at: int, before: bytes) -> bytes:
        """Take up to `room` bytes of the first cue, at position `at`. `before` is played before a cue that begins."""
        self._before += before
        cue = self._cues[0]
        cue.begun = True
        if self._before:
            piece, self._before = self._before[:room], self._before[room:]
            return piece
        piece = cue.sound[cue.offset : cue.offset + room]
        cue.offset += len(piece)
        cue.stop = at + len(piece)
        if cue.offset >= len(cue.sound):
            self._passing.append(self._cues.popleft())
        return piece

    def hush(self) -> None:
        """End the cue that sounds with a fade, and the cues that wait at once."""
        for cue in self._cues:
            cue.heard = cue.heard and cue.begun and cue.offset >= cue.enough
            stop = cue.offset + self._fmt.bytes_of(HUSH_MS) if cue.begun else 0
            cue.sound = cue.sound[: cue.offset] + pcm.ramp(cue.sound[cue.offset : stop], 1.0, 0.0)

    def doom(self) -> None:
        """Mark all present cues: they end with what the device is about to drop, and none is taken any more."""
        for cue in (*self._passing, *self._cues):
            cue.hushed = True

    def drop(self, heard_until: int) -> None:
        """The device dropped everything from `heard_until` on. This ends the doomed cues and no others."""
        self._passing.extend(cue for cue in self._cues if cue.hushed)
        self._cues = deque(cue for cue in self._cues if not cue.hushed)
        self._before = b""
        for cue in self._passing:
            heard = cue.offset - cue.unheard(heard_until)
            cue.heard = cue.heard and cue.begun and heard >= cue.enough

    def resume(self, heard_until: int) -> None:
        """The device dropped everything from `heard_until` on. Cues that were cut off resume from there."""
        for cue in [cue for cue in reversed(self._passing) if cue.unheard(heard_until)]:
            self._passing.remove(cue)
            self._cues.appendleft(cue)
        for cue in self._cues:
            cue.offset -= cue.unheard(heard_until)
            if cue.offset and cue.stop > heard_until:
                end = cue.offset + self._fmt.bytes_of(HUSH_MS)
                rising = pcm.ramp(cue.sound[cue.offset : end], 0.0, 1.0)
                cue.sound = cue.sound[: cue.offset] + rising + cue.sound[end:]
            cue.stop = min(cue.stop, heard_until)

    def settle(self) -> None:
        """There is no speaker: all cues count as passed."""
        self._passing.extend(self._cues)
        self._cues.clear()
        self._before = b""

    def passed(self, until: int | None) -> Iterator[CueDone]:
        """Yield the `CueDone` of the cues that were heard up to byte `until`; None: of all."""
        while self._passing and (until is None or self._passing[0].stop <= until):
            cue = self._passing.popleft()
            yield CueDone(cue.name, cue.heard)
