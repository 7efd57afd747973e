"""When the deltas of one response came, and what would have become of it under another start.

Time is what the speaker took, in ms since the first delta: the only clock that says which take a delta missed, and
one that stands still with the speaker. `lateness` of a delta is its time less the sound that came before it: started
after d ms, a response plays without a gap as long as no lateness exceeds d (r* is the largest).
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

REBUFFER_MS = (
    120  # queued before a response goes on after its first underrun; twice as much after each further one
)
MOST_REBUFFER_MS = 1600  # beyond it a visitor takes the kiosk for dead
SPEED = 0.9  # of stretched sound; slower is heard as slow
ENOUGH_MS = 500  # queued; starving ends there
SLOW_ENOUGH_MS = 1500  # queued; a session that is slower than it plays is not stretched beyond
DOUBT_MS = 20
FLOOR_MS = 200  # so finely it is kept when most had come
MOST_DELTAS = 600  # remembered of a response; a replay of one start takes 0.2 ms then, on a fast machine
EARLY = 100  # of those, the first, are never gathered


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a listener would have met: ms until it started, gaps, ms of silence in them."""

    delay_ms: float
    gaps: int
    silent_ms: float


@dataclass(slots=True)
class Arrivals:
    """Deltas of one response, in order; those that came between the same two takes are one."""

    at: list[float] = field(default_factory=list)  # ms since the first
    got: list[float] = field(default_factory=list)  # ms of sound, with this one
    done: float | None = None  # when the response was complete
    _most: list[tuple[float, float, float]] = field(default_factory=list)  # when most had come for its time

    def add(self, at_ms: float, length_ms: float) -> None:
        """A delta came; `at_ms` on any clock of the speaker's, the first is zero of this one."""
        if self.at and at_ms <= self.at[-1]:
            self.got[-1] += length_ms
        else:
            self.got.append((self.got[-1] if self.got else 0.0) + length_ms)
            self.at.append(at_ms)
        at, got = self.at[-1], self.got[-1]
        if self._most and at // FLOOR_MS == self._most[-1][1] // FLOOR_MS:
            self._most[-1] = min(self._most[-1], (at - got, at, got))
        else:
            self._most.append((at - got, at, got))
            if len(self._most) == MOST_DELTAS:
                pairs = iter(self._most)
                self._most = [min(pair) for pair in zip(pairs, pairs, strict=True)]
        if len(self.at) > MOST_DELTAS:
            self._gather()

    def _gather(self) -> None:
        """Make one of each two later deltas, as late as the later of them: r* stays what it was."""
        at, got, before = self.at[:EARLY], self.got[:EARLY], self.before
        for first in range(EARLY, len(self.at), 2):
            last = min(first + 1, len(self.at) - 1)
            late = max(self.at[first] - before[first], self.at[last] - before[last])
            at.append(max(at[-1], before[first] + late))
            got.append(self.got[last])
        self.at, self.got = at, got

    def end(self, at_ms: float) -> None:
        """It is complete."""
        self.done = max(at_ms, self.at[-1])

    @property
    def before(self) -> list[float]:
        """Per delta, ms of sound that came before it."""
        return [0.0, *self.got[:-1]]

    def queued_at(self, ms: float) -> float:
        """When so much had come; when it was complete, if it never was so much."""
        index = bisect_left(self.got, ms)
        return self.at[index] if index < len(self.at) else self.complete_at

    @property
    def complete_at(self) -> float:
        return self.at[-1] if self.done is None else self.done

    def rate(self) -> tuple[float, float]:
        """Sound per time as the far end made it, as (ms of sound, ms of time); (0, 0) for one too short to tell.

        A link only ever adds lateness. So between when most had come for its time in the first third and when in the
        last one lies the rate of the server, whatever the link did. Where it seems slow it has the benefit of DOUBT_MS,
        for arrivals are known by the block that the speaker takes.
        """
        span = self.at[-1]
        if span < 1000:
            return 0.0, 0.0
        _, early_at, early = min(each for each in self._most if each[1] <= span / 3)
        _, last_at, last = min(each for each in self._most if each[1] >= span - span / 3)
        took, sound = last_at - early_at, last - early
        return sound, max(min(took, sound), took - DOUBT_MS)


class Replay:
    """The outcomes of one response under other start delays."""

    def __init__(self, arrivals: Arrivals, *, stretched: bool) -> None:
        """`stretched`: it plays at SPEED from its start."""
        self._arrivals = arrivals
        self._done = arrivals.complete_at
        self._stretched = stretched
        late = (at - before for at, before in zip(arrivals.at, arrivals.before, strict=True))
        self._worst = list(accumulate(late, max))

    def outcome(self, delay_ms: float) -> Outcome:
        """Started after `delay_ms`, or when it was complete.

        Only a delta that is later than all before it can find it dry, and none does before the first that is later
        than the start.
        """
        at, got = self._arrivals.at, self._arrivals.got
        start = since = min(delay_ms, self._done)
        gaps, silent, played, speed = 0, 0.0, 0.0, SPEED if self._stretched else 1.0
        index = bisect_right(self._worst, start)
        while index < len(at):
            now, before = at[index], got[index - 1]
            dry = since + (before - played) / speed
            if now > dry:
                index = bisect_left(got, before + min(REBUFFER_MS << gaps, MOST_REBUFFER_MS), index)
                now = at[index] if index < len(at) else self._done
                silent += now - dry
                gaps += 1
                played, speed = before, SPEED
            else:
                played += (now - since) * speed
            since = now
            if index < len(at) and (speed < 1 or self._stretched):
                enough = SLOW_ENOUGH_MS if self._stretched else ENOUGH_MS
                speed = SPEED if got[index] - played < enough else 1.0
            index += 1
        return Outcome(start, gaps, silent)
