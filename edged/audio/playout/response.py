"""One response in the jitter buffer: its queued sound, when that may leave, and how much of it was heard.

Rules:
1. A response waits or flows. At its start, it waits for a time or an amount, whichever comes first. After
   an underrun or an interruption, it waits for an amount. It never waits once it has ended.
2. Sound is kept in the order it came, and is cut anywhere without a copy. It leaves finished: with its
   fades, with inserted sound (`stretch.py`), and with a note of its position.
3. What was *heard* of a part is computed from the position of its sound in the speaker's stream. This is
   the stream of all bytes that the speaker took, silence included. Only this stream shows what a device
   that holds some milliseconds has already played.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from edged import pcm
from edged.audio.playout.arrivals import Arrivals
from edged.audio.playout.fades import Edges
from edged.audio.playout.prediction import NEVER, Rule
from edged.audio.playout.stretch import Stretcher
from edged.wire.parts import HeardPart, Part

FOREVER = 2**62
# Ten minutes of the smallest pieces that are not joined make 30,000.
MOST_PIECES = 40_000
MOST_RESPONSES = 64  # not drained yet; two or three in practice
SMALL_BYTES, JOINED_BYTES = 1024, 8192  # smaller deltas are joined, up to the second size
MOST_RUNS, FOLDED_RUNS = 1000, 500  # per response; more than one part is rare


class QueuedSound:
    """The sound of parts, in the order it came."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self._pieces: deque[tuple[Part, memoryview]] = deque()

    def __len__(self) -> int:
        """How many pieces it is in."""
        return len(self._pieces)

    def add(self, part: Part, sound: bytes) -> None:
        """Queue sound. Small deltas are joined, because each piece costs some hundred extra bytes."""
        self.n_bytes += len(sound)
        if self._pieces and len(sound) < SMALL_BYTES:
            last, before = self._pieces[-1]
            if last == part and len(before) < JOINED_BYTES:
                self._pieces[-1] = (last, memoryview(b"".join((before, sound))))
                return
        self._pieces.append((part, memoryview(sound)))

    def cut(self, n_bytes: int) -> list[tuple[Part, memoryview]]:
        """Take `n_bytes`; at least that many must be queued."""
        self.n_bytes -= n_bytes
        pieces = []
        while n_bytes:
            part, sound = self._pieces[0]
            if len(sound) > n_bytes:
                self._pieces[0] = (part, sound[n_bytes:])
                sound = sound[:n_bytes]
            else:
                self._pieces.popleft()
            pieces.append((part, sound))
            n_bytes -= len(sound)
        return pieces

    def peek(self, n_bytes: int) -> bytes:
        """The first `n_bytes`, or all of it when less is queued."""
        out = bytearray()
        for _, sound in self._pieces:
            out += sound[: n_bytes - len(out)]
            if len(out) == n_bytes:
                break
        return bytes(out)


@dataclass(slots=True)
class _Run:
    """Sound of one part that left without a gap: bytes `start` to `stop` of the speaker's stream."""

    part: Part
    start: int
    stop: int


class PlayedParts:
    """Where the sound of each part is in the speaker's stream, and how much of each part came."""

    def __init__(self) -> None:
        self.first: Part | None = None
        """The part that left first."""
        self.stop = 0
        """Where the sound that left last ends."""
        self._received: dict[Part, int] = {}  # bytes, in order of arrival
        self._runs: list[_Run] = []
        self._folded: dict[Part, int] = {}  # bytes that were heard, from runs that are folded

    def receive(self, part: Part, n_bytes: int) -> None:
        self._received[part] = self._received.get(part, 0) + n_bytes

    def note(self, part: Part, start: int, n_bytes: int) -> None:
        """Note that `n_bytes` of `part` leave, at position `start`. Calls come in order."""
        if self.stop == start and self._runs and self._runs[-1].part == part:
            self._runs[-1].stop = self.stop = start + n_bytes
            return
        if self.first is None:
            self.first = part
        self.stop = start + n_bytes
        self._runs.append(_Run(part, start, self.stop))
        if len(self._runs) > MOST_RUNS:
            self._fold()

    def _fold(self) -> None:
        """Count the older half of the runs as heard. They are seconds old, unless parts change with every sample."""
        for run in self._runs[:FOLDED_RUNS]:
            self._folded[run.part] = self._folded.get(run.part, 0) + run.stop - run.start
        del self._runs[:FOLDED_RUNS]

    def heard(self, until: int) -> Iterator[tuple[Part, int, int]]:
        """Yield each part in order, with its bytes before `until` and its bytes received."""
        played = dict(self._folded)
        for run in self._runs:
            played[run.part] = played.get(run.part, 0) + max(0, min(run.stop, until) - run.start)
        for part, received in self._received.items():
            yield part, played.get(part, 0), received


class QueuedResponse:
    """The sound and the state of one response. The jitter buffer decides what happens when. Counts are bytes."""

    def __init__(self, fmt: pcm.Format, rule: Rule, *, fade_bytes: int, slow: bool = False) -> None:
        """`slow`: the sound of its session comes slower than it plays."""
        self._fmt, self._slow = fmt, slow
        self._sound = QueuedSound()
        self.parts = PlayedParts()
        self.arrivals: Arrivals | None = Arrivals()
        """None: some of it came while no speaker was there to tell the time, so nothing can be learned from it."""
        self._edges = Edges(fade_bytes, fmt.sample_bytes)
        # Most responses need no stretching.
        self._stretcher = Stretcher(fmt, slow=True, starving=False) if slow else None
        self.ended = False
        self.live = False
        """Whether the current speaker has taken some of it."""
        self.flows = False
        self.underruns = 0
        self._owes_gap = False  # it ran dry, and nothing has come since
        self._first_at: int | None = None  # the position of the speaker's stream when its first delta came
        self._start_by(rule)

    def _start_by(self, rule: Rule) -> None:
        queued = rule.queued_ms
        enough = FOREVER if queued == NEVER else self._fmt.bytes_of(queued)
        # With this much queued, it flows, whatever the time.
        self._enough = max(self._fmt.sample_bytes, enough)
        self._delay = FOREVER if rule.delay_ms == NEVER else self._fmt.bytes_of(rule.delay_ms)
        # At this position of the speaker's stream it flows, however little is queued.
        self._due = FOREVER

    def add(self, part: Part, sound: bytes, at: int) -> bool:
        """Queue sound that came at position `at` of the speaker's stream. Returns whether it ends a gap.

        A response that ran dry at its end had no gap.
        """
        if self._first_at is None:
            self._first_at, self._due = at, at + self._delay
        self._sound.add(part, sound)
        self.parts.receive(part, len(sound))
        if self._stretcher is not None:
            self._stretcher.came(self._sound.n_bytes)
        if self.arrivals is not None:
            self.arrivals.add(self._elapsed_ms(at), self._fmt.duration_ms(len(sound)))
        owed, self._owes_gap = self._owes_gap, False
        return owed

    def complete(self, at: int) -> Arrivals | None:
        """Mark it as complete at position `at` of the speaker's stream. Returns what can be learned from it."""
        if self.arrivals is not None:
            self.arrivals.end(self._elapsed_ms(at))
        return self.arrivals

    def _elapsed_ms(self, at: int) -> float:
        """Ms since its first delta, by the speaker's stream."""
        return self._fmt.duration_ms(at - (self._first_at or 0))

    @property
    def queued(self) -> int:
        return self._sound.n_bytes

    @property
    def pieces(self) -> int:
        """How many pieces of sound are queued."""
        return len(self._sound)

    @property
    def ready(self) -> int:
        """How many bytes could leave now, if it flowed."""
        inserted = 0 if self._stretcher is None else len(self._stretcher.inserted)
        return inserted + self._sound.n_bytes

    # Waiting and flowing

    def waits(self, at: int) -> int:
        """How many bytes of silence it waits for from `at` on, unless more sound comes; 0: it may flow."""
        if self.flows or self.ended or self._sound.n_bytes >= self._enough:
            return 0
        return max(0, self._due - at)

    def take(self, room: int, at: int) -> bytes:
        """Up to `room` bytes of what comes next, for position `at`."""
        if not self.flows:
            self._flow()
        limit = min(room, self._sound.n_bytes)
        if self._stretcher is not None:
            if inserted := self._inserted(self._stretcher, room):
                return self._finished(inserted)
            if not self.ended and (natural := self._stretcher.natural(self._sound.n_bytes)):
                limit = min(limit, natural)
        pieces = self._sound.cut(limit)
        for part, piece in pieces:
            self.parts.note(part, at, len(piece))
            at += len(piece)
        sound = b"".join([piece for _, piece in pieces])
        if self._stretcher is not None:
            self._stretcher.left(sound)
        return self._finished(sound)

    def _flow(self) -> None:
        self.flows = self.live = True
        if self._stretcher is not None:
            self._stretcher.resume()

    def _inserted(self, stretcher: Stretcher, room: int) -> bytes:
        if not stretcher.inserted and not self.ended:
            stretcher.insert(self._sound.n_bytes, self._sound.peek)
        return stretcher.cut(room)

    def _finished(self, sound: bytes) -> bytes:
        if self._edges.rising:
            sound = self._edges.fade_in(sound)
        if sound:
            self._edges.last = sound
        return sound

    def run_dry(self, left: bytes, needed_ms: int) -> bytes:
        """Wait until `needed_ms` are queued. Returns `left`, its last sound, with a fade-out.

        If `left` is too short for the fade, its last sample is repeated.
        """
        self.underruns += 1
        self._owes_gap = True
        self._stretcher = Stretcher(self._fmt, slow=self._slow, starving=True)
        self._hold(self._fmt.bytes_of(needed_ms))
        return self._edges.fade_out(left)

    def pause(self) -> bytes:
        """Wait from here on; returns the fade-out."""
        self._hold(self._fmt.sample_bytes)
        return self._edges.fade_out()

    def _hold(self, n_bytes: int) -> None:
        """Wait until `n_bytes` are queued, then fade in."""
        self.flows = False
        self._enough, self._due = max(self._fmt.sample_bytes, n_bytes), FOREVER
        self._edges.interrupt()

    def cut_off(self) -> bytes:
        """Return the next sound as a fade-out, because the rest is no longer wanted."""
        length = self._edges.length
        inserted = b"" if self._stretcher is None else self._stretcher.inserted
        return self._edges.fade_out(self._edges.fade_in((inserted + self._sound.peek(length))[:length]))

    def abandon(self, rule: Rule) -> None:
        """There is no speaker: drop the queued sound. What comes later starts again, by `rule`."""
        self._sound = QueuedSound()
        if self._stretcher is not None:
            self._stretcher.inserted = b""
        self.arrivals = self._first_at = None
        self.live = self._owes_gap = False
        self._hold(0)
        self._start_by(rule)


def crowded(responses: Collection[QueuedResponse]) -> bool:
    """Whether the responses use more memory, apart from their sound, than any real answers do."""
    return len(responses) >= MOST_RESPONSES or sum(each.pieces for each in responses) >= MOST_PIECES


def heard(responses: Iterable[QueuedResponse], until: int, fmt: pcm.Format) -> tuple[HeardPart, ...]:
    """What was heard of each part, up to byte `until` of the speaker's stream."""
    return tuple(
        HeardPart(part, fmt.ms_of(played), fmt.ms_of(received))
        for response in responses
        for part, played, received in response.parts.heard(until)
    )
