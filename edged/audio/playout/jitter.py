"""The jitter buffer: between the bursts of the link and the even pull of the speaker.

Rules:
1. No sound is lost or reordered: what was pushed is played, flushed or queued. Besides it, only inserted
   sound, silence and fades go to the speaker.
2. A *response* is what is pushed until `end`. It starts by its rule (`prediction.py`): after a time, or
   when enough of it is queued. A response that has ended starts at once, so a very short answer plays too.
   Undisturbed, it leaves bit by bit as it came.
3. Running dry before the end is an *underrun*. The rest fades out, and silence follows until `rebuffer_ms`
   are queued or the response has ended. Then it fades in. Each further underrun of the response doubles
   that amount: a few long gaps are better than many short ones.
4. After an underrun, a response plays at `arrivals.SPEED` until `arrivals.ENOUGH_MS` are queued. A session
   that is slower than real time plays at this speed, too. Sound is inserted for it (`stretch.py`), but
   never once the response has ended. Sound is never skipped or played faster, because a backlog causes no
   delay here.
5. `flush` drops what is queued. The sound that plays at that moment fades out. What is pushed later belongs
   to the next response.
6. *Heard* is what was taken, minus what the device still holds. Time passes by the bytes taken, silence
   included. Inserted sound does not count.
7. At most `most_ms` are queued, and only a limited number of pieces and responses. `push` refuses a delta
   that does not fit, as a whole.

Not here: threads, the clock, and which deltas belong to a cancelled response (the session drops those
earlier).
"""

from collections import deque
from collections.abc import Iterable

from edged import pcm
from edged.audio.playout.arrivals import MOST_REBUFFER_MS, REBUFFER_MS, Arrivals
from edged.audio.playout.events import (
    AnswerEvent,
    PlaybackDrained,
    PlaybackFlushed,
    PlaybackStarted,
    Underrun,
)
from edged.audio.playout.prediction import NEVER, Prediction, Rule
from edged.audio.playout.response import QueuedResponse, crowded, heard
from edged.wire.parts import Part

TELLING_MS = 1000  # a response that was cut off before this much sound says nothing about the link


class JitterBuffer:
    """Takes answers in and gives an even flow out. Sound is whole samples of PCM16 in `fmt`. Not thread-safe."""

    def __init__(
        self,
        *,
        prebuffer_ms: int | None = 60,
        rebuffer_ms: int = REBUFFER_MS,
        most_ms: int = 600_000,
        fade_ms: int = 5,
        prediction: Prediction | None = None,
        fmt: pcm.Format = pcm.PCM16,
    ) -> None:
        """`prebuffer_ms` None: `prediction` decides. The caller must pass on to it what was learned."""
        self._fmt = fmt
        self._sample_bytes = fmt.sample_bytes
        self._prebuffer_ms = prebuffer_ms
        self.prediction = prediction or Prediction()
        self._rebuffer_ms = rebuffer_ms
        self._most_bytes = fmt.bytes_of(most_ms)
        self._fade_bytes = fmt.bytes_of(fade_ms)
        self.taken = 0
        """Bytes that the speaker has taken so far, silence included."""
        self.held_bytes = 0
        """Bytes that the device will hold after the next take."""
        # Not completely taken yet; only the last one may take more sound.
        self._responses: deque[QueuedResponse] = deque()
        self._passing: deque[QueuedResponse] = deque()  # completely taken, but not drained yet
        self._cut_off: list[list[QueuedResponse]] = []  # flushes that wait for the speaker's `cut_done`
        self._flushes: list[PlaybackFlushed] = []  # to be reported when the fade was taken
        self._tail = b""  # the fade-out that is being taken; it belongs to no response
        self._spare = b""  # the other half of a sample that a take cut
        self.pending: list[AnswerEvent] = []
        """What has happened since the last call of `events`."""
        self.learnt: list[Arrivals] = []
        """The arrivals of responses that are complete or were cut off, for `prediction`. The reader clears the list."""

    # For the link

    def push(self, part: Part, sound: bytes, *, ahead: int = 0) -> bool:
        """Queue sound of the current response; False: it does not fit, and none of it was queued.

        `ahead`: how many bytes the device has taken before it needed them. Raises ValueError for half a
        sample, because all sound after it would be noise.
        """
        if len(sound) % self._sample_bytes:
            raise ValueError(f"{len(sound)} bytes are not whole samples")
        undrained = self._undrained
        if crowded(undrained) or sum(each.queued for each in undrained) + len(sound) > self._most_bytes:
            return False
        if not sound:
            return True  # an empty delta opens no response, and leaves no part of 0 ms behind
        if not self._responses or self._responses[-1].ended:
            self._responses.append(
                QueuedResponse(self._fmt, self._rule, fade_bytes=self._fade_bytes, slow=self.prediction.slow)
            )
        if self._responses[-1].add(part, sound, self.taken - ahead):
            self.pending.append(Underrun())
        return True

    def end(self, *, ahead: int = 0) -> None:
        """Mark the current response as complete; does nothing for one without sound. `ahead` as in `push`."""
        if not self._responses or self._responses[-1].ended:
            return
        response = self._responses[-1]
        response.ended = True
        self._learn(response, ahead)
        if not response.queued:
            self._passing.append(self._responses.pop())

    def replay(self, part: Part, pieces: Iterable[bytes]) -> None:
        """Queue a whole response that came long ago: nothing can be learned from its arrival."""
        self.end()
        response = QueuedResponse(self._fmt, Rule(0, 0), fade_bytes=self._fade_bytes)
        response.arrivals, response.ended = None, True
        for sound in pieces:
            response.add(part, sound, self.taken)
        self._responses.append(response)

    def flush(self, *, cut: bool = False, ahead: int = 0) -> None:
        """Drop everything that is queued, with a fade. `PlaybackFlushed` follows once the fade was taken.

        When nothing sounds, it follows at once. With `cut`, the speaker silences what it holds: there is no
        fade, and `PlaybackFlushed` follows after `cut_done`. `ahead` as in `push`.
        """
        for response in self._responses:
            if not response.ended and response.arrivals and response.arrivals.got[-1] >= TELLING_MS:
                self._learn(response, ahead)
        responses = self._undrained
        if cut:
            self._tail = b""
            self._cut_off.append(responses)
        else:
            if (sounding := self._sounding()) is not None:
                self._tail = sounding.cut_off()
            self._flushes.append(self._flushed(responses, self.taken - self.held_bytes))
        self._passing.clear()
        self._responses.clear()
        if not cut:
            self._report()

    # For the speaker

    def cut_done(self, unheard_bytes: int) -> None:
        """Report the cuts: the last `unheard_bytes` that were taken will never be heard."""
        until = self.taken - unheard_bytes
        self._flushes.extend(self._flushed(responses, until) for responses in self._cut_off)
        self._cut_off.clear()
        self._report()

    def take(self, n_bytes: int) -> bytes:
        """The next `n_bytes` for the device, exactly; silence where there is no sound."""
        self._let_pass(self.taken - self.held_bytes)
        out = self._spare
        while (room := n_bytes - len(out)) > 0:
            out += self._next(room + room % self._sample_bytes, self.taken + len(out))
        self._spare = out[n_bytes:]
        self.taken += n_bytes
        if self._passing:
            self._let_pass(self.taken - self.held_bytes)
        return out[:n_bytes]

    def pause(self) -> bytes:
        """Pause the answer and return its fade-out, so that other sound can play. The rest waits, then fades in."""
        fade, self._tail = self._tail, b""
        sounding = self._sounding()
        return fade if sounding is None else sounding.pause()

    def skip(self, n_bytes: int) -> None:
        """Note that the device took `n_bytes` of other sound."""
        self._report()
        self.taken += n_bytes
        self._let_pass(self.taken - self.held_bytes)

    def settle(self) -> None:
        """There is no speaker: drop the queued sound as unheard, and report everything that waits for the device."""
        self._tail = b""
        self._report()
        for response in self._responses:
            response.abandon(self._rule)
        while self._responses and self._responses[0].ended:
            self._passing.append(self._responses.popleft())
        self._let_pass(None)

    def set_latency(self, ms: float) -> None:
        """Set how much sound the device holds that is not heard yet, and report responses that were heard by then."""
        self.held_bytes = self._fmt.bytes_of(ms)
        self._let_pass(self.taken - self.held_bytes)

    # For both

    def events(self) -> list[AnswerEvent]:
        """What has happened since the last call, in order."""
        events, self.pending = self.pending, []
        return events

    @property
    def queued_bytes(self) -> int:
        return sum(each.queued for each in self._responses)

    @property
    def ready_bytes(self) -> int:
        """How many bytes a take would find, of the response that sounds or may begin."""
        if self._tail:
            return len(self._tail)
        if not self._responses or self._responses[0].waits(self.taken):
            return 0
        response = self._responses[0]
        kept = 0 if response.ended else self._fade_bytes  # kept for the fade, in case it runs dry
        return max(0, response.ready - kept)

    @property
    def queued_ms(self) -> int:
        return self._fmt.ms_of(self.queued_bytes)

    @property
    def idle(self) -> bool:
        """Whether nothing is queued or still playing. The speaker may then rest."""
        return not (self._tail or self._passing or any(each.live or each.queued for each in self._responses))

    @property
    def live(self) -> bool:
        """Whether some of an answer was taken that may not be heard yet."""
        return bool(self._tail) or any(each.live for each in self._undrained)

    def set_prebuffer(self, ms: int | None) -> None:
        """Set how much is queued before a response starts; None: as predicted. It applies from the next response on."""
        self._prebuffer_ms = ms

    @property
    def _rule(self) -> Rule:
        if self._prebuffer_ms is not None:
            return Rule(NEVER, self._prebuffer_ms)
        return self.prediction.rule

    @property
    def _undrained(self) -> list[QueuedResponse]:
        return [*self._passing, *self._responses]

    def _learn(self, response: QueuedResponse, ahead: int) -> None:
        if (arrivals := response.complete(self.taken - ahead)) is not None:
            self.learnt.append(arrivals)

    def _sounding(self) -> QueuedResponse | None:
        """The response that silence would cut off now."""
        return self._responses[0] if self._responses and self._responses[0].flows else None

    def _next(self, room: int, at: int) -> bytes:
        """Up to `room` bytes of what comes next, for position `at`."""
        if self._tail:
            piece, self._tail = self._tail[:room], self._tail[room:]
            self._report()
            return piece
        if not self._responses:
            return pcm.silence(room, self._fmt)
        response = self._responses[0]
        if waiting := response.waits(at):
            # After a take that cut a sample, `at` is in the middle of that sample.
            whole = waiting + waiting % self._sample_bytes
            return pcm.silence(min(room, whole), self._fmt)
        began = response.parts.first
        sound = response.take(room, at)
        if began is None and response.parts.first is not None:
            self.pending.append(PlaybackStarted(response.parts.first))
        if not response.queued:
            if response.ended:
                self._passing.append(self._responses.popleft())
            elif len(sound) < room:
                return self._run_dry(response, sound)
        return sound

    def _run_dry(self, response: QueuedResponse, left: bytes) -> bytes:
        needed_ms = min(self._rebuffer_ms << response.underruns, MOST_REBUFFER_MS)
        sound = response.run_dry(left, needed_ms)
        self._tail = sound[len(left) :]
        return sound[: len(left)]

    def _let_pass(self, until: int | None) -> None:
        """Release the responses that end at or before `until`; None: all of them."""
        while self._passing and (until is None or self._passing[0].parts.stop <= until):
            self._passing.popleft()
            self.pending.append(PlaybackDrained())

    def _flushed(self, responses: list[QueuedResponse], until: int) -> PlaybackFlushed:
        return PlaybackFlushed(heard(responses, until, self._fmt))

    def _report(self) -> None:
        if not self._tail:
            self.pending.extend(self._flushes)
            self._flushes.clear()
