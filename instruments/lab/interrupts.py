"""A machine that hears itself and is interrupted: what of its own voice reaches the service?

Rules:
1. The seed draws everything: the kiosk and its room (setups.py), the visitor (interrupter.py), and what happens
   meanwhile: a reload, a link that drops, another volume, a headset, which no microphone hears.
2. The service's own record is judged: what it has committed, and in a conversation all that it was sent.
3. The same seed with `reaches=False` is the same run without an echo. What chance finds there is the limit of what
   counts as found. It is reckoned from the run with the echo, too: the microphone knows its part of each sample.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import gcd
from random import Random
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from edged.app.adapters import Devices
from edged.config import Config, Secret, load
from edged.local.server import LocalServer
from edged.local.voice import VoiceAnswer, long_speech
from edged.panel.null import NullContact
from edged.pcm import PCM16
from instruments.lab.acoustics import Air, DeepSpeaker, PullSpeaker, RoomEar, impulse
from instruments.lab.bouncing import BUTTON, RoughContact
from instruments.lab.interrupter import KINDS, Interrupter
from instruments.lab.kiosk import Kiosk, RecordingSpeaker
from instruments.lab.leaks import BEFORE_S, Likeness, likeness, most
from instruments.lab.loop import run
from instruments.lab.net import SimNet
from instruments.lab.ports import SimJacks
from instruments.lab.setups import HEADSET, TALK, Setup, drawn
from instruments.lab.witness import Witness

ALWAYS = (  # what is judged is the sound, not whether it may be speech
    "microphone.refuse_empty=false",
    "microphone.refuse_below_dbfs=-100",
    "turn.forget_after_s=0",
)


class Utterance(NamedTuple):
    """A committed utterance, judged."""

    likeness: Likeness
    by_chance: Likeness
    """The same for the same sound without the machine's voice in it."""
    echo_dbfs: float
    """The loudest 20 ms of the machine's own voice in it."""
    late_ms: float | None
    """How long after the press its sound begins; less than 0: before it."""
    kind: str
    sounded: bool
    """Whether the machine was heard at the press."""


@dataclass
class Outcome:
    seed: int
    setup: Setup
    utterances: list[Utterance] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def likeness(self) -> Likeness:
        return most(each.likeness for each in self.utterances)


class AnyVoice:
    """Answers with noise or with speech, each time something else."""

    def __init__(self, rng: Random) -> None:
        self._rng, self._noise = rng, np.random.default_rng(rng.getrandbits(32))

    def answer(self, utterance: bytes) -> VoiceAnswer:
        seconds = self._rng.uniform(0.3, 3.0)
        if self._rng.random() < 0.5:
            return long_speech(seconds)
        n = int(seconds * PCM16.rate_hz)
        return VoiceAnswer(
            (self._noise.standard_normal(n) * 5000).clip(-32767, 32767).astype("<i2").tobytes(), ""
        )


class SameFile:
    """A configuration that is read again, with a setting that opens the devices again."""

    origins: Mapping[str, str] = MappingProxyType({})

    def __init__(self, key: Secret | None, speaker: PullSpeaker | DeepSpeaker, *settings: str) -> None:
        self._key, self._settings, self._times = key, settings, 0
        self.speaker = speaker

    def read(self) -> tuple[Config, Secret | None]:
        self._times += 1
        more = (f"speaker.prebuffer_ms={60 + self._times}", f"microphone.preroll_ms={300 - self._times}")
        return load(None, env={}, sets=[*self._settings, *more]).config, self._key

    def devices(self, present: Devices, config: Config, parts: frozenset[str]) -> Devices:
        """The same, but a headset is another speaker."""
        if parts != {"speaker"}:
            return present
        is_headset = config.speaker.device == HEADSET
        speaker = RecordingSpeaker(asyncio.get_running_loop()) if is_headset else self.speaker
        return replace(present, speaker=speaker)


def interrupted(
    seed: int,
    mode: str,
    *,
    times: int = 10,
    reaches: bool = True,
    setup: Setup | None = None,
    settings: tuple[str, ...] = (),
    kinds: tuple[str, ...] = KINDS,
) -> Outcome:
    """One kiosk, interrupted so often, in these ways. `settings`: more of them."""
    outcome = Outcome(seed, setup or drawn(Random(f"setup {mode} {seed}"), mode))
    net = SimNet(latency_ms=20, jitter_ms=10)
    run(_live(net, outcome, times, reaches=reaches, settings=settings, kinds=kinds), net=net, seed=seed)
    return outcome


async def _live(
    net: SimNet,
    outcome: Outcome,
    times: int,
    *,
    reaches: bool,
    settings: tuple[str, ...],
    kinds: tuple[str, ...],
) -> None:
    witness = Witness(net)
    setup, rng, loop = outcome.setup, Random(f"visit {outcome.seed}"), asyncio.get_running_loop()
    way = impulse(
        np.random.default_rng(outcome.seed),
        setup.card_hz,
        delay_ms=setup.delay_ms,
        level_db=setup.level_db,
        tail_ms=setup.tail_ms,
    )
    air = Air(setup.card_hz, way, reaches=reaches)
    speaker = (DeepSpeaker if setup.deep else PullSpeaker)(
        loop, air, holds_ms=setup.holds_ms, says_ms=setup.says_ms
    )
    ear = RoomEar(
        loop,
        air,
        rate_hz=setup.service_hz,
        block_ms=setup.block_ms,
        late_ms=setup.late_ms,
        seed=outcome.seed,
        eager=setup.eager,
    )
    rough = RoughContact(replace(BUTTON, lost=0.0), Random(outcome.seed))
    jacks = SimJacks()
    button = rough if setup.bounces else NullContact()
    like, key = ("qwen", Secret("sk-planted")) if setup.service_hz == 16_000 else ("", None)
    chosen = (*ALWAYS, *setup.settings, *settings)
    async with LocalServer(
        voice=AnyVoice(rng), keep_audio=True, pace=setup.pace, wall=loop.wall, like=like
    ) as server:
        same = (f"provider.url={server.url}", "control.socket=", "state.dir=", *chosen)
        async with Kiosk(
            net,
            server.url,
            rng,
            *chosen,
            microphone=ear,
            speaker=speaker,
            button=button,
            key=key,
            source=SameFile(key, speaker, *same),
            jacks=lambda: jacks,
        ) as kiosk:
            visitor = Interrupter(kiosk, air, setup.mode, rng, jacks)
            await kiosk.until(lambda: kiosk.app.link.up, 5.0)
            for _ in range(times):
                await asyncio.sleep(rng.uniform(0.3, 1.3))
                if rng.random() < 0.1:
                    outcome.counts["reloads"] += 1
                    await kiosk.app.reload()
                    await asyncio.sleep(1.0)
                kind = rng.choice(kinds)
                outcome.counts[kind] += 1
                await visitor.interrupt(kind)
                await visitor.rest()
            pieces = [taken.pcm for taken in server.audit]
            if setup.mode in TALK:  # there, the service decides what it commits
                heard = b"".join(each.block for each in ear.heard)
                pieces = [piece for sound in witness.came.values() for piece in _runs(sound, heard)]
            _judge(outcome, air, ear, visitor.presses, pieces)


def _runs(sound: bytes, heard: bytes) -> Iterator[bytes]:
    """The unbroken pieces of what was heard, in what was sent."""
    at = 0
    while at < len(sound):
        first = heard.find(sound[at : at + 64])
        if first < 0:
            yield sound[at:]
            return
        n = min(len(sound) - at, len(heard) - first)
        apart = np.flatnonzero(
            np.frombuffer(sound[at : at + n], "<i2") != np.frombuffer(heard[first : first + n], "<i2")
        )
        length = 2 * int(apart[0]) if len(apart) else n
        yield sound[at : at + length]
        at += length


def _judge(
    outcome: Outcome, air: Air, ear: RoomEar, presses: list[tuple[float, str]], committed: list[bytes]
) -> None:
    rate_hz, at = outcome.setup.service_hz, 0
    starts = []
    for each in ear.heard:
        starts.append(at)
        at += len(each.block)
    heard, echo = (
        b"".join(part) for part in zip(*((each.block, each.echo) for each in ear.heard), strict=True)
    )
    before = 0
    for pcm in committed:
        first = heard.find(pcm[:400], before)
        if first < 0:
            first = heard.find(pcm[:400])
        if first < 0 or not pcm or heard[first : first + len(pcm)] != pcm:
            outcome.counts["not found"] += 1
            continue
        before = first
        block = int(np.searchsorted(starts, first, side="right")) - 1
        began_s = ear.heard[block].at_s + (first - starts[block]) / 2 / rate_hz
        ended_s = began_s + len(pcm) / 2 / rate_hz
        pressed = [(when, kind) for when, kind in presses if when < ended_s - 0.05]
        said, own = (
            np.frombuffer(part, "<i2").astype(float) for part in (pcm, echo[first : first + len(pcm)])
        )
        n = rate_hz // 50
        loudest = max((float(np.mean(own[i : i + n] ** 2)) for i in range(0, len(own), n)), default=0.0)
        span = slice(air.place(max(0.0, began_s - BEFORE_S)), air.place(ended_s))
        references = [_at_rate(sound[span], air.rate_hz, rate_hz) for sound in (air.played, air.echo)]
        pressed_s, kind = pressed[-1] if pressed else (None, "")
        about = slice(0) if pressed_s is None else _about(air, pressed_s)
        found = likeness(said, references, rate_hz)
        outcome.utterances.append(
            Utterance(
                found,
                likeness(said - own, references, rate_hz) if loudest else found,
                10 * np.log10(max(loudest, 1e-3) / (32767**2 / 2)),
                None if pressed_s is None else (began_s - pressed_s) * 1000,
                kind,
                bool(np.any(air.played[about])),
            )
        )


def _about(air: Air, at_s: float) -> slice:
    return slice(air.place(max(0.0, at_s - 0.02)), air.place(at_s + 0.001))


def _at_rate(sound: np.ndarray, rate_hz: int, wanted_hz: int) -> np.ndarray:
    there = np.flatnonzero(sound)
    if not len(there):
        return sound[:0]
    cut = sound[there[0] : there[-1] + 1].astype(np.float32)
    step = rate_hz // gcd(rate_hz, wanted_hz)
    n = -(-len(cut) // step) * step
    out = n * wanted_hz // rate_hz
    spectrum = np.fft.rfft(cut, n)[: out // 2 + 1]
    return np.rint(np.fft.irfft(spectrum, out) * (out / n))
