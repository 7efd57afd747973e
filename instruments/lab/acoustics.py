"""A room in virtual time, to the sample: what a speaker plays reaches the microphone with a delay, a level and a tail.

Rules:
1. `Air` counts samples of the card's rate from the start of the run. A speaker puts each sample where it is heard, a
   microphone takes each sample where it was recorded. So the latency of both devices is exact.
2. A speaker reports its own latency, and may be wrong about it.
3. The room answers for at most `tail_ms`, and by then with a thousandth of its first sound (-60 dB).
4. The visitor's voice and the noise of the room are white. So they are alike to nothing that a speaker plays, and a
   correlation finds every kind of sound equally well (leaks.py).

Not here: who presses when (interrupts.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from edged import pcm
from edged.audio.devices.playback_thread import PlaybackLoop
from edged.audio.devices.write_policy import Depth
from edged.audio.dsp.samples import Layout, changer
from instruments.lab.kiosk import Blockable, StampMicrophone
from instruments.lab.pace import LoopPace

GROWTH_S = 30
VOICE_DBFS, NOISE_DBFS = -20.0, -60.0


def amplitude(dbfs: float) -> float:
    """The root mean square of sound at this level, relative to a full-scale sine."""
    return pcm.FULL_SCALE / 2**0.5 * 10 ** (dbfs / 20)


def impulse(
    rng: np.random.Generator, rate_hz: int, *, delay_ms: float, level_db: float, tail_ms: float
) -> np.ndarray:
    """What a click becomes on its way. White sound arrives with `level_db`, half of it directly."""
    delay, n = round(rate_hz * delay_ms / 1000), round(rate_hz * tail_ms / 1000)
    tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    tail[: delay + 1] = 0.0
    tail *= (0.5 / np.sum(tail**2)) ** 0.5 if n > delay + 1 else 0.0
    way = np.zeros(max(n, delay + 1))
    way[:n] = tail
    way[delay] += 0.5**0.5
    return way * 10 ** (level_db / 20)


class Air:
    """What sounds in the room. `played` is the speaker's sound, `echo` the same as it arrives at the microphone."""

    def __init__(self, rate_hz: int, way: np.ndarray, *, reaches: bool = True) -> None:
        """`reaches`: the speaker's sound reaches the microphone. If not, `echo` is what would arrive."""
        self.rate_hz, self._way, self._reaches = rate_hz, way, reaches
        self.played = self.echo = np.zeros(0, np.float32)
        self.first_sounds: list[float] = []  # when sound began after silence, in seconds
        self.last = 0  # the sample after the last one that is not silence
        self.voices: list[tuple[float, float]] = []  # when the visitor speaks
        self.before_listening: list[Callable[[], None]] = []

    def place(self, at_s: float) -> int:
        return int(at_s * self.rate_hz + 1e-3)

    def sound(self, at: int, samples: np.ndarray) -> None:
        """`samples` are heard from `at` on."""
        there = np.flatnonzero(samples)
        if not len(there):
            return
        first = at + int(there[0])
        if first > self.last + self.rate_hz // 10:
            self.first_sounds.append(first / self.rate_hz)
        self.last = at + int(there[-1]) + 1
        n, arrives = len(samples), len(samples) + len(self._way) - 1
        while at + arrives > len(self.played):
            more = np.zeros(GROWTH_S * self.rate_hz, np.float32)
            self.played, self.echo = np.concatenate([self.played, more]), np.concatenate([self.echo, more])
        size = 1 << arrives.bit_length()
        heard = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(self._way, size), size)[:arrives]
        self.played[at : at + n] += samples
        self.echo[at : at + arrives] += heard.astype(np.float32)

    def arriving(self, first: int, n: int) -> np.ndarray:
        """What arrives at the microphone from the speaker."""
        for settle in self.before_listening:
            settle()
        echo = np.zeros(n)
        here = self.echo[first : first + n]
        if self._reaches:
            echo[: len(here)] = here
        return echo

    def spoken(self, first: int, n: int) -> np.ndarray:
        """Where the visitor speaks: 1, and elsewhere 0."""
        at = (np.arange(first, first + n)) / self.rate_hz
        return sum(((begin <= at) & (at < end) for begin, end in self.voices[-4:]), np.zeros(n))


def _samples(sound: bytes) -> np.ndarray:
    return np.frombuffer(sound, np.int16).astype(np.float64)


class PullSpeaker(Blockable):
    """Takes a block every 20 ms. What it holds cannot be taken back, as with PortAudio and a sound server."""

    def __init__(self, loop: asyncio.AbstractEventLoop, air: Air, *, holds_ms: float, says_ms: float) -> None:
        """A block is heard `holds_ms` after it was taken; the speaker reports `says_ms`."""
        super().__init__()
        self.latency_ms = round(says_ms)
        self._loop, self._air, self._holds_s = loop, air, holds_ms / 1000
        self._pace = LoopPace(loop)
        self._source = None
        self.takes: list[tuple[float, bytes]] = []

    def start(self, source, lost) -> None:
        self.called("start")
        self._source, self._change = source, changer(pcm.PCM16.rate_hz, self._air.rate_hz)
        source.set_latency(self.latency_ms)
        source.on_work = self._pace.unpark
        self._pace.start(0.02, self._tick)

    def stop(self) -> None:
        self.called("stop")
        if self._source is not None:
            self._source.on_work = None
        self._pace.stop()

    def _tick(self) -> None:
        source = self._source
        block = source.take(pcm.PCM16.bytes_of(20))
        self.takes.append((self._loop.time(), block))
        at = self._air.place(self._loop.time() + self._holds_s)
        self._air.sound(at, _samples(block if self._change is None else self._change.feed(block)))
        if source.idle:
            self._pace.park()


class DeepSpeaker(Blockable):
    """A card that is filled ahead and can be rewound, played by edged's own loop (`PlaybackLoop`)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, air: Air, *, holds_ms: float, says_ms: float) -> None:
        """Sound is heard `holds_ms` after the card has fetched it; the card reports `says_ms` of it."""
        super().__init__()
        self.latency_ms = Depth().first_ms
        self._loop, self._air = loop, air
        self._late, self._says = (air.place(ms / 1000) for ms in (holds_ms, max(0.0, says_ms)))
        self._playing: PlaybackLoop | None = None
        self._timer: asyncio.Handle | None = None
        self.takes: list[tuple[float, bytes]] = []

    def start(self, source, lost) -> None:
        self.called("start")
        rate_hz = self._air.rate_hz
        card = _Card(self._loop, self._air, late=self._late, says=self._says)
        self._air.before_listening[:] = [card.settle]
        change = changer(pcm.PCM16.rate_hz, rate_hz)
        self._playing = PlaybackLoop(card, change, source, Depth(), wake=self, now=self._loop.time)
        source.on_work, source.on_cut = self.set, self._playing.request_cut
        self.set()

    def stop(self) -> None:
        self.called("stop")
        if self._playing is not None:
            self._playing.end()
            self._playing = None
        if self._timer is not None:
            self._timer.cancel()

    # What wakes the loop: it never waits, and is called again when the wait would have been over.

    def set(self) -> None:
        self._again(0.0)

    def clear(self) -> None:
        pass

    def wait(self, timeout: float, /) -> bool:
        self._rest_s = timeout
        return False

    def _again(self, wait_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(wait_s, self._step)

    def _step(self) -> None:
        self._rest_s = 0.0
        if self._playing is not None:
            self._playing._step()
            if not self._timer.when() > self._loop.time():  # nothing has woken it meanwhile
                self._again(max(0.0005, self._rest_s))


class _Card:
    """The card under a DeepSpeaker."""

    name, takes_back, first_s, silent_s = "card", True, 5.0, 5.0

    def __init__(self, loop: asyncio.AbstractEventLoop, air: Air, *, late: int, says: int) -> None:
        self._loop, self._air, self._late, self._says = loop, air, late, says
        self.layout = Layout(air.rate_hz)
        self.most_frames = air.rate_hz
        self._queue = np.zeros(0)
        self._at = 0  # where its first sample is fetched
        self._runs = self._dry = False

    def settle(self) -> None:
        """Everything that is due by now is fetched."""
        if not self._runs:
            return
        due = self._air.place(self._loop.time()) - self._at
        fetched, self._queue = self._queue[:due], self._queue[due:]
        self._air.sound(self._at + self._late, fetched)
        self._at += len(fetched)
        if due > len(fetched):
            self._runs, self._dry = False, True

    def write(self, frames: bytes) -> None:
        self.settle()
        if not self._runs:
            self._at, self._runs = self._air.place(self._loop.time()), True
        self._dry = False
        self._queue = np.concatenate([self._queue, _samples(frames)])

    def held(self) -> int | None:
        self.settle()
        if not self._runs:
            return None if self._dry else 0
        return len(self._queue) + self._says

    def take_back(self, keep: int) -> int:
        self.settle()
        back = max(0, len(self._queue) - max(0, keep - self._says))
        self._queue = self._queue[: len(self._queue) - back]
        return back

    def halt(self) -> None:
        self.settle()
        self._queue, self._runs, self._dry = np.zeros(0), False, False

    def check(self) -> None:
        pass

    def close(self) -> None:
        self.halt()


class Heard(NamedTuple):
    """One block that a microphone has handed over: where it was recorded, and the part of it that is the machine's."""

    at_s: float
    block: bytes
    echo: bytes


class RoomEar(StampMicrophone):
    """A microphone in the air. A block is handed over `late_ms` after its last sample was recorded."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        air: Air,
        *,
        rate_hz: int,
        block_ms: int,
        late_ms: float,
        seed: int,
        eager: bool,
    ) -> None:
        """`rate_hz` is the rate of the service. `eager`: it hands over each block at once, whatever the urgency."""
        super().__init__(loop, block_ms, rate_hz)
        self._source = self._block_of_the_air
        self._air, self._rate_hz, self._lag, self._eager = air, rate_hz, air.place(late_ms / 1000), eager
        self._random = np.random.default_rng(seed)
        self._frames = air.rate_hz * block_ms // 1000
        self.heard: list[Heard] = []

    def start(self, hand, lost) -> None:
        self._began = self._next = self._air.place(self._loop.time())
        self._next -= self._lag
        self._changes = [changer(self._air.rate_hz, self._rate_hz) for _ in range(2)]
        super().start(hand, lost)

    def set_urgency(self, urgency) -> None:
        if not self._eager:
            super().set_urgency(urgency)

    def _block_of_the_air(self) -> None:
        first, n = max(self._next, self._began), self._frames
        self._next += n
        if (n := self._next - first) <= 0:
            return
        echo = self._air.arriving(first, n)
        noise = amplitude(NOISE_DBFS) + amplitude(VOICE_DBFS) * self._air.spoken(first, n)
        own = self._random.standard_normal(n) * noise
        block, alone = (
            sound if change is None else change.feed(sound)
            for change, sound in zip(self._changes, map(_pcm, (own + echo, echo)), strict=True)
        )
        self.heard.append(Heard(first / self._air.rate_hz, block, alone))
        self.hear(block)


def _pcm(samples: np.ndarray) -> bytes:
    return np.clip(np.rint(samples), -pcm.FULL_SCALE - 1, pcm.FULL_SCALE).astype("<i2").tobytes()
