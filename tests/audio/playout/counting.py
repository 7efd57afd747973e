"""A jitter buffer that is watched from outside."""

from edged.audio.playout.jitter import JitterBuffer
from edged.wire.parts import Part


class CountedBuffer(JitterBuffer):
    """Counts what goes in and out, in bytes."""

    pushed = dropped = 0

    def push(self, part: Part, sound: bytes, *, ahead: int = 0) -> bool:
        accepted = super().push(part, sound, ahead=ahead)
        self.pushed += len(sound) if accepted else 0
        return accepted

    def flush(self, *, cut: bool = False, ahead: int = 0) -> None:
        self.dropped += self.queued_bytes
        super().flush(cut=cut, ahead=ahead)

    def settle(self) -> None:
        self.dropped += self.queued_bytes
        super().settle()

    @property
    def played(self) -> int:
        """How much of what was pushed has left."""
        return self.pushed - self.dropped - self.queued_bytes

    @property
    def added(self) -> int:
        """How much more was taken than that: silence, fades, and inserted sound."""
        return self.taken - self.played
