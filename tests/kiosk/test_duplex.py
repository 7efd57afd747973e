"""A conversation in both directions at once: the whole daemon in virtual time, in a room that the test controls."""

import asyncio
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from edged.app import App
from edged.causes import Light
from edged.local.server import LocalServer
from edged.local.voice import VoiceAnswer
from edged.pcm import PCM16
from edged.turn import OPEN
from instruments.bench import noises, rooms
from instruments.lab.kiosk import Kiosk
from instruments.lab.net import SimNet
from instruments.lab.oracle import cues_in
from tests.audio.capture.reading import held_bytes

BLOCK_BYTES = PCM16.bytes_of(20)
ANSWER = noises.pcm16(noises.at_dbfs(noises.speech("more"), -18))  # 3.4 s
QUESTION = noises.pcm16(noises.at_dbfs(noises.speech("question2"), -14))
DUPLEX = ("mode=conversation", "microphone.echo_cancel=true")


class Voice:
    """Says the same thing every time, `times` over."""

    def __init__(self, times=1):
        self.pcm = ANSWER * times
        self.asked = []

    def answer(self, utterance):
        self.asked.append(utterance)
        return VoiceAnswer(self.pcm, "so it is")


class NoCanceller:
    def set_delay(self, ms):
        pass

    def far(self, frame):
        pass

    def near(self, frame):
        return frame


class Room:
    """What the microphone hears: the visitor and, if there is an `echo`, the machine."""

    def __init__(self, kiosk, *, echo=None, delay_ms=60):
        self.kiosk, self.visitor = kiosk, b""
        self._echo, self._delay = echo, delay_ms // 20
        self._tail = np.zeros(0)
        self._noise = np.random.default_rng(5)
        kiosk.microphone.listen_to(self._tick)

    def says(self, sound):
        self.visitor += sound

    def _tick(self):
        microphone = self.kiosk.microphone
        block, self.visitor = self.visitor[:BLOCK_BYTES], self.visitor[BLOCK_BYTES:]
        heard = np.frombuffer(block.ljust(BLOCK_BYTES, b"\0"), "<i2") + self._noise.standard_normal(480) * 3
        if self._echo is not None:
            heard = heard + self._machine()
        microphone.hear(noises.pcm16(heard))

    def _machine(self):
        """20 ms of echo, of the sound that was taken `delay` ago."""
        now, takes = asyncio.get_running_loop().time(), self.kiosk.speaker.takes
        due = [take for at, take in takes[-self._delay - 3 :] if abs(now - at - self._delay * 0.02) < 0.0101]
        out = np.frombuffer(due[0], "<i2").astype(float) if due else np.zeros(480)
        wet = np.convolve(np.tanh(out / 16_000) * 16_000, self._echo) * 0.5
        wet[: len(self._tail)] += self._tail
        self._tail = wet[480:]
        return wet[:480]


@pytest.fixture
def duplex(lab_run, monkeypatch):
    """Runs `body(kiosk, room)` once the link is up and a press has opened the conversation."""

    def run(body, *settings, canceller=None, echo=None, voice=None):
        net = SimNet(latency_ms=10)
        build = App.__init__

        def init(app, config, *, front, **more):
            build(app, config, front=replace(front, echo=canceller or NoCanceller()), **more)

        monkeypatch.setattr(App, "__init__", init)

        async def main():
            spoken = voice or Voice()
            async with (
                LocalServer(voice=spoken, keep_audio=True) as server,
                Kiosk(net, server.url, Random(1), *DUPLEX, *settings) as kiosk,
            ):
                kiosk.server, kiosk.voice = server, spoken
                room = Room(kiosk, echo=echo)
                assert await kiosk.until(lambda: kiosk.app.link.up, 5)
                await asyncio.sleep(1.003)
                await tap(kiosk)
                assert kiosk.state == "AWAITING_SPEECH"
                await body(kiosk, room)

        lab_run(main(), net=net)

    return run


def states(kiosk):
    return [event["state"] for event in kiosk.events if event["event"] == "turn"]


def is_in(piece, whole):
    """Uses correlation, because the room is not quite silent."""
    said, heard = (np.frombuffer(sound, "<i2").astype(float) for sound in (piece, whole))
    n = 1 << (len(said) + len(heard)).bit_length()
    both = np.fft.irfft(np.fft.rfft(heard, n) * np.conj(np.fft.rfft(said, n)), n)
    return both.max() > 0.95 * (said**2).sum()


async def tap(kiosk):
    kiosk.button.press()
    await asyncio.sleep(0.1)
    kiosk.button.release()
    await asyncio.sleep(0.1)


async def until(kiosk, *wanted, within_s=20.0):
    assert await kiosk.until(lambda: kiosk.state in wanted, within_s), kiosk.state


async def asked_and_answering(kiosk, room):
    room.says(QUESTION)
    await until(kiosk, "HEARING")
    await until(kiosk, "ANSWERING")


def test_it_listens_while_it_answers_and_goes_on_after_the_answer(duplex):
    async def body(kiosk, room):
        for turn in (1, 2):
            await asked_and_answering(kiosk, room)
            appended = kiosk.server.ledger.appended.total()
            await until(kiosk, "AWAITING_SPEECH")
            assert kiosk.server.ledger.appended.total() - appended > 2000 * PCM16.bytes_per_ms
            assert len(kiosk.server.audit) == turn
        await asyncio.sleep(36)
        assert kiosk.state == "IDLE"
        assert [billed.status for billed in kiosk.server.bill] == ["completed", "completed"]
        assert not kiosk.server.ledger.truncations
        assert kiosk.server.ledger.errors == 0
        assert cues_in(kiosk.speaker.takes) == []

    duplex(body)


def test_who_speaks_over_an_answer_interrupts_it_and_is_answered(duplex):
    async def body(kiosk, room):
        await asked_and_answering(kiosk, room)
        await asyncio.sleep(1.0)
        room.says(QUESTION)
        await until(kiosk, "HEARING", within_s=1.0)
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(0.2)
        late = b"".join(take for at, take in kiosk.speaker.takes if at > began + 0.04)
        assert not late.strip(b"\0")  # it is silent by then, whatever was left of the answer
        await until(kiosk, "ANSWERING")
        await until(kiosk, "AWAITING_SPEECH")
        ((_, truncated_ms),) = kiosk.server.ledger.truncations
        assert 1000 <= truncated_ms <= 2500
        assert len(kiosk.server.audit) == 2
        assert kiosk.server.ledger.errors <= 1  # it may already be cancelled
        assert is_in(QUESTION[9600:48_000], kiosk.server.audit[1].pcm)

    duplex(body, voice=Voice(3))


def test_the_light_is_steady_as_long_as_it_listens(duplex):
    async def body(kiosk, room):
        await asked_and_answering(kiosk, room)
        assert kiosk.app.appliance.light is Light.RECORDING
        assert kiosk.lamp.level == 1
        await until(kiosk, "AWAITING_SPEECH")
        gate = [event for event in kiosk.events if event["event"] == "light"]
        assert [event["light"] for event in gate][-1] == Light.RECORDING.value
        assert all(state in {open_.value for open_ in OPEN} for state in states(kiosk))

    duplex(body)


def test_a_press_over_an_answer_silences_it_and_another_ends_the_conversation(duplex):
    async def body(kiosk, room):
        await asked_and_answering(kiosk, room)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        assert kiosk.state == "AWAITING_SPEECH"
        await asyncio.sleep(1.0)
        assert kiosk.app.playout.idle
        await tap(kiosk)
        assert kiosk.state == "IDLE"
        assert not kiosk.app.intake.is_open
        appended = kiosk.server.ledger.appended.total()
        room.says(QUESTION)
        await asyncio.sleep(5)
        assert kiosk.server.ledger.appended.total() == appended

    duplex(body, voice=Voice(3))


def test_a_link_lost_in_an_answer_ends_the_conversation_and_is_told(duplex):
    async def body(kiosk, room):
        await asked_and_answering(kiosk, room)
        kiosk.net.strike("reset")
        await until(kiosk, "TRUNCATED")
        assert not kiosk.app.intake.is_open
        await until(kiosk, "IDLE")
        assert states(kiosk)[-3:] == ["TRUNCATED", "NOTICE", "IDLE"]

    duplex(body, voice=Voice(3))


@pytest.mark.slow
def test_an_answer_longer_than_any_utterance_does_not_make_it_deaf(duplex):
    async def body(kiosk, room):
        await asked_and_answering(kiosk, room)
        await asyncio.sleep(70)
        assert kiosk.state == "ANSWERING"
        assert kiosk.app.utterances.dropped_bytes == 0
        assert held_bytes(kiosk.app.utterances) < 9000 * PCM16.bytes_per_ms
        room.says(QUESTION)
        await until(kiosk, "HEARING", within_s=1.0)

    duplex(body, voice=Voice(30))


def test_a_link_lost_while_somebody_speaks_is_spoken_to_again(duplex):
    async def body(kiosk, room):
        await asyncio.sleep(20)
        room.says(QUESTION)
        await until(kiosk, "HEARING")
        await asyncio.sleep(0.3)
        kiosk.net.strike("reset")
        await until(kiosk, "ANSWERING")
        assert len(kiosk.voice.asked) == 1
        assert is_in(QUESTION[:48_000], kiosk.server.audit[0].pcm)

    duplex(body)


def test_without_a_canceller_the_machine_interrupts_itself(duplex):
    """This room has an echo. Otherwise the next test would prove nothing."""

    async def body(kiosk, room):
        await asked_and_answering(kiosk, room)
        await until(kiosk, "HEARING", within_s=2.0)

    duplex(body, echo=rooms.room(1), voice=Voice(3))


@pytest.mark.slow
def test_with_the_real_canceller_it_hears_the_visitor_and_not_itself(duplex):
    pytest.importorskip("livekit.rtc", reason="the extra aec is not installed")
    from edged.audio.dsp.echo_livekit import LivekitEchoCanceller

    async def body(kiosk, room):
        await asked_and_answering(kiosk, room)
        await asyncio.sleep(8.0)
        assert kiosk.state == "ANSWERING"
        assert not kiosk.server.ledger.truncations
        room.says(QUESTION)
        await until(kiosk, "HEARING", within_s=2.0)
        await until(kiosk, "ANSWERING")
        assert len(kiosk.server.audit) == 2

    duplex(body, canceller=LivekitEchoCanceller(), echo=rooms.room(1), voice=Voice(3))
