"""One response in the jitter buffer: what waits of it, and where what left of it lies.

Rule: sound is kept in the order it came and cut anywhere without being copied; what was *heard* of a part is
reckoned from where its sound lies in the stream of all bytes the speaker took, silence included, because only
that stream knows what a device that holds so many milliseconds has let out.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from edged.wire.parts import Part


@dataclass(slots=True)
class _Run:
    """Sound of one part that left without a gap: from byte `start` of the speaker's stream up to `stop`."""

    part: Part
    start: int
    stop: int


@dataclass(slots=True)
class Response:
    """Plain state and its bookkeeping; what happens when is the jitter buffer's."""

    hold_bytes: int  # queued before it goes on; 0: it flows
    faded_in: int  # bytes of its fade-in that are done
    queued: int = 0
    underruns: int = 0
    ended: bool = False
    live: bool = False  # some of it went to the speaker that pulls now
    _queue: deque[tuple[Part, memoryview]] = field(default_factory=deque)
    _received: dict[Part, int] = field(default_factory=dict)  # bytes, in order of arrival
    _runs: list[_Run] = field(default_factory=list)

    def add(self, part: Part, sound: bytes) -> None:
        """Queue sound that came in."""
        self._queue.append((part, memoryview(sound)))
        self.queued += len(sound)
        self._received[part] = self._received.get(part, 0) + len(sound)

    def cut(self, n_bytes: int) -> list[tuple[Part, memoryview]]:
        """Take `n_bytes`, no more than are queued, off the queue."""
        self.queued -= n_bytes
        pieces = []
        while n_bytes:
            part, sound = self._queue.popleft()
            if len(sound) > n_bytes:
                self._queue.appendleft((part, sound[n_bytes:]))
            pieces.append((part, sound[:n_bytes]))
            n_bytes -= len(pieces[-1][1])
        return pieces

    def note(self, part: Part, start: int, stop: int) -> None:
        """Remember where sound of `part` lies; calls come in order."""
        if self._runs and self._runs[-1].stop == start and self._runs[-1].part == part:
            self._runs[-1].stop = stop
        else:
            self._runs.append(_Run(part, start, stop))

    @property
    def started(self) -> bool:
        return bool(self._runs)

    @property
    def stop(self) -> int:
        """Where its last sample so far lies; 0: nowhere yet."""
        return self._runs[-1].stop if self._runs else 0

    @property
    def played(self) -> bool:
        """Nothing of it is left, or will come."""
        return self.ended and not self.queued

    def heard(self, until: int) -> Iterator[tuple[Part, int, int]]:
        """Each part in order, the bytes of it that lie before `until`, and the bytes received."""
        for part, received in self._received.items():
            runs = (run for run in self._runs if run.part == part)
            yield part, sum(max(0, min(run.stop, until) - run.start) for run in runs), received
