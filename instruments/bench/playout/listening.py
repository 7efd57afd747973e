"""What a listener hears, in virtual time: edged's own buffer, and models of other players.

Every player is a function. It takes the answers of one link in order and a random generator, and returns a `Met` for
each answer. A device asks for blocks at a steady pace, at a phase that is drawn for every answer. The delay of a
start is the time from the first delta to the first sample that the device gets.
"""

import math
from collections import deque
from dataclasses import dataclass
from itertools import accumulate

from edged.audio.playout.events import PlaybackDrained
from edged.audio.playout.jitter import JitterBuffer
from edged.audio.playout.playout import Playout
from edged.audio.playout.prediction import Prediction
from edged.wire.parts import Part

PART = Part("item", 0)
SAMPLE = b"\x40\x1f"
BYTES_PER_MS = 48
BLOCK_MS = 20
FADE_MS = 5
SESSION = 20  # answers per session


@dataclass
class Met:
    """One answer as the listener heard it, in ms."""

    delay: float
    length: float
    gaps: tuple[float, ...] = ()
    stretched: float = 0.0


class Speaker:
    """Pulls edged's playout. Nothing changes between two deltas, so it takes all blocks between them at once."""

    def __init__(self, prebuffer_ms=None, prediction=None, block_ms=BLOCK_MS):
        self._jitter = JitterBuffer(prebuffer_ms=prebuffer_ms, prediction=prediction)
        self._playout = Playout(self._jitter, notify=lambda: None)
        self._block_ms = block_ms

    def hear(self, answer, phase):
        """Play one answer. `phase` is the time from the first delta to the first request for a block."""
        jitter, playout = self._jitter, self._playout
        self._due, self._delay, self._gaps, self._silence = phase, None, [], 0.0
        self._inserted, self._complete = 0, False
        came, samples = 0.0, 0
        for at, length in answer.deltas:
            self._until(at)
            came += length
            whole, samples = round(came * 24) - samples, round(came * 24)
            assert playout.push(PART, SAMPLE * whole)
        self._until(answer.done)
        playout.end()
        self._complete = True
        self._take(jitter.queued_ms // self._block_ms + 2)
        assert playout.events()[-1] == PlaybackDrained()
        assert jitter.queued_bytes == 0
        return Met(self._delay, answer.length, tuple(self._gaps), self._inserted / BYTES_PER_MS)

    def _until(self, at):
        """Take every block that is due before `at`."""
        if at > self._due:
            self._take(math.ceil((at - self._due) / self._block_ms))

    def _take(self, blocks):
        queued = self._jitter.queued_bytes
        out = self._playout.take(int(blocks * self._block_ms * BYTES_PER_MS))
        sound = out.lstrip(b"\0")
        played, is_dry = queued - self._jitter.queued_bytes, not (self._jitter.queued_bytes or self._complete)
        faded = max(0, FADE_MS * BYTES_PER_MS - queued) if is_dry else 0  # beyond the sound that was left
        self._inserted += max(0, len(sound.rstrip(b"\0")) - played - faded)
        lead = (len(out) - len(sound)) / BYTES_PER_MS
        if sound:
            if self._delay is None:
                self._delay = self._due + lead
            elif self._silence + lead > 1:
                self._gaps.append(self._silence + lead)
            self._silence = (len(sound) - len(sound.rstrip(b"\0"))) / BYTES_PER_MS
        else:
            self._silence += lead
        self._due += len(out) / BYTES_PER_MS


def edged(answers, rng):
    """What edged does: it predicts, and remembers from answer to answer."""
    speaker = Speaker(prediction=Prediction())
    return [speaker.hear(answer, rng.uniform(0, BLOCK_MS)) for answer in answers]


def cold(answers, rng):
    """Every answer as if it were edged's very first."""
    return [Speaker(prediction=Prediction()).hear(answer, rng.uniform(0, BLOCK_MS)) for answer in answers]


def fixed(prebuffer_ms):
    """edged's buffer with a fixed prebuffer that learns nothing. It runs empty and stretches as edged does."""

    def play(answers, rng):
        return [
            Speaker(prebuffer_ms=prebuffer_ms).hear(answer, rng.uniform(0, BLOCK_MS)) for answer in answers
        ]

    return play


def oracle(answers, rng):
    """Knows each answer in advance: the smallest delay that plays without a gap."""
    return [Met(max(answer.least_delay, 0.0) + rng.uniform(0, BLOCK_MS), answer.length) for answer in answers]


# Models of other players, made from what their sources do (docs/playout.md). None of their code runs here.


class _Queue:
    """Sound that arrived and has not been played, and the sound still to come."""

    def __init__(self, answer):
        self._coming = deque(answer.deltas)
        self._done = answer.done
        self.deltas = 0
        self.queued = 0.0

    def until(self, now):
        while self._coming and self._coming[0][0] <= now:
            self.queued += self._coming.popleft()[1]
            self.deltas += 1

    def done(self, now):
        return not self._coming and now >= self._done

    @property
    def over(self):
        return not self._coming and self.queued <= 0


def _play(answer, phase, block, starts, resumes):
    """A device that asks for `block` ms at a time; `starts` and `resumes` decide whether it gets any."""
    queue, now, delay, gaps, silence = _Queue(answer), phase, None, [], 0.0
    playing = False
    while True:
        queue.until(now)
        if not playing:
            playing = (starts if delay is None else resumes)(queue, now)
        piece = min(block, queue.queued) if playing else 0.0
        if piece > 0:
            if delay is None:
                delay = now
            elif silence > 1:
                gaps.append(silence)
            silence = 0.0
        queue.queued -= piece
        if queue.over:
            return Met(delay, answer.length, tuple(gaps))
        if piece < block:
            playing = False
        if delay is not None:
            silence += block - piece
        now += block


def _at_once(queue, _now):
    return queue.queued > 0


def audio_player_async(answers, rng):
    """openai-python's example: a callback of 50 ms that fills gaps with zeros."""
    return [_play(answer, rng.uniform(0, 50), 50, _at_once, _at_once) for answer in answers]


def agents_demo(answers, rng):
    """openai-agents' demo: three deltas before the first answer of a session; blocks of 40 ms, zeros in gaps."""

    def three(queue, now):
        return queue.deltas >= 3 or queue.done(now)

    return [
        _play(answer, rng.uniform(0, 40), 40, _at_once if n % SESSION else three, _at_once)
        for n, answer in enumerate(answers)
    ]


def livekit_console(answers, rng):
    """livekit-agents' console: 300 ms before each answer, not again after a gap; blocks of 100 ms, zeros in gaps."""

    def primed(queue, now):
        return queue.queued >= 300 or queue.done(now)

    return [_play(answer, rng.uniform(0, 100), 100, primed, _at_once) for answer in answers]


def pipecat(answers, rng):
    """pipecat's local transport: writes 40 ms as soon as it has them, and blocks meanwhile."""

    def chunk(queue, now):
        return queue.queued >= 40 or (queue.queued > 0 and queue.done(now))

    return [_play(answer, rng.uniform(0, 5), 40, chunk, chunk) for answer in answers]


def neteq_like(answers, rng):
    """The rule of WebRTC's NetEq without its time scaling: a start at the 95 % quantile of recent lateness.

    Lateness is measured within the last 2 s and decays by 0.983 per delta. The start is 80 ms at first. After an
    underrun the player waits for half of it.
    """
    met, weights = [], {80: 1.0}
    for answer in answers:
        target = _quantile(weights, 0.95)

        def enough(queue, now, share=1.0, target=target):
            return queue.queued >= share * target or queue.done(now)

        met.append(_play(answer, rng.uniform(0, 10), 10, enough, lambda queue, now: enough(queue, now, 0.5)))
        starts = [0.0, *accumulate(length for _, length in answer.deltas)]
        window = deque()
        for (at, _), start in zip(answer.deltas, starts, strict=False):
            window.append((at, at - start))
            while window[0][0] < at - 2000:
                window.popleft()
            late = 20 * math.ceil((at - start - min(each for _, each in window)) / 20)
            weights = {key: value * 0.983 for key, value in weights.items()}
            weights[late] = weights.get(late, 0.0) + 0.017
    return met


def _quantile(weights, share):
    wanted, total = share * sum(weights.values()), 0.0
    for key in sorted(weights):
        total += weights[key]
        if total >= wanted:
            return key
    return max(weights)


MODELS = {
    "model: openai AudioPlayerAsync": audio_player_async,
    "model: agents demo": agents_demo,
    "model: livekit console": livekit_console,
    "model: pipecat": pipecat,
    "model: NetEq-like": neteq_like,
}
