"""Records when the deltas of one response arrived, and computes how another start would have played it.

Time is the sound that the speaker has taken, in ms since the first delta. Only this clock shows which take
a delta missed, and it stops when the speaker stops. The *lateness* of a delta is its arrival time minus the
sound that came before it. A response that starts after d ms plays without a gap if no lateness exceeds d.
The largest lateness is r*.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

# The sound that must be queued before a response resumes after its first underrun. Each further underrun doubles it.
REBUFFER_MS = 120
# With a longer pause, a visitor thinks that the kiosk has failed.
MOST_REBUFFER_MS = 1600
# The speed of stretched sound. Slower speech sounds slow.
SPEED = 0.9
# With this much sound queued, a response no longer starves.
ENOUGH_MS = 500
# With this much sound queued, a session that is slower than real time is no longer stretched.
SLOW_ENOUGH_MS = 1500
DOUBT_MS = 20
# One of the points where the sound was furthest ahead (`_most`) is kept per span of this length.
FLOOR_MS = 200
# The most deltas remembered of a response. A replay of one start then takes 0.2 ms on a fast machine.
MOST_DELTAS = 600
# The first deltas, which are never merged.
EARLY = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a listener would have heard: ms until the start, the number of gaps, and the ms of silence in them."""

    delay_ms: float
    gaps: int
    silent_ms: float


@dataclass(slots=True)
class Arrivals:
    """The deltas of one response, in order. Deltas that arrive between the same two takes count as one."""

    at: list[float] = field(default_factory=list)  # ms since the first delta
    got: list[float] = field(default_factory=list)  # ms of sound received, this delta included
    done: float | None = None  # when the response was complete
    # Where the sound was furthest ahead of its time, one per FLOOR_MS: (time - sound, time, sound).
    _most: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, at_ms: float, length_ms: float) -> None:
        """Note a delta that came at `at_ms`, on any clock of the speaker's; the first one becomes zero."""
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
        """Merge later deltas in pairs; each pair is as late as its later delta, so r* stays the same."""
        at, got, before = self.at[:EARLY], self.got[:EARLY], self.before
        for first in range(EARLY, len(self.at), 2):
            last = min(first + 1, len(self.at) - 1)
            late = max(self.at[first] - before[first], self.at[last] - before[last])
            at.append(max(at[-1], before[first] + late))
            got.append(self.got[last])
        self.at, self.got = at, got

    def end(self, at_ms: float) -> None:
        """Note that the response is complete."""
        self.done = max(at_ms, self.at[-1])

    @property
    def before(self) -> list[float]:
        """For each delta, the ms of sound that came before it."""
        return [0.0, *self.got[:-1]]

    def queued_at(self, ms: float) -> float:
        """When `ms` of sound had come, or when the response was complete, if that was less."""
        index = bisect_left(self.got, ms)
        return self.at[index] if index < len(self.at) else self.complete_at

    @property
    def complete_at(self) -> float:
        return self.at[-1] if self.done is None else self.done

    def rate(self) -> tuple[float, float]:
        """The rate of the far end, as (ms of sound, ms of time); (0, 0) for a response too short to tell.

        A link can only add lateness. So this takes the point furthest ahead of its time in the first third,
        and the one in the last third. Between them lies the rate of the server, whatever the link did.
        Where the rate seems slow, up to DOUBT_MS is subtracted from the time, because an arrival is known
        only to the block that the speaker takes.
        """
        span = self.at[-1]
        if span < 1000:
            return 0.0, 0.0
        _, early_at, early = min(each for each in self._most if each[1] <= span / 3)
        _, last_at, last = min(each for each in self._most if each[1] >= span - span / 3)
        took, sound = last_at - early_at, last - early
        return sound, max(min(took, sound), took - DOUBT_MS)


class Replay:
    """Replays one response with other start delays."""

    def __init__(self, arrivals: Arrivals, *, stretched: bool) -> None:
        """`stretched`: the response plays at SPEED from its start."""
        self._arrivals = arrivals
        self._done = arrivals.complete_at
        self._stretched = stretched
        late = (at - before for at, before in zip(arrivals.at, arrivals.before, strict=True))
        self._worst = list(accumulate(late, max))

    def outcome(self, delay_ms: float) -> Outcome:
        """The outcome of a start after `delay_ms`, or when the response was complete, if that was earlier.

        Only a delta that is later than all before it can find the buffer dry. So no delta matters before
        the first one that is later than the start.
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
