"""Between the bursts of the link and the even pull of the speaker.

Rules:
1. Nothing is lost and nothing changes places: what was pushed is played, flushed or queued. What else leaves for
   the speaker is inserted, or silence and fades.
2. A *response* is what is pushed up to `end`. It starts by its rule (`prediction.py`): after so long, or when so
   much of it is here; at once when it has ended, so an answer shorter than that plays. Undisturbed it leaves bit
   by bit as it came.
3. Running dry before the end is an *underrun*: what is left fades out, then silence until `rebuffer_ms`
   are here, twice as much after each further underrun of the response (few long gaps rather than many
   short ones), or until it has ended; then it fades in.
4. After an underrun, until `arrivals.ENOUGH_MS` are queued, it plays at `arrivals.SPEED`, as does one of a session
   that is slower than real time: sound is inserted (`stretch.py`). Never once it has ended, and never is sound
   skipped or hurried: a backlog is no delay here.
5. `flush` drops what is queued. What sounds just then fades out; what is pushed later is the next
   response's.
6. *Heard* is what was taken, less what the device still holds: time passes by the bytes taken, silence
   included. What was inserted is nobody's.
7. At most `most_ms` are queued, in so many pieces of so many responses; `push` refuses what does not fit, whole.

Not here: threads, the clock, which deltas belong to a dead response (the session drops those before).
"""

from collections import deque

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

TELLING_MS = 1000  # of sound; a response cut off before says nothing of the link


class JitterBuffer:
    """Answers in, an even flow out. Sound is whole samples of PCM16 in `fmt`. Not thread-safe."""

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
        """`prebuffer_ms` None: as `prediction` says, which has to be given what was learnt."""
        self._fmt = fmt
        self._sample_bytes = fmt.sample_bytes
        self._prebuffer_ms = prebuffer_ms
        self.prediction = prediction or Prediction()
        self._rebuffer_ms = rebuffer_ms
        self._most_bytes = fmt.bytes_of(most_ms)
        self._fade_bytes = fmt.bytes_of(fade_ms)
        self.taken = 0
        """Bytes that the speaker took so far, silence included."""
        self.held_bytes = 0
        """By the device, once the next take is in it."""
        self._responses: deque[QueuedResponse] = (
            deque()
        )  # some of it is to leave yet; only the last may take more
        self._passing: deque[QueuedResponse] = deque()  # left as a whole, not drained yet
        self._cut_off: list[list[QueuedResponse]] = []  # flushes that wait for the speaker's word
        self._flushes: list[PlaybackFlushed] = []  # to be reported when the fade has left
        self._tail = b""  # a fade-out on its way; nobody's sound
        self._spare = b""  # the other half of a sample a take cut
        self.pending: list[AnswerEvent] = []
        """What happened since `events` was called."""
        self.learnt: list[Arrivals] = []
        """Of responses that are complete or were cut off, for `prediction`; who takes them clears them."""

    # The link's side

    def push(self, part: Part, sound: bytes, *, ahead: int = 0) -> bool:
        """Queue sound of the present response; False: it would be too much, and nothing of it was taken.

        `ahead`: how many bytes the device has taken before it needed them.
        Raises ValueError for half a sample: all that follows it would be noise.
        """
        if len(sound) % self._sample_bytes:
            raise ValueError(f"{len(sound)} bytes are not whole samples")
        undrained = self._undrained
        if crowded(undrained) or sum(each.queued for each in undrained) + len(sound) > self._most_bytes:
            return False
        if not sound:
            return True  # an empty delta opens no response and leaves no part of 0 ms behind
        if not self._responses or self._responses[-1].ended:
            self._responses.append(
                QueuedResponse(self._fmt, self._rule, fade_bytes=self._fade_bytes, slow=self.prediction.slow)
            )
        if self._responses[-1].add(part, sound, self.taken - ahead):
            self.pending.append(Underrun())
        return True

    def end(self, *, ahead: int = 0) -> None:
        """The present response is complete; one without sound never was. `ahead` as in `push`."""
        if not self._responses or self._responses[-1].ended:
            return
        response = self._responses[-1]
        response.ended = True
        self._learn(response, ahead)
        if not response.queued:
            self._passing.append(self._responses.pop())

    def flush(self, *, cut: bool = False, ahead: int = 0) -> None:
        """Silence, with a fade; all that is queued is dropped. `PlaybackFlushed` follows once the fade was taken.

        When nothing sounds, it follows at once. `cut`: the speaker silences what it holds, there is no fade, and
        `PlaybackFlushed` follows upon `cut_done`. `ahead` as in `push`.
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

    # The speaker's side

    def cut_done(self, unheard_bytes: int) -> None:
        """The last so many bytes that were taken were never heard, and never will be: report the cuts."""
        until = self.taken - unheard_bytes
        self._flushes.extend(self._flushed(responses, until) for responses in self._cut_off)
        self._cut_off.clear()
        self._report()

    def take(self, n_bytes: int) -> bytes:
        """The next `n_bytes` for the device, exactly; silence where there is nothing."""
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
        """The fade-out of what sounds, for who plays something in its place; the rest waits, and fades in."""
        fade, self._tail = self._tail, b""
        sounding = self._sounding()
        return fade if sounding is None else sounding.pause()

    def skip(self, n_bytes: int) -> None:
        """The device took `n_bytes` of something else."""
        self._report()
        self.taken += n_bytes
        self._let_pass(self.taken - self.held_bytes)

    def settle(self) -> None:
        """There is no speaker: drop what is queued, unheard, and report all that waits for the device."""
        self._tail = b""
        self._report()
        for response in self._responses:
            response.abandon(self._rule)
        while self._responses and self._responses[0].ended:
            self._passing.append(self._responses.popleft())
        self._let_pass(None)

    def set_latency(self, ms: float) -> None:
        """How much the device holds that is not heard yet; what was heard by that is let go."""
        self.held_bytes = self._fmt.bytes_of(ms)
        self._let_pass(self.taken - self.held_bytes)

    # Both

    def events(self) -> list[AnswerEvent]:
        """What happened since the last call, in order."""
        events, self.pending = self.pending, []
        return events

    @property
    def queued_bytes(self) -> int:
        return sum(each.queued for each in self._responses)

    @property
    def ready_bytes(self) -> int:
        """How much a take would find, of the response that sounds or may begin."""
        if self._tail:
            return len(self._tail)
        if not self._responses or self._responses[0].waits(self.taken):
            return 0
        response = self._responses[0]
        kept = 0 if response.ended else self._fade_bytes  # for the fade, should it run dry
        return max(0, response.ready - kept)

    @property
    def queued_ms(self) -> int:
        return self._fmt.ms_of(self.queued_bytes)

    @property
    def idle(self) -> bool:
        """Nothing is queued and nothing is under way: the speaker may rest until there is."""
        return not (self._tail or self._passing or any(each.live or each.queued for each in self._responses))

    @property
    def live(self) -> bool:
        """Some of an answer was taken that may not be heard yet."""
        return bool(self._tail) or any(each.live for each in self._undrained)

    def set_prebuffer(self, ms: int | None) -> None:
        """How much of a response is gathered before it starts; None: as predicted. From the next one on."""
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
        """The response that would be cut off by silence now."""
        return self._responses[0] if self._responses and self._responses[0].flows else None

    def _next(self, room: int, at: int) -> bytes:
        """Some of what comes next, `room` bytes at most; it will lie at `at`."""
        if self._tail:
            piece, self._tail = self._tail[:room], self._tail[room:]
            self._report()
            return piece
        if not self._responses:
            return pcm.silence(room, self._fmt)
        response = self._responses[0]
        if waiting := response.waits(at):
            whole = waiting + waiting % self._sample_bytes  # a take that cut a sample left `at` within one
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
        """Let go of the responses that lie before `until` as a whole; None: of all."""
        while self._passing and (until is None or self._passing[0].parts.stop <= until):
            self._passing.popleft()
            self.pending.append(PlaybackDrained())

    def _flushed(self, responses: list[QueuedResponse], until: int) -> PlaybackFlushed:
        return PlaybackFlushed(heard(responses, until, self._fmt))

    def _report(self) -> None:
        if not self._tail:
            self.pending.extend(self._flushes)
            self._flushes.clear()
