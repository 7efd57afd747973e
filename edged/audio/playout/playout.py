"""From the loop to the speaker's thread: answers, and the cues that go before them.

Rules:
1. `take`, `set_latency` and `cut_done` are the speaker's thread; everything else is the loop's. The one lock is
   held for a copy only, and neither `notify` nor `on_work` nor `on_cut` is called under it.
2. A cue plays before any answer sound. An answer that sounds just then fades out, waits and fades in again; none
   of it is lost.
3. Cues are the queue's (`cue_queue.py`): in order, bounded, one `CueDone` each.
4. A speaker that can take sound back sets `on_cut`: then a flush leaves the fade to it, all takes are silence until
   it has said by `cut_done` how much of what it took was never heard, and only then there is `PlaybackFlushed`. One
   that takes `MOST_CUT_MS` and says nothing plays what it holds to its end, and is reckoned so.
5. `idle` turns False before `on_work` is called. A speaker that rests looks at `idle` once more after
   lying down: work may have come in between.
"""

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from edged import pcm
from edged.audio.playout.arrivals import Arrivals
from edged.audio.playout.cue_queue import CueDone, CueQueue
from edged.audio.playout.device_fill import DeviceFill
from edged.audio.playout.events import AnswerEvent
from edged.audio.playout.jitter import JitterBuffer
from edged.wire.parts import Part

T = TypeVar("T")

MOST_CUT_MS = 500  # of silence taken after `on_cut` without `cut_done`: that device plays on to its end

PlayoutEvent = AnswerEvent | CueDone


class Playout:
    """What a speaker pulls. Sound is whole samples of PCM16 in `fmt`, takes are too.

    `notify` is called when there are events again after `events` took the last, on the thread that made
    them: mostly the speaker's. It must not wait. `on_work`, when set, is called on the loop's thread when
    something is to be done after nothing was.
    """

    def __init__(
        self,
        jitter: JitterBuffer,
        *,
        notify: Callable[[], None],
        now_ms: Callable[[], float] | None = None,
        fmt: pcm.Format = pcm.PCM16,
    ) -> None:
        """`now_ms`: any clock, for speakers that take ahead; without it they are taken to take when they need it."""
        self._jitter = jitter
        self._now_ms = now_ms
        self._notify = notify
        self._fmt = fmt
        self._lock = Lock()
        self._cues = CueQueue(fmt)
        self._events: list[PlayoutEvent] = []
        self._notified = False
        self._fill = DeviceFill(fmt)
        self._most_cut = fmt.bytes_of(MOST_CUT_MS)
        self._cut_since: int | None = None  # taken when the speaker was asked to drop what it holds
        self._hushed = False  # that ends the cues, too
        self.on_work: Callable[[], None] | None = None
        self.on_cut: Callable[[], None] | None = None
        self.on_arrival: Callable[[float], None] | None = None
        """Called on the loop's thread with the ms of sound of each delta, and 0 when no more of an answer comes."""
        self.on_learnt: Callable[[Arrivals], None] | None = None
        """Called on the loop's thread with an answer of which no more comes; None: the prediction learns at once."""
        self._arriving = False  # that 0 is owed
        self.cued_bytes = 0
        """How much of the last take was cues, which come first; the speaker's thread."""
        self.pulls = 0
        """Takes so far: the speaker's progress."""

    # The speaker's thread

    def take(self, n_bytes: int) -> bytes:
        """The next `n_bytes` for the device, exactly; never waits for sound."""
        with self._lock:
            self.pulls += 1
            self._jitter.held_bytes = self._fill.take(n_bytes)
            if self._cut_since is not None:
                out = self._silence(n_bytes, self._cut_since)
            elif self._cues.idle:
                self.cued_bytes = 0
                out = self._jitter.take(n_bytes)
            else:
                out = self._cued(n_bytes)
            news = self._has_news()
        if news:
            self._notify()
        return out

    def set_latency(self, ms: float) -> None:
        """How much the device holds that was taken and is not heard yet; see `Source`."""
        with self._lock:
            self._fill.set_latency(ms, self._jitter.taken, self._now_ms() if self._now_ms else 0.0)
            self._jitter.set_latency(ms)
            self._let_cues_pass(self._jitter.taken - self._fill.n_bytes)
            news = self._has_news()
        if news:
            self._notify()

    def cut_done(self, unheard_bytes: int) -> None:
        """The speaker has dropped what it held; see `Source`. Nothing when no cut is waited for (any more)."""
        with self._lock:
            if self._cut_since is not None:
                self._cut(unheard_bytes)
            news = self._has_news()
        if news:
            self._notify()

    # The loop

    def push(self, part: Part, sound: bytes) -> bool:
        """Queue sound of the present response; False: it would be too much, and nothing of it was taken."""
        taken = self._do(lambda: self._jitter.push(part, sound, ahead=self._ahead()))
        if taken and sound:
            self._arrived(self._fmt.duration_ms(len(sound)))
        return taken

    def end(self) -> None:
        """The present response is complete."""
        self._do(lambda: self._jitter.end(ahead=self._ahead()))
        self._learn()

    def flush(self) -> None:
        """Silence the answer with a fade and drop what is queued of it; one `PlaybackFlushed` follows."""
        self._do(self._flush)
        self._learn()

    def cue(self, name: str, sound: bytes) -> None:
        """Play a cue after those that wait; `CueDone(name)` follows once, also when it has no sound."""
        self._do(lambda: self._events.extend(self._cues.add(name, sound)))

    def hush(self) -> None:
        """Stop the cue with a fade, and those that wait at once; their `CueDone` follow."""
        self._do(self._hush)

    def settle(self) -> None:
        """There is no speaker to pull: finish everything at once. What was queued counts as not heard."""
        self._do(self._settle)

    def set_prebuffer(self, ms: int | None) -> None:
        """How much of an answer is gathered before it starts; None: as predicted. From the next one on."""
        with self._lock:
            self._jitter.set_prebuffer(ms)

    def _learn(self) -> None:
        """No more of an answer comes. Outside the lock: it takes longer than a copy."""
        with self._lock:
            learnt, self._jitter.learnt = self._jitter.learnt, []
        for arrivals in learnt:
            (self.on_learnt or self._jitter.prediction.learn)(arrivals)
        if self._arriving:
            self._arrived(0)

    def _arrived(self, sound_ms: float) -> None:
        self._arriving = sound_ms > 0
        if self.on_arrival is not None:
            self.on_arrival(sound_ms)

    @property
    def dropped_cues(self) -> int:
        return self._cues.dropped

    def events(self) -> list[PlayoutEvent]:
        """What happened since the last call, in order."""
        with self._lock:
            self._notified = False
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
    def ready_bytes(self) -> int:
        """How much a take would find without meeting silence; from any thread."""
        with self._lock:
            if self._cut_since is not None:
                return 0
            return self._cues.queued_bytes + self._jitter.ready_bytes

    def _do(self, act: Callable[[], T]) -> T:
        """Change something on the loop's thread, and call whom it concerns after the lock is free."""
        with self._lock:
            was_idle, was_cut = self._is_idle(), self._cut_since is not None
            result = act()
            news = self._has_news()
            work = was_idle and not self._is_idle()
            on_cut = self.on_cut if self._cut_since is not None and not was_cut else None
        if on_cut is not None:
            on_cut()  # before anybody looks at the news: silence is what hurries
        if news:
            self._notify()
        if work and self.on_work is not None:
            self.on_work()
        return result

    def _ahead(self) -> int:
        """How much the speaker has taken that a shallow one would not have taken yet, in bytes."""
        return 0 if self._now_ms is None else self._fill.ahead(self._jitter.taken, self._now_ms())

    def _is_idle(self) -> bool:
        return self._jitter.idle and self._cues.idle and self._cut_since is None

    def _has_news(self) -> bool:
        """Whether there are events, and nobody was called since there were none."""
        if self._jitter.pending:
            self._events.extend(self._jitter.events())
        news = bool(self._events) and not self._notified
        self._notified = self._notified or news
        return news

    def _cued(self, n_bytes: int) -> bytes:
        """Cues, then the answer."""
        out, at = b"", self._jitter.taken
        while len(self._cues) and len(out) < n_bytes:
            before = self._jitter.pause() if self._cues.opens() else b""
            out += self._cues.take(n_bytes - len(out), at + len(out), before)
        self.cued_bytes = len(out)
        self._jitter.skip(len(out))
        self._events.extend(self._jitter.events())  # a flush is reported before the cue that followed it
        out += self._jitter.take(n_bytes - len(out))
        self._let_cues_pass(self._jitter.taken - self._fill.n_bytes)
        return out

    def _silence(self, n_bytes: int, since: int) -> bytes:
        """While a cut is waited for, but no longer than a speaker may take."""
        self.cued_bytes = 0
        self._jitter.skip(n_bytes)
        if self._jitter.taken - since >= self._most_cut:
            self._cut(self._fill.n_bytes)
        self._let_cues_pass(self._jitter.taken - self._fill.n_bytes)
        return pcm.silence(n_bytes, self._fmt)

    def _flush(self) -> None:
        wants_cut = self.on_cut is not None and (self._jitter.live or self._cut_since is not None)
        self._jitter.flush(cut=wants_cut, ahead=self._ahead())
        if wants_cut and self._cut_since is None:
            self._cut_since = self._jitter.taken

    def _hush(self) -> None:
        can_cut = self._jitter.idle or self._cut_since is not None
        if self.on_cut is not None and self._cues.sounds and can_cut:
            self._hushed = True
            self._cues.doom()
            self._cut_since = self._jitter.taken if self._cut_since is None else self._cut_since
        else:
            self._cues.hush()

    def _cut(self, unheard_bytes: int) -> None:
        """What the device held is gone, or will be heard as if it were not."""
        self._cut_since = None
        heard_until = self._jitter.taken - unheard_bytes
        self._jitter.cut_done(unheard_bytes)
        self._events.extend(self._jitter.events())
        if self._hushed:
            self._cues.drop(heard_until)
            self._let_cues_pass(None)
        else:
            self._cues.resume(heard_until)
        self._hushed = False

    def _settle(self) -> None:
        if self._cut_since is not None:
            self._cut(self._fill.n_bytes)
        self._jitter.settle()
        self._cues.settle()
        self._events.extend(self._jitter.events())
        self._let_cues_pass(None)

    def _let_cues_pass(self, until: int | None) -> None:
        self._events.extend(self._cues.passed(until))
