"""Carries answers, and the cues that play before them, from the loop to the speaker's thread.

Rules:
1. `take`, `set_latency` and `cut_done` run on the speaker's thread, everything else on the loop. The one
   lock is held for a copy only. `notify`, `on_work` and `on_cut` are never called under it.
2. A cue plays before any sound of an answer. An answer that sounds at that moment fades out, waits, and
   fades in again. None of it is lost.
3. The queue owns the cues (`cue_queue.py`): in order, bounded, one `CueDone` each.
4. A speaker that can take sound back sets `on_cut`. A flush then leaves the fade to the speaker. All takes
   are silence until the speaker has reported, by `cut_done`, how much of what it took was never heard. Only
   then does `PlaybackFlushed` follow. A speaker that takes `MOST_CUT_MS` without a report is assumed to
   play what it holds to the end.
5. `idle` becomes False before `on_work` is called. A speaker that rests checks `idle` once more after it
   has started to wait, because work may have come in between.
"""

from collections.abc import Callable, Iterable
from threading import Lock
from typing import TypeVar

from edged import pcm
from edged.audio.playout.arrivals import Arrivals
from edged.audio.playout.cue_queue import ENOUGH, CueDone, CueQueue
from edged.audio.playout.device_fill import DeviceFill
from edged.audio.playout.events import AnswerEvent
from edged.audio.playout.jitter import JitterBuffer
from edged.wire.parts import Part

T = TypeVar("T")

# The most silence taken after `on_cut` without `cut_done`. Then the device is assumed to play to its end.
MOST_CUT_MS = 500

PlayoutEvent = AnswerEvent | CueDone


class Playout:
    """What a speaker pulls from. Sound is whole samples of PCM16 in `fmt`, and so are takes.

    `notify` is called when events are waiting, once until the next call of `events`. It runs on the thread
    that made the event, mostly the speaker's, and must not wait. `on_work`, when set, is called on the
    loop's thread when work arrives after a time without any.
    """

    def __init__(
        self,
        jitter: JitterBuffer,
        *,
        notify: Callable[[], None],
        now_ms: Callable[[], float] | None = None,
        fmt: pcm.Format = pcm.PCM16,
    ) -> None:
        """`now_ms`: any clock, for speakers that take ahead. Without it, every take counts as needed at once."""
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
        self._cut_since: int | None = None  # bytes taken when the speaker was asked to drop what it holds
        self._hushed = False  # this cut also ends the cues
        self.on_work: Callable[[], None] | None = None
        self.on_cut: Callable[[], None] | None = None
        self.on_arrival: Callable[[float], None] | None = None
        """Called on the loop's thread with the ms of sound of each delta, and with 0 when no more of an
        answer comes."""
        self.on_learnt: Callable[[Arrivals], None] | None = None
        """Called on the loop's thread with the arrivals of an answer that is over; None: the prediction
        learns at once."""
        self._arriving = False  # the call with 0 is still due
        self.cued_bytes = 0
        """How much of the last take was cues, which come first. For the speaker's thread."""
        self.pulls = 0
        """The number of takes so far: the speaker's progress."""

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
        """Report how much sound the device holds: taken, but not heard yet; see `Source`."""
        with self._lock:
            self._fill.set_latency(ms, self._jitter.taken, self._now_ms() if self._now_ms else 0.0)
            self._jitter.set_latency(ms)
            self._let_cues_pass(self._jitter.taken - self._fill.n_bytes)
            news = self._has_news()
        if news:
            self._notify()

    def cut_done(self, unheard_bytes: int) -> None:
        """The speaker has dropped what it held; see `Source`. Does nothing when no cut is pending."""
        with self._lock:
            if self._cut_since is not None:
                self._cut(unheard_bytes)
            news = self._has_news()
        if news:
            self._notify()

    # The loop

    def push(self, part: Part, sound: bytes) -> bool:
        """Queue sound of the current response; False: it does not fit, and none of it was queued."""
        taken = self._do(lambda: self._jitter.push(part, sound, ahead=self._ahead()))
        if taken and sound:
            self._arrived(self._fmt.duration_ms(len(sound)))
        return taken

    def end(self) -> None:
        """Mark the current response as complete."""
        self._do(lambda: self._jitter.end(ahead=self._ahead()))
        self._learn()

    def replay(self, part: Part, pieces: Iterable[bytes]) -> None:
        """Queue a response that is complete, as sound of `part`. It must have sound."""
        self._do(lambda: self._jitter.replay(part, pieces))

    def flush(self) -> None:
        """Drop the sound of all queued answers, with a fade. `PlaybackFlushed` follows; see `JitterBuffer.flush`."""
        self._do(self._flush)
        self._learn()

    def cue(self, name: str, sound: bytes, enough: float = ENOUGH) -> None:
        """Play a cue after those that wait. One `CueDone(name)` follows, even if the cue has no sound.

        `enough`: the share of the cue that has to sound to be understood.
        """
        self._do(lambda: self._events.extend(self._cues.add(name, sound, enough)))

    def hush(self) -> None:
        """Stop the cue that sounds with a fade, and the waiting cues at once; their `CueDone` follow."""
        self._do(self._hush)

    def settle(self) -> None:
        """Finish everything at once, because no speaker pulls. What was queued counts as not heard."""
        self._do(self._settle)

    def set_prebuffer(self, ms: int | None) -> None:
        """Set how much is queued before an answer starts; None: as predicted. It applies from the next answer on."""
        with self._lock:
            self._jitter.set_prebuffer(ms)

    def _learn(self) -> None:
        """Learn from answers that are over. Outside the lock, because it takes longer than a copy."""
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
        """What has happened since the last call, in order."""
        with self._lock:
            self._notified = False
            events, self._events = self._events, []
        return events

    @property
    def idle(self) -> bool:
        """Whether nothing sounds and no work is left; from any thread."""
        with self._lock:
            return self._is_idle()

    @property
    def answering(self) -> bool:
        """Whether sound of an answer waits, sounds, or is not heard to its end yet; without cues. From any thread."""
        with self._lock:
            return not self._jitter.idle

    @property
    def ready_bytes(self) -> int:
        """How many bytes a take would find before it reaches silence; from any thread."""
        with self._lock:
            if self._cut_since is not None:
                return 0
            return self._cues.queued_bytes + self._jitter.ready_bytes

    def _do(self, act: Callable[[], T]) -> T:
        """Run `act` on the loop's thread, and make the calls that follow from it once the lock is free."""
        with self._lock:
            was_idle, was_cut = self._is_idle(), self._cut_since is not None
            result = act()
            news = self._has_news()
            work = was_idle and not self._is_idle()
            on_cut = self.on_cut if self._cut_since is not None and not was_cut else None
        if on_cut is not None:
            on_cut()  # first, because silence is urgent
        if news:
            self._notify()
        if work and self.on_work is not None:
            self.on_work()
        return result

    def _ahead(self) -> int:
        """How many bytes the speaker has taken that a shallow device would not have taken yet."""
        return 0 if self._now_ms is None else self._fill.ahead(self._jitter.taken, self._now_ms())

    def _is_idle(self) -> bool:
        return self._jitter.idle and self._cues.idle and self._cut_since is None

    def _has_news(self) -> bool:
        """Whether events are waiting that `notify` has not announced yet."""
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
        """Return silence while a cut is pending, but no longer than a speaker may take to report it."""
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
        """End the cut: what the device held was dropped, or counts as played."""
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
