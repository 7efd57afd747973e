"""From the loop to the speaker's thread: answers, and the cues that go before them.

Rules:
1. `take` is the speaker's thread; everything else is the loop's. The one lock is held for a copy only, and
   neither `notify` nor `on_work` is called under it.
2. One lane: a cue plays before any answer sound. An answer that sounds just then fades out, waits and
   fades in again; none of it is lost.
3. At most `MOST_CUES` cues wait; the oldest that has not begun gives way, is counted, and its `CueDone`
   still comes. Every cue has exactly one `CueDone`.
4. `idle` turns False before `on_work` is called. A speaker that rests looks at `idle` once more after
   lying down: work may have come in between.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from edged import pcm
from edged.audio.jitter import JitterBuffer, JitterEvent
from edged.wire.parts import Part

T = TypeVar("T")

MOST_CUES = 8  # nobody listens to more
HUSH_MS = 5  # as the fade of an answer


@dataclass(frozen=True, slots=True)
class CueDone:
    """A cue was heard to its end, or will not be; `heard`: enough of it to have been told."""

    name: str
    heard: bool = True


PlayoutEvent = JitterEvent | CueDone


@dataclass(slots=True, eq=False)
class _Cue:
    name: str
    sound: bytes
    length: int  # in bytes, before any of it was taken
    begun: bool = False
    heard: bool = True
    stop: int = 0  # where it ended in all that was taken, in bytes


class Playout:
    """What a speaker pulls. Sound is whole samples of PCM16 in `fmt`, takes are too.

    `notify` is called when there are events again after `events` took the last, on the thread that made
    them: mostly the speaker's. It must not wait. `on_work`, when set, is called on the loop's thread when
    something is to be done after nothing was.
    """

    def __init__(
        self, jitter: JitterBuffer, *, notify: Callable[[], None], fmt: pcm.Format = pcm.PCM16
    ) -> None:
        self._jitter = jitter
        self._notify = notify
        self._fmt = fmt
        self._lock = Lock()
        self._cues: deque[_Cue] = deque()  # waiting or sounding
        self._passing: deque[_Cue] = deque()  # taken as a whole, in the device
        self._events: list[PlayoutEvent] = []
        self._told = False
        self._taken = 0
        self._latency_bytes = 0
        self.on_work: Callable[[], None] | None = None
        self.pulls = 0
        """Takes so far: the speaker's progress."""
        self.dropped_cues = 0

    # The speaker's thread

    def take(self, n_bytes: int) -> bytes:
        """The next `n_bytes` for the device, exactly; never waits for sound."""
        with self._lock:
            self.pulls += 1
            out = bytearray()
            while self._cues and len(out) < n_bytes:
                out += self._sound_cue(n_bytes - len(out), self._taken + len(out))
            self._jitter.skip(len(out))
            self._events.extend(self._jitter.events())  # a flush is told before the cue that followed it
            out += self._jitter.take(n_bytes - len(out))
            self._taken += n_bytes
            self._let_cues_pass(self._taken - self._latency_bytes)
            news = self._has_news()
        if news:
            self._notify()
        return bytes(out)

    # The loop

    def push(self, part: Part, sound: bytes) -> bool:
        """Queue sound of the present response; False: it would be too much, and nothing of it was taken."""
        return self._do(lambda: self._jitter.push(part, sound))

    def end(self) -> None:
        """The present response is complete."""
        self._do(self._jitter.end)

    def flush(self) -> None:
        """Silence the answer with a fade and drop what is queued of it; one `Flushed` follows."""
        self._do(self._jitter.flush)

    def cue(self, name: str, sound: bytes) -> None:
        """Play a cue after those that wait; `CueDone(name)` follows once, also when it has no sound."""
        self._do(lambda: self._add_cue(_Cue(name, sound, len(sound))))

    def hush(self) -> None:
        """Stop the cue with a fade, and those that wait at once; their `CueDone` follow."""
        self._do(self._hush)

    def settle(self) -> None:
        """There is no speaker to pull: finish everything at once. What was queued counts as not heard."""
        self._do(self._settle)

    def set_latency(self, ms: float) -> None:
        """How much the device holds that is not heard yet; from any thread."""
        with self._lock:
            self._latency_bytes = self._fmt.bytes_of(ms)
            self._jitter.set_latency(ms)

    def set_prebuffer(self, ms: int) -> None:
        """How much of an answer is gathered before it starts; from the next one on."""
        with self._lock:
            self._jitter.set_prebuffer(ms)

    def events(self) -> list[PlayoutEvent]:
        """What happened since the last call, in order."""
        with self._lock:
            self._told = False
            events, self._events = self._events, []
        return events

    @property
    def idle(self) -> bool:
        """Nothing sounds and nothing is to be done; from any thread."""
        with self._lock:
            return self._is_idle()

    @property
    def answering(self) -> bool:
        """Sound of an answer waits, sounds, or was not heard to its end yet; cues aside. From any thread."""
        with self._lock:
            return not self._jitter.idle

    @property
    def queued_ms(self) -> int:
        """How much of answers waits; from any thread."""
        with self._lock:
            return self._jitter.queued_ms

    def _do(self, act: Callable[[], T]) -> T:
        """Change something on the loop's thread, and tell whom it concerns after the lock is free."""
        with self._lock:
            was_idle = self._is_idle()
            result = act()
            news = self._has_news()
            work = was_idle and not self._is_idle()
        if news:
            self._notify()
        if work and self.on_work is not None:
            self.on_work()
        return result

    def _is_idle(self) -> bool:
        return self._jitter.idle and not self._cues and not self._passing

    def _has_news(self) -> bool:
        """Whether there are events that nobody was told of yet."""
        self._events.extend(self._jitter.events())
        news = bool(self._events) and not self._told
        self._told = self._told or news
        return news

    def _add_cue(self, cue: _Cue) -> None:
        self._cues.append(cue)
        waiting = [each for each in self._cues if not each.begun]
        if len(waiting) > MOST_CUES:
            self._cues.remove(waiting[0])
            self._events.append(CueDone(waiting[0].name, heard=False))
            self.dropped_cues += 1

    def _hush(self) -> None:
        for cue in self._cues:
            left = len(cue.sound)
            cue.heard = cue.heard and cue.begun and cue.length - left >= left  # half of it tells enough
            cue.sound = pcm.ramp(cue.sound[: self._fmt.bytes_of(HUSH_MS)], 1.0, 0.0) if cue.begun else b""

    def _settle(self) -> None:
        self._jitter.settle()
        self._passing.extend(self._cues)
        self._cues.clear()
        self._events.extend(self._jitter.events())
        self._let_cues_pass(None)

    def _sound_cue(self, room: int, at: int) -> bytes:
        """Some of the first cue, at most `room` bytes; it lies at `at`."""
        cue = self._cues[0]
        if not cue.begun and cue.sound:
            cue.sound = self._jitter.pause() + cue.sound
        cue.begun = True
        piece, cue.sound = cue.sound[:room], cue.sound[room:]
        if not cue.sound:
            cue.stop = at + len(piece)
            self._passing.append(self._cues.popleft())
        return piece

    def _let_cues_pass(self, until: int | None) -> None:
        """Report the cues that were heard up to byte `until`; None: all."""
        while self._passing and (until is None or self._passing[0].stop <= until):
            cue = self._passing.popleft()
            self._events.append(CueDone(cue.name, cue.heard))
