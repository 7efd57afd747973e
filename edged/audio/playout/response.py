"""One response in the jitter buffer: what waits of it, and where what left of it lies.

Rules:
1. Sound is kept in the order it came and cut anywhere without being copied; what was *heard* of a part is reckoned
   from where its sound lies in the stream of all bytes the speaker took, silence included, because only that stream
   knows what a device that holds so many milliseconds has let out.
2. It waits, or it flows. It waits at its start for a time or an amount, whichever comes first, and after an underrun
   or an interruption for an amount; never once it has ended.
3. While it starves, or its session is slow, sound is inserted, so that it plays at `SPEED`: after an insertion come
   `SPEED / (1 - SPEED)` times as many bytes just as they came.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from edged import pcm
from edged.audio.playout import stretch
from edged.audio.playout.answers import Underrun
from edged.audio.playout.arrivals import ENOUGH_MS, SLOW_ENOUGH_MS, SPEED, Arrivals
from edged.audio.playout.prediction import NEVER, Rule
from edged.wire.parts import HeardPart, Part

_FOREVER = 2**62
MOST_PIECES = 40_000  # ten minutes in the smallest pieces that are not joined are 30,000
MOST_RESPONSES = 64  # not drained yet; two or three in life
SMALL_BYTES, JOINED_BYTES = 1024, 8192  # deltas below the first are joined, up to the second
MOST_RUNS, FOLDED_RUNS = 1000, 500  # of one response; more than one part is rare


@dataclass(slots=True)
class _Run:
    """Sound of one part that left without a gap: from byte `start` of the speaker's stream up to `stop`."""

    part: Part
    start: int
    stop: int


@dataclass(slots=True)
class QueuedResponse:
    """Plain state and its bookkeeping; what happens when is the jitter buffer's. Counts are bytes."""

    fmt: pcm.Format
    rule: Rule
    slow: bool = False  # its session's sound comes slower than it plays
    faded_in: int = _FOREVER  # of its fade-in, what is done; a start needs none
    queued: int = 0
    underruns: int = 0
    ended: bool = False
    live: bool = False  # some of it went to the speaker that pulls now
    whole: bool = True  # every delta of it reached a speaker's time: worth learning from
    flows: bool = False
    starved: bool = False
    inserted: bytes = b""  # goes before what is queued
    arrivals: Arrivals = field(default_factory=Arrivals)
    _first_at: int | None = None  # where the speaker's stream was when its first delta came
    _dry_ms: int | None = None  # it ran dry, and goes on when so much is queued
    _needed: int | None = None  # queued before it goes on; None: it waits for its start
    _natural: int = 0  # to go as they came before the next insertion
    _past: bytes = b""  # what left last
    _queue: deque[tuple[Part, memoryview]] = field(default_factory=deque)
    _received: dict[Part, int] = field(default_factory=dict)  # bytes, in order of arrival
    _runs: list[_Run] = field(default_factory=list)
    _heard: dict[Part, int] = field(default_factory=dict)  # of runs that are folded

    def add(self, part: Part, sound: bytes, at: int) -> None:
        """Queue sound that came in when the speaker's stream was at `at`."""
        if self._first_at is None:
            self._first_at = at
        self.arrivals.add(self.elapsed_ms(at), self.fmt.samples_of(len(sound)) * 1000 / self.fmt.rate_hz)
        self._queue_up(part, sound)
        self.queued += len(sound)
        self._received[part] = self._received.get(part, 0) + len(sound)
        if self.starved and self.queued >= self.fmt.bytes_of(ENOUGH_MS):
            self.starved = False

    def _queue_up(self, part: Part, sound: bytes) -> None:
        """Small deltas are joined: each piece costs some hundred bytes beside its sound."""
        if self._queue and len(sound) < SMALL_BYTES:
            last, before = self._queue[-1]
            if last == part and len(before) < JOINED_BYTES:
                self._queue[-1] = (last, memoryview(b"".join((before, sound))))
                return
        self._queue.append((part, memoryview(sound)))

    @property
    def pieces(self) -> int:
        """How many pieces of sound are queued."""
        return len(self._queue)

    def elapsed_ms(self, at: int) -> float:
        """Since its first delta, by the speaker's stream."""
        return self.fmt.samples_of(at - (self._first_at or 0)) * 1000 / self.fmt.rate_hz

    # Waiting and flowing

    def waits(self, at: int) -> int:
        """How many bytes of silence from `at` on it waits for, unless more comes; 0: it may flow."""
        if self.flows or self.ended:
            return 0
        if self._needed is not None:
            return 0 if self.queued >= self._needed else _FOREVER
        if not self.queued or self.queued >= self._enough:
            return 0 if self.queued else _FOREVER
        if self.rule.delay_ms == NEVER:
            return _FOREVER
        return max(0, (self._first_at or 0) + self.fmt.bytes_of(self.rule.delay_ms) - at)

    def flow(self) -> None:
        """Go on."""
        if not self.flows:
            self._past, self._natural = b"", self.fmt.bytes_of(stretch.LONGEST_MS)
        self.flows = self.live = True

    def hold(self, n_bytes: int) -> None:
        """Wait until so much is queued, and fade in then."""
        self.flows, self._needed, self.faded_in = False, n_bytes, 0

    def run_dry(self, needed_ms: int) -> None:
        """It starves; it goes on when so much is queued."""
        self.underruns += 1
        self.starved = True
        self._dry_ms = needed_ms
        self.hold(max(self.fmt.sample_bytes, self.fmt.bytes_of(needed_ms)))

    def gap(self) -> Iterator[Underrun]:
        """That it had run dry, once, when more has come: what ran dry at its end had no gap."""
        if self._dry_ms is not None:
            yield Underrun(self._dry_ms)
            self._dry_ms = None

    def abandon(self, rule: Rule) -> None:
        """There is no speaker: nothing of it is queued any more, and what comes later starts anew."""
        self.cut(self.queued)
        self.inserted = b""
        self.rule, self.live, self.whole = rule, False, False
        self.hold(0)
        self._needed = self._first_at = self._dry_ms = None

    @property
    def _enough(self) -> int:
        """Queued, it starts whatever the time."""
        ms = self.rule.queued_ms
        return _FOREVER if ms == NEVER else max(self.fmt.sample_bytes, self.fmt.bytes_of(ms))

    # Insertions

    @property
    def _stretched(self) -> bool:
        slow = self.slow and self.queued < self.fmt.bytes_of(SLOW_ENOUGH_MS)
        return (slow or self.starved) and not self.ended

    @property
    def steady(self) -> int:
        """How many bytes leave before the next insertion."""
        return self._natural if self._stretched and self._natural else _FOREVER

    def insert(self) -> bool:
        """Insert sound before what is queued, if it is time for it."""
        width = self.fmt.bytes_of(stretch.LONGEST_MS)
        if not self._stretched or self._natural or self.queued < width or len(self._past) < width:
            return False
        self.inserted = stretch.insertion(self._past, self._peek(width), self.fmt)
        natural = self.fmt.samples_of(len(self.inserted)) * SPEED / (1 - SPEED)
        self._natural = round(natural) * self.fmt.sample_bytes
        return True

    def cut_inserted(self, n_bytes: int) -> bytes:
        """Some of what was inserted."""
        piece, self.inserted = self.inserted[:n_bytes], self.inserted[n_bytes:]
        return piece

    def _peek(self, n_bytes: int) -> bytes:
        """What is queued first; no more than is."""
        out = bytearray()
        for _, sound in self._queue:
            out += sound[: n_bytes - len(out)]
            if len(out) == n_bytes:
                break
        return bytes(out)

    # What leaves

    def cut(self, n_bytes: int) -> list[tuple[Part, memoryview]]:
        """Take `n_bytes`, no more than are queued, off the queue."""
        self.queued -= n_bytes
        self._natural = max(0, self._natural - n_bytes)
        pieces = []
        while n_bytes:
            part, sound = self._queue.popleft()
            if len(sound) > n_bytes:
                self._queue.appendleft((part, sound[n_bytes:]))
            pieces.append((part, sound[:n_bytes]))
            n_bytes -= len(pieces[-1][1])
        if self.slow or self.starved:
            keep = self.fmt.bytes_of(stretch.LONGEST_MS)
            self._past = b"".join((self._past, *(sound for _, sound in pieces)))[-keep:]
        return pieces

    def ahead(self, n_bytes: int) -> bytes:
        """What would come next, `n_bytes` at most."""
        return (self.inserted + self._peek(n_bytes))[:n_bytes]

    def note(self, part: Part, start: int, stop: int) -> None:
        """Remember where sound of `part` lies; calls come in order."""
        if self._runs and self._runs[-1].stop == start and self._runs[-1].part == part:
            self._runs[-1].stop = stop
        else:
            self._runs.append(_Run(part, start, stop))
            if len(self._runs) > MOST_RUNS:
                self._fold()

    def _fold(self) -> None:
        """Reckon the older half of the runs as heard: they lie seconds back, unless parts change with every sample."""
        for run in self._runs[:FOLDED_RUNS]:
            self._heard[run.part] = self._heard.get(run.part, 0) + run.stop - run.start
        del self._runs[:FOLDED_RUNS]

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
        played = dict(self._heard)
        for run in self._runs:
            played[run.part] = played.get(run.part, 0) + max(0, min(run.stop, until) - run.start)
        for part, received in self._received.items():
            yield part, played.get(part, 0), received


def crowded(responses: Collection[QueuedResponse]) -> bool:
    """Whether they cost more beside their sound than any answers do."""
    return len(responses) >= MOST_RESPONSES or sum(each.pieces for each in responses) >= MOST_PIECES


def heard(responses: Iterable[QueuedResponse], until: int, fmt: pcm.Format) -> tuple[HeardPart, ...]:
    """What was heard of each part, up to byte `until` of the speaker's stream."""
    return tuple(
        HeardPart(part, fmt.ms_of(played), fmt.ms_of(received))
        for response in responses
        for part, played, received in response.heard(until)
    )
