"""One response in the jitter buffer: its sound that waits, when that may leave, and what of it was heard.

Rules:
1. It waits, or it flows. It waits at its start for a time or an amount, whichever comes first, and after an underrun
   or an interruption for an amount; never once it has ended.
2. Sound is kept in the order it came and cut anywhere without being copied. It leaves finished: with its fades, what
   is inserted (`stretch.py`), and a note of where it lies.
3. What was *heard* of a part is reckoned from where its sound lies in the stream of all bytes the speaker took,
   silence included, because only that stream knows what a device that holds so many milliseconds has let out.
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
MOST_PIECES = 40_000  # ten minutes in the smallest pieces that are not joined are 30,000
MOST_RESPONSES = 64  # not drained yet; two or three in life
SMALL_BYTES, JOINED_BYTES = 1024, 8192  # deltas below the first are joined, up to the second
MOST_RUNS, FOLDED_RUNS = 1000, 500  # of one response; more than one part is rare


class QueuedSound:
    """Sound of parts, in the order it came."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self._pieces: deque[tuple[Part, memoryview]] = deque()

    def __len__(self) -> int:
        """How many pieces it is in."""
        return len(self._pieces)

    def add(self, part: Part, sound: bytes) -> None:
        """Small deltas are joined: each piece costs some hundred bytes beside its sound."""
        self.n_bytes += len(sound)
        if self._pieces and len(sound) < SMALL_BYTES:
            last, before = self._pieces[-1]
            if last == part and len(before) < JOINED_BYTES:
                self._pieces[-1] = (last, memoryview(b"".join((before, sound))))
                return
        self._pieces.append((part, memoryview(sound)))

    def cut(self, n_bytes: int) -> list[tuple[Part, memoryview]]:
        """Take `n_bytes`, no more than there are."""
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
        """What comes first; no more than there is."""
        out = bytearray()
        for _, sound in self._pieces:
            out += sound[: n_bytes - len(out)]
            if len(out) == n_bytes:
                break
        return bytes(out)


@dataclass(slots=True)
class _Run:
    """Sound of one part that left without a gap: from byte `start` of the speaker's stream up to `stop`."""

    part: Part
    start: int
    stop: int


class PlayedParts:
    """Where what left of each part lies in the speaker's stream, and how much of each came."""

    def __init__(self) -> None:
        self.first: Part | None = None
        """What left first."""
        self.stop = 0
        """Where what left last ends."""
        self._received: dict[Part, int] = {}  # bytes, in order of arrival
        self._runs: list[_Run] = []
        self._folded: dict[Part, int] = {}  # bytes that were heard, of runs that are gone

    def receive(self, part: Part, n_bytes: int) -> None:
        self._received[part] = self._received.get(part, 0) + n_bytes

    def note(self, part: Part, start: int, n_bytes: int) -> None:
        """So much of `part` leaves, and lies at `start`; calls come in order."""
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
        """Reckon the older half of the runs as heard: they lie seconds back, unless parts change with every sample."""
        for run in self._runs[:FOLDED_RUNS]:
            self._folded[run.part] = self._folded.get(run.part, 0) + run.stop - run.start
        del self._runs[:FOLDED_RUNS]

    def heard(self, until: int) -> Iterator[tuple[Part, int, int]]:
        """Each part in order, the bytes of it that lie before `until`, and the bytes received."""
        played = dict(self._folded)
        for run in self._runs:
            played[run.part] = played.get(run.part, 0) + max(0, min(run.stop, until) - run.start)
        for part, received in self._received.items():
            yield part, played.get(part, 0), received


class QueuedResponse:
    """What happens when is the jitter buffer's. Counts are bytes."""

    def __init__(self, fmt: pcm.Format, rule: Rule, *, fade_bytes: int, slow: bool = False) -> None:
        """`slow`: its session's sound comes slower than it plays."""
        self._fmt, self._slow = fmt, slow
        self._sound = QueuedSound()
        self.parts = PlayedParts()
        self.arrivals: Arrivals | None = Arrivals()
        """None: some of it came while there was no speaker's time. Nothing can be learnt from it."""
        self._edges = Edges(fade_bytes, fmt.sample_bytes)
        self._stretcher = Stretcher(fmt, slow=True, starving=False) if slow else None  # most need none
        self.ended = False
        self.live = False
        """Some of it went to the speaker that pulls now."""
        self.flows = False
        self.underruns = 0
        self._owes_gap = False  # it ran dry, and nothing has come since
        self._first_at: int | None = None  # where the speaker's stream was when its first delta came
        self._start_by(rule)

    def _start_by(self, rule: Rule) -> None:
        queued = rule.queued_ms
        enough = FOREVER if queued == NEVER else self._fmt.bytes_of(queued)
        self._enough = max(self._fmt.sample_bytes, enough)  # queued, it goes on whatever the time
        self._delay = FOREVER if rule.delay_ms == NEVER else self._fmt.bytes_of(rule.delay_ms)
        self._due = FOREVER  # where in the speaker's stream it goes on, however little is queued

    def add(self, part: Part, sound: bytes, at: int) -> bool:
        """Queue sound that came in when the speaker's stream was at `at`; whether that ends a gap.

        What ran dry at its end had no gap.
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
        """No more of it comes, as the speaker's stream is at `at`; what there is to learn from it."""
        if self.arrivals is not None:
            self.arrivals.end(self._elapsed_ms(at))
        return self.arrivals

    def _elapsed_ms(self, at: int) -> float:
        """Since its first delta, by the speaker's stream."""
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
        """How much could leave now, if it flowed."""
        inserted = 0 if self._stretcher is None else len(self._stretcher.inserted)
        return inserted + self._sound.n_bytes

    # Waiting and flowing

    def waits(self, at: int) -> int:
        """How many bytes of silence from `at` on it waits for, unless more comes; 0: it may flow."""
        if self.flows or self.ended or self._sound.n_bytes >= self._enough:
            return 0
        return max(0, self._due - at)

    def take(self, room: int, at: int) -> bytes:
        """Some of what comes next, `room` bytes at most; it will lie at `at`."""
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
        """It goes on when so much is queued; `left`, which it ends with, fading out: longer where it is too short."""
        self.underruns += 1
        self._owes_gap = True
        self._stretcher = Stretcher(self._fmt, slow=self._slow, starving=True)
        self._hold(self._fmt.bytes_of(needed_ms))
        return self._edges.fade_out(left)

    def pause(self) -> bytes:
        """It waits from here on; its fade-out."""
        self._hold(self._fmt.sample_bytes)
        return self._edges.fade_out()

    def _hold(self, n_bytes: int) -> None:
        """Wait until so much is queued, and fade in then."""
        self.flows = False
        self._enough, self._due = max(self._fmt.sample_bytes, n_bytes), FOREVER
        self._edges.interrupt()

    def cut_off(self) -> bytes:
        """Nothing of it is wanted any more; what comes next of it, fading out."""
        length = self._edges.length
        inserted = b"" if self._stretcher is None else self._stretcher.inserted
        return self._edges.fade_out(self._edges.fade_in((inserted + self._sound.peek(length))[:length]))

    def abandon(self, rule: Rule) -> None:
        """There is no speaker: nothing of it is queued any more, and what comes later starts anew, by `rule`."""
        self._sound = QueuedSound()
        if self._stretcher is not None:
            self._stretcher.inserted = b""
        self.arrivals = self._first_at = None
        self.live = self._owes_gap = False
        self._hold(0)
        self._start_by(rule)


def crowded(responses: Collection[QueuedResponse]) -> bool:
    """Whether they cost more beside their sound than any answers do."""
    return len(responses) >= MOST_RESPONSES or sum(each.pieces for each in responses) >= MOST_PIECES


def heard(responses: Iterable[QueuedResponse], until: int, fmt: pcm.Format) -> tuple[HeardPart, ...]:
    """What was heard of each part, up to byte `until` of the speaker's stream."""
    return tuple(
        HeardPart(part, fmt.ms_of(played), fmt.ms_of(received))
        for response in responses
        for part, played, received in response.parts.heard(until)
    )
