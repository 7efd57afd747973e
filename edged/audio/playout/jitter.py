"""Between the bursts of the line and the even pull of the speaker.

Rules:
1. Nothing is lost and nothing changes places: pushed = played + flushed + queued, in bytes, always; what left for
   the speaker is played, inserted, or silence and fades.
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
from edged.audio.playout import fades
from edged.audio.playout.answers import AnswerEvent, PlaybackDrained, PlaybackFlushed, PlaybackStarted
from edged.audio.playout.arrivals import MOST_REBUFFER_MS, REBUFFER_MS, Arrivals
from edged.audio.playout.prediction import NEVER, Prediction, Rule
from edged.audio.playout.response import QueuedResponse, crowded, heard
from edged.wire.parts import Part

TELLING_MS = 1000  # of sound; a response cut off before says nothing of the line


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
        """`prebuffer_ms` None: as `prediction` says, which has to be told what was learnt."""
        self._fmt = fmt
        self._prebuffer_ms = prebuffer_ms
        self.prediction = prediction or Prediction()
        self._rebuffer_ms = rebuffer_ms
        self._most_bytes = fmt.bytes_of(most_ms)
        self._fade_bytes = fmt.bytes_of(fade_ms)
        self.held_bytes = 0  # by the device, once the next take is in it
        self._responses: deque[QueuedResponse] = deque()  # not drained yet; only the last may take more
        self._flushes: list[PlaybackFlushed] = []  # to be reported when the fade has left
        self._events: list[AnswerEvent] = []
        self._cut_off: list[list[QueuedResponse]] = []  # flushes that wait for the speaker's word
        self._tail = b""  # a fade-out on its way; nobody's sound
        self._last = bytes(fmt.sample_bytes)  # the last sample of a response that left
        self._spare = b""  # the other half of a sample a take cut
        self._taken = 0  # bytes, silence included
        self.pushed_bytes = 0
        self.played_bytes = 0
        self.flushed_bytes = 0
        self.inserted_bytes = 0
        self.learnt: list[Arrivals] = []
        """Of responses that are complete or were cut off, for `prediction`; who takes them clears them."""

    # The line's side

    def push(self, part: Part, sound: bytes, *, ahead: int = 0) -> bool:
        """Queue sound of the present response; False: it would be too much, and nothing of it was taken.

        `ahead`: how many bytes the device has taken before it needed them.
        Raises ValueError for half a sample: all that follows it would be noise.
        """
        if len(sound) % self._fmt.sample_bytes:
            raise ValueError(f"{len(sound)} bytes are not whole samples")
        if self.queued_bytes + len(sound) > self._most_bytes or crowded(self._responses):
            return False
        if not sound:
            return True  # an empty delta opens no response and leaves no part of 0 ms behind
        if not self._responses or self._responses[-1].ended:
            self._responses.append(QueuedResponse(self._fmt, self._rule, slow=self.prediction.slow))
        self._responses[-1].add(part, sound, self._taken - ahead)
        self._events.extend(self._responses[-1].gap())
        self.pushed_bytes += len(sound)
        return True

    def end(self, *, ahead: int = 0) -> None:
        """The present response is complete; one without sound never was. `ahead` as in `push`."""
        if self._responses and not self._responses[-1].ended:
            self._responses[-1].ended = True
            self._learn(self._responses[-1], ahead)

    def flush(self, *, cut: bool = False, ahead: int = 0) -> None:
        """Silence, with a fade; all that is queued is dropped. `PlaybackFlushed` follows once the fade was taken.

        When nothing sounds, it follows at once. `cut`: the speaker silences what it holds, there is no fade, and
        `PlaybackFlushed` follows upon `cut_done`. `ahead` as in `push`.
        """
        for response in self._responses:
            if not response.ended and response.arrivals.got[-1] >= TELLING_MS:
                self._learn(response, ahead)
        if cut:
            self._tail = b""
            self._cut_off.append(list(self._responses))
        else:
            if (sounding := self._sounding()) is not None:
                self._tail = self._fade_out(self._fade_in(sounding, sounding.ahead(self._fade_bytes)))
            self._flushes.append(
                PlaybackFlushed(heard(self._responses, self._taken - self.held_bytes, self._fmt))
            )
        self.flushed_bytes += self.queued_bytes
        self._responses.clear()
        if not cut:
            self._report()

    # The speaker's side

    def cut_done(self, unheard_bytes: int) -> None:
        """The last so many bytes that were taken were never heard, and never will be: report the cuts."""
        until = self._taken - unheard_bytes
        self._flushes.extend(
            PlaybackFlushed(heard(responses, until, self._fmt)) for responses in self._cut_off
        )
        self._cut_off.clear()
        self._report()

    def take(self, n_bytes: int) -> bytes:
        """The next `n_bytes` for the device, exactly; silence where there is nothing."""
        out = bytearray(self._spare)
        start = self._taken
        while len(out) < n_bytes:
            room = n_bytes - len(out)
            out += self._next(room + room % self._fmt.sample_bytes, start + len(out))
        self._spare = bytes(out[n_bytes:])
        self._pass(n_bytes)
        return bytes(out[:n_bytes])

    def pause(self) -> bytes:
        """The fade-out of what sounds, for who plays something in its place; the rest waits, and fades in."""
        fade, self._tail = self._tail, b""
        sounding = self._sounding()
        if sounding is not None:
            fade = self._fade_out(b"")
            sounding.hold(self._fmt.sample_bytes)
        return fade

    def skip(self, n_bytes: int) -> None:
        """The device took `n_bytes` of something else."""
        self._report()
        self._pass(n_bytes)

    def settle(self) -> None:
        """There is no speaker: drop what is queued, unheard, and report all that waits for the device."""
        self._tail = b""
        self._report()
        self.flushed_bytes += self.queued_bytes
        for response in self._responses:
            response.abandon(self._rule)
        self._drain(None)

    def set_latency(self, ms: float) -> None:
        """How much the device holds that is not heard yet; what was heard by that is let go."""
        self.held_bytes = self._fmt.bytes_of(ms)
        self._pass(0)

    # Both

    def events(self) -> list[AnswerEvent]:
        """What happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    @property
    def queued_bytes(self) -> int:
        return self.pushed_bytes - self.played_bytes - self.flushed_bytes

    @property
    def ready_bytes(self) -> int:
        """How much a take would find, of the response that sounds or may begin."""
        if self._tail:
            return len(self._tail)
        response = self._unplayed()
        if response is None or response.waits(self._taken):
            return 0
        kept = 0 if response.ended else self._fade_bytes  # for the fade, should it run dry
        return max(0, len(response.inserted) + response.queued - kept)

    @property
    def queued_ms(self) -> int:
        return self._fmt.ms_of(self.queued_bytes)

    @property
    def idle(self) -> bool:
        """Nothing is queued and nothing is under way: the speaker may rest until there is."""
        return not (self._tail or any(each.queued or each.ended or each.live for each in self._responses))

    def set_prebuffer(self, ms: int | None) -> None:
        """How much of a response is gathered before it starts; None: as predicted. From the next one on."""
        self._prebuffer_ms = ms

    @property
    def _rule(self) -> Rule:
        if self._prebuffer_ms is not None:
            return Rule(NEVER, self._prebuffer_ms)
        return self.prediction.rule

    @property
    def live(self) -> bool:
        """Some of an answer was taken that may not be heard yet."""
        return any(each.live for each in self._responses) or bool(self._tail)

    def _learn(self, response: QueuedResponse, ahead: int) -> None:
        response.arrivals.end(response.elapsed_ms(self._taken - ahead))
        if response.whole:
            self.learnt.append(response.arrivals)

    def _unplayed(self) -> QueuedResponse | None:
        return next((each for each in self._responses if not each.played), None)

    def _sounding(self) -> QueuedResponse | None:
        """The response that would be cut off by silence now."""
        response = self._unplayed()
        return response if response is not None and response.flows else None

    def _next(self, room: int, at: int) -> bytes:
        """Some of what comes next, `room` bytes at most; it will lie at `at`."""
        if self._tail:
            piece, self._tail = self._tail[:room], self._tail[room:]
            self._report()
            return piece
        response = self._unplayed()
        if response is None:
            return pcm.silence(room, self._fmt)
        waiting = response.waits(at)
        if waiting:
            return pcm.silence(min(room, waiting), self._fmt)
        response.flow()
        if response.inserted or response.insert():
            return self._pull_inserted(response, room)
        steady = response.steady
        if response.queued < room and not response.ended and steady >= response.queued:
            return self._run_dry(response, at)
        return self._pull(response, min(room, response.queued, steady), at)

    def _pull_inserted(self, response: QueuedResponse, room: int) -> bytes:
        sound = self._fade_in(response, response.cut_inserted(room))
        self.inserted_bytes += len(sound)
        self._last = sound[-self._fmt.sample_bytes :]
        return sound

    def _pull(self, response: QueuedResponse, n_bytes: int, at: int) -> bytes:
        pieces = response.cut(n_bytes)
        for part, piece in pieces:
            if not response.started:
                self._events.append(PlaybackStarted(part))
            response.note(part, at, at + len(piece))
            at += len(piece)
        self.played_bytes += n_bytes
        sound = self._fade_in(response, b"".join(piece for _, piece in pieces))
        self._last = sound[-self._fmt.sample_bytes :] or self._last
        return sound

    def _run_dry(self, response: QueuedResponse, at: int) -> bytes:
        """What is left of the response, fading out; too little for that, and its last sample goes on."""
        left = self._pull(response, response.queued, at)
        needed_ms = min(self._rebuffer_ms << response.underruns, MOST_REBUFFER_MS)
        response.run_dry(needed_ms)
        steady = max(0, len(left) - self._fade_bytes)
        fading = self._fade_out(left[steady:])
        self._tail = fading[len(left) :]
        return left[:steady] + fading[: len(left)]

    def _fade_out(self, sound: bytes) -> bytes:
        return fades.fade_out(sound, self._last, self._fade_bytes)

    def _fade_in(self, response: QueuedResponse, sound: bytes) -> bytes:
        done, response.faded_in = response.faded_in, response.faded_in + len(sound)
        return fades.fade_in(sound, done, self._fade_bytes, self._fmt.sample_bytes)

    def _pass(self, n_bytes: int) -> None:
        self._taken += n_bytes
        self._drain(self._taken - self.held_bytes)

    def _drain(self, until: int | None) -> None:
        """Let go of the responses that lie before `until` as a whole; None: of all."""
        while self._responses and self._responses[0].played:
            if until is not None and self._responses[0].stop > until:
                break
            self._responses.popleft()
            self._events.append(PlaybackDrained())

    def _report(self) -> None:
        if not self._tail:
            self._events.extend(self._flushes)
            self._flushes.clear()
