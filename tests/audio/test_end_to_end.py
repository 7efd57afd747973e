"""The whole daemon over PulseAudio, judged by correlation with what was played.

What is played into the microphone reaches the service complete and in place. What the service says comes
out of the speaker as it was sent.
"""

import asyncio
import contextlib
import json
import wave
from pathlib import Path

import numpy as np
import pytest

from edged import pcm
from edged.announcer import GAP_MS
from edged.app import App, devices, machine
from edged.audio.devices import libasound
from edged.audio.devices.pace import ThreadPace
from edged.audio.devices.wav import read_wav
from edged.audio.dsp.volume import gain_of
from edged.audio.playout.cues import render
from edged.causes import Cue, Phrase
from edged.config import load
from edged.local.server import LocalServer
from edged.local.voice import VoiceAnswer
from edged.phrases.library import load as load_phrases
from tests.audio.capture.reading import held_bytes

pytestmark = pytest.mark.pulse

RATE = 24_000
TRIES = 3  # a sound server on a busy machine has dropouts of its own; a fault of edged would appear each time
CLIPS = Path(__file__).parents[2] / "edged/local/clips"


def samples(sound):
    return np.frombuffer(sound, np.int16).astype(float)


def found(whole, part):
    """Where `part` is in `whole`, and how similar they are: (sample, correlation, gain)."""
    length = 1 << (len(whole) + len(part)).bit_length()
    products = np.fft.irfft(np.fft.rfft(whole, length) * np.conj(np.fft.rfft(part, length)), length)
    at = int(np.argmax(products[: max(1, len(whole) - len(part) + 1)]))
    here = whole[at : at + len(part)]
    alike = float(here @ part[: len(here)] / (np.linalg.norm(here) * np.linalg.norm(part) + 1e-9))
    return at, alike, float(here @ part[: len(here)] / (part @ part))


def placed(whole, said):
    """Each quarter of `said` in `whole`, all at the same place: (worst correlation, drift, gain)."""
    quarters = np.array_split(said, 4)
    starts = np.cumsum([0, *map(len, quarters[:-1])])
    pieces = [found(whole, quarter) for quarter in quarters]
    lags = [at - start for (at, _, _), start in zip(pieces, starts, strict=True)]
    return (
        min(alike for _, alike, _ in pieces),
        max(lags) - min(lags),
        float(np.mean([gain for *_, gain in pieces])),
    )


class OneVoice:
    """Says the same each time."""

    def __init__(self, sound):
        self.sound = sound

    def answer(self, utterance):
        return VoiceAnswer(self.sound, "so it is")


class Kiosk:
    """The daemon with real devices of a backend, its service, and the room around it."""

    def __init__(self, pulse, backend, folder, *settings):
        self.pulse, self.folder = pulse, folder
        self.question = read_wav(CLIPS / "question.wav")
        self.voice = OneVoice(read_wav(CLIPS / "question2.wav"))
        self._sets = [f"{part}.{key}" for part, key in _devices(backend)] + list(settings)

    @contextlib.asynccontextmanager
    async def running(self):
        async with LocalServer(voice=self.voice, keep_audio=True) as self.server:
            sets = ["control.socket=", f"state.dir={self.folder}/state", f"provider.url={self.server.url}"]
            config = load(None, env={}, sets=[*sets, *self._sets]).config
            front = devices(config, ThreadPace)
            self.app = App(config, key=None, ports=machine(config), front=front)
            life = asyncio.create_task(self.app.run())
            try:
                await self.until(lambda: self.app.intake.blocks > 20 and self.app.link.up)
                yield self
            finally:
                self.app.stop()
                await life

    async def until(self, is_so, within_s=60.0):
        async with asyncio.timeout(within_s):
            while not is_so():  # noqa: ASYNC110 threads, a server and a loop have no common event
                await asyncio.sleep(0.02)

    async def ask(self):
        """Run one turn; returns what the service has of the question, and what came out of the speaker."""
        path = self.folder / "question.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, pcm.SAMPLE_BYTES, RATE, 0, "NONE", ""))
            file.writeframes(self.question)
        before = len(self.server.audit)
        recorded = asyncio.get_running_loop().run_in_executor(None, self.pulse.record(), 12.0)
        self.app.command("press", None)
        await asyncio.sleep(0.3)
        self.pulse.play(str(path))
        await asyncio.sleep(len(self.question) / 48_000 + 1.5)
        self.app.command("release", None)
        await self.until(lambda: len(self.server.audit) > before)
        await self.until(self.app.quiet)
        return self.server.audit[-1].pcm, await recorded


def _devices(backend):
    yield from (("microphone", f"backend={backend}"), ("microphone", "device=mic"))
    yield from (("speaker", f"backend={backend}"), ("speaker", "device=speaker"))
    yield from (("button", "backend=none"), ("light", "backend=none"))


BACKENDS = [
    "pyaudio",
    pytest.param("alsa", marks=pytest.mark.skipif(not libasound.here(), reason="no libasound")),
]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_turn_over_real_devices_is_whole_both_ways(pulse, tmp_path, backend):
    async def main():
        async with Kiosk(pulse, backend, tmp_path).running() as kiosk:
            for left in reversed(range(TRIES)):
                heard, said = await kiosk.ask()
                up = placed(samples(heard), samples(kiosk.question))
                down = placed(samples(said), samples(kiosk.voice.sound))
                if (min(up[0], down[0]) > 0.97 and max(up[1], down[1]) <= 2) or not left:
                    break
            assert up[0] > 0.97, up
            assert up[1] <= 2, up  # samples: nothing is lost, doubled or stretched in the middle
            assert down[0] > 0.97, down
            assert down[1] <= 2, down
            assert up[2] == pytest.approx(1, rel=0.05)
            assert down[2] == pytest.approx(1, rel=0.05)
            conserved(kiosk)

    asyncio.run(main())


def conserved(kiosk):
    """Every byte of every answer was played, and the service has every byte of an utterance."""
    assert not kiosk.app.playout.answering
    assert kiosk.app.utterances.pending == held_bytes(kiosk.app.utterances) == 0
    assert kiosk.app.intake.dropped_bytes == kiosk.app.utterances.dropped_bytes == 0
    assert kiosk.server.ledger.appended.total() == sum(len(taken.pcm) for taken in kiosk.server.audit)


@pytest.mark.parametrize("backend", BACKENDS[:1])
def test_a_volume_is_the_level_that_comes_out(pulse, tmp_path, backend):
    async def main():
        async with Kiosk(pulse, backend, tmp_path, "speaker.lead_in_ms=200").running() as kiosk:
            await kiosk.app.set_volume(25)
            for left in reversed(range(TRIES)):
                _, said = await kiosk.ask()
                alike, drift, gain = placed(samples(said), samples(kiosk.voice.sound))
                if (alike > 0.97 and drift <= 2) or not left:
                    break
            assert alike > 0.97
            assert drift <= 2
            assert gain == pytest.approx(gain_of(25), rel=0.05)

    asyncio.run(main())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_muted_microphone_has_no_stream_at_the_sound_server(pulse, tmp_path, backend):
    def streams():
        listed = pulse.run("pactl", "-f", "json", "list", "source-outputs")
        return len(json.loads(listed.stdout or "[]"))

    async def main():
        async with Kiosk(pulse, backend, tmp_path).running() as kiosk:
            assert streams() == 1
            kiosk.app.command("mute", None)
            await kiosk.until(lambda: streams() == 0)
            blocks = kiosk.app.intake.blocks
            await asyncio.sleep(0.5)
            assert kiosk.app.intake.blocks == blocks
        kiosk = Kiosk(pulse, backend, tmp_path)
        async with contextlib.AsyncExitStack() as stack:
            kiosk.until = _not_waiting_for_a_microphone(kiosk.until)
            await stack.enter_async_context(kiosk.running())
            await asyncio.sleep(1.0)
            assert (streams(), kiosk.app.intake.blocks) == (0, 0)  # still off
            kiosk.app.command("unmute", None)
            await asyncio.sleep(0.1)
            await Kiosk.until(kiosk, lambda: streams() == 1 and kiosk.app.intake.blocks > 0)

    asyncio.run(main())


def _not_waiting_for_a_microphone(until):
    async def soon(_, within_s=60.0):
        await asyncio.sleep(0)

    return soon


def last_sound(samples):
    """The last sample that is not silence."""
    return int(np.flatnonzero(np.abs(samples) > 20)[-1])


def smooth(sound):
    """Without its highest frequencies, which a shift by half a sample would turn into another sound."""
    return np.convolve(sound, np.ones(3) / 3, "same")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_phrase_comes_out_of_the_speaker_after_its_tone(pulse, tmp_path, backend):
    phrase = smooth(samples(load_phrases(("de",), (), "").book.of(Phrase.MICROPHONE_OFF, "de").sound))
    tone = smooth(samples(render(Cue.MUTED)))

    async def main():
        async with Kiosk(pulse, backend, tmp_path, "visitor.languages=de").running() as kiosk:
            await kiosk.until(lambda: kiosk.app.appliance._speech.book.languages == ("de",))
            for left in reversed(range(TRIES)):
                recorded = asyncio.get_running_loop().run_in_executor(None, pulse.record(), 7.0)
                await asyncio.sleep(0.5)
                kiosk.app.appliance.report("muted")
                said = smooth(samples(await recorded))
                alike, drift, gain = placed(said, phrase)
                # One period of the tone is like the next, and a busy machine may cut its beginning: so from its end.
                phrase_at = found(said, phrase)[0]
                tone_at = last_sound(said[:phrase_at]) - last_sound(tone)
                second_half = tone[len(tone) // 2 :]
                _, tone_alike, _ = found(said[tone_at + len(tone) // 2 :][: len(second_half)], second_half)
                apart = phrase_at - tone_at - len(tone)
                if min(alike, tone_alike) > 0.97 and max(drift, abs(apart - 24 * GAP_MS)) <= 2:
                    break
                if left:  # what was lost may be said again after a while
                    await asyncio.sleep(8)
            assert min(alike, tone_alike) > 0.97
            assert drift <= 2
            assert gain == pytest.approx(1, rel=0.05)
            assert apart == pytest.approx(24 * GAP_MS, abs=2)

    asyncio.run(main())
