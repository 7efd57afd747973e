"""A headset that somebody plugs in and out, in the whole daemon; the sockets are simulated, the rest is not."""

import asyncio
from types import MappingProxyType

import pytest

from edged import pcm
from edged.announcer import GAP_MS
from edged.app.adapters import Devices
from edged.audio.playout.cues import render
from edged.causes import Cue, Phrase
from edged.config import Config
from edged.errors import DeviceError
from edged.local.server import LocalServer
from edged.phrases.library import load
from instruments.lab.kiosk import Kiosk, RecordingSpeaker, StampVoice, Visitor
from instruments.lab.net import SimNet
from instruments.lab.ports import SimJacks
from instruments.lab.stamp import locate
from instruments.phrases.listening import sounding
from tests.kiosk.test_shell import idle

MUTES = "speaker.headset=mute_speaker"
OTHER = ("speaker.headset=other_device", "speaker.headset_device=plughw:CARD=Headset")


class Switch:
    """The card's switch for the speaker, with what was played at each change."""

    def __init__(self, sounding):
        self.log, self.fails, self._sounding = [], False, sounding

    def set_switch(self, is_on, card):
        if self.fails:
            raise DeviceError("'hw:0' has no control 'Speaker'", "mixer_lost")
        self.log.append((is_on, self._sounding()))

    @property
    def states(self):
        return [is_on for is_on, _ in self.log]


class QuickSpeaker(RecordingSpeaker):
    """Stops at once, without a fade, while it has not played anything."""

    def start(self, source, lost):
        super().start(source, lost)
        source.on_cut = lambda: source.cut_done(0)


class Speakers:
    """Makes the speakers of a configuration."""

    origins = MappingProxyType({})

    def __init__(self):
        self.made = {}
        self.kind = RecordingSpeaker

    def read(self):
        raise NotImplementedError

    def devices(self, present, config, parts):
        assert parts == {"speaker"}
        speaker = self.kind(asyncio.get_running_loop())
        self.made.setdefault(config.speaker.device, []).append(speaker)
        return Devices(present.microphone, speaker, present.button, present.lamp, heard=present.heard)


@pytest.fixture
def private(lab_run, monkeypatch):
    def run(body, *settings):
        from random import Random

        net, rng = SimNet(latency_ms=10), Random(1)

        async def main():
            jacks, source = SimJacks(), Speakers()
            async with (
                LocalServer(voice=StampVoice(rng), keep_audio=True) as server,
                Kiosk(net, server.url, rng, *settings, source=source, jacks=lambda: jacks) as kiosk,
            ):
                kiosk.switch = Switch(lambda: kiosk.app.playout.answering)
                monkeypatch.setattr("edged.app.headset._switch_mixer", lambda name: kiosk.switch)
                monkeypatch.setattr(
                    "edged.app.device_panel.DevicePanel.speaker_control", property(lambda _: "hw:0")
                )
                kiosk.server, kiosk.visitor, kiosk.jacks, kiosk.source = (
                    server,
                    Visitor(kiosk, rng),
                    jacks,
                    source,
                )
                await kiosk.until(lambda: kiosk.app.link.up, 5.0)
                await asyncio.sleep(1.003)
                await body(kiosk)

        lab_run(main(), net=net)

    return run


async def plug(kiosk, is_in):
    kiosk.jacks.plug(is_in)
    await asyncio.sleep(0.05)


async def answered(kiosk):
    """A question was asked, and its answer sounds."""
    await kiosk.visitor.hold(1.0)
    assert await kiosk.until(lambda: kiosk.app.playout.answering, 5)
    await asyncio.sleep(0.3)


def sounded_after(speaker, since):
    return sum(any(block) for at, block in speaker.takes if at > since)


def test_the_speaker_is_off_while_a_headset_is_in(private):
    async def body(kiosk):
        assert kiosk.switch.states[-1] is True
        assert kiosk.app.snapshot()["headset"] is False
        await plug(kiosk, True)
        assert kiosk.switch.states[-1] is False
        assert kiosk.app.snapshot()["headset"] is True
        await plug(kiosk, False)
        assert kiosk.switch.states[-1] is True
        assert [event["plugged"] for event in kiosk.events if event["event"] == "headset"] == [True, False]

    private(body, MUTES)


def test_an_answer_goes_on_when_a_headset_is_plugged_in(private):
    async def body(kiosk):
        await answered(kiosk)
        await plug(kiosk, True)
        assert kiosk.app.playout.answering
        await idle(kiosk)
        assert not [
            event for event in kiosk.events if event["event"] == "turn" and event["by"] == "CALLED_OFF"
        ]

    private(body, MUTES)


def test_a_plug_that_bounces_while_it_goes_in_does_not_stop_the_answer(private):
    """Until then the whole room has heard it."""

    async def body(kiosk):
        await answered(kiosk)
        for is_in in (True, False, True, False, True):
            kiosk.jacks.changed({"hw:0 Headphone Jack": is_in})
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert kiosk.app.playout.answering
        assert kiosk.switch.states[-1] is False
        await plug(kiosk, False)  # out again, and at once: it is private no earlier than that
        await idle(kiosk)
        assert [event["by"] for event in kiosk.events if event["event"] == "turn"].count("CALLED_OFF") == 0

    private(body, MUTES)


@pytest.mark.parametrize("moves", [(False, True, False), (False, True, False, True)], ids=["out", "in"])
def test_a_plug_that_bounces_while_it_comes_out_stops_the_answer_at_its_first_move(private, moves):
    async def body(kiosk):
        await plug(kiosk, True)
        await asyncio.sleep(1.0)
        await answered(kiosk)
        at = asyncio.get_running_loop().time()
        for is_in in moves:
            kiosk.jacks.changed({"hw:0 Headphone Jack": is_in})
            await asyncio.sleep(0.005)
        await asyncio.sleep(5.0)
        assert kiosk.state == "IDLE"
        assert sounded_after(kiosk.speaker, at + 0.02) == 0
        assert kiosk.switch.states[-1] is not moves[-1]

    private(body, MUTES)


def test_an_answer_ends_before_the_speaker_is_on_again(private):
    async def body(kiosk):
        await plug(kiosk, True)
        await answered(kiosk)
        at = asyncio.get_running_loop().time()
        await plug(kiosk, False)
        assert kiosk.state == "IDLE"
        assert kiosk.switch.log[-1] == (True, False)  # on, and nothing is left to sound
        await asyncio.sleep(5.0)
        assert sounded_after(kiosk.speaker, at + 0.02) == 0

    private(body, MUTES)


@pytest.mark.parametrize("wait_s", [0.0, 0.02, 0.2], ids=["at once", "on its way", "awaited"])
def test_an_answer_that_is_awaited_is_not_heard_by_the_room(private, wait_s):
    async def body(kiosk):
        await plug(kiosk, True)
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(0.16 + wait_s)
        at = asyncio.get_running_loop().time()
        await plug(kiosk, False)
        await asyncio.sleep(5.0)
        assert kiosk.state == "IDLE"
        assert sounded_after(kiosk.speaker, at + 0.02) == 0

    private(body, MUTES)


def test_what_one_visitor_heard_in_private_is_not_repeated_to_the_next(private):
    async def body(kiosk):
        await plug(kiosk, True)
        await answered(kiosk)
        await idle(kiosk)
        await plug(kiosk, False)
        kiosk.speaker.takes.clear()
        kiosk.app.command("repeat_answer", None)
        await asyncio.sleep(6.0)
        assert [event["id"] for event in kiosk.events if event["event"] == "cause"] == ["nothing_to_repeat"]
        phrase = load(("en",), (), "").book.of(Phrase.NOTHING_TO_REPEAT, "en")
        told = render(Cue.SILENT) + pcm.silence(pcm.PCM16.bytes_of(GAP_MS)) + phrase.sound
        assert sounding(b"".join(block for _, block in kiosk.speaker.takes)) == sounding(
            told
        )  # and nothing else

    private(body, MUTES)


def test_whoever_speaks_is_not_cut_off_by_a_headset(private):
    async def body(kiosk):
        await plug(kiosk, True)
        kiosk.button.press()
        await asyncio.sleep(1.0)
        await plug(kiosk, False)
        assert kiosk.state == "LISTENING"
        kiosk.button.release()
        await idle(kiosk)

    private(body, MUTES)


def test_a_switch_that_fails_is_a_trouble_and_told_once(private, caplog):
    async def body(kiosk):
        kiosk.switch.fails = True
        for is_in in (True, False, True):
            await plug(kiosk, is_in)
        troubles = kiosk.app.snapshot()["troubles"]
        assert [each["text"] for each in troubles if each["what"] == "mixer"] == [
            "'hw:0' has no control 'Speaker'"
        ]
        assert sum("headset: 'hw:0' has no control" in record.message for record in caplog.records) == 1
        kiosk.switch.fails = False
        await plug(kiosk, False)
        assert not [each for each in kiosk.app.snapshot()["troubles"] if each["what"] == "mixer"]

    private(body, MUTES)


def test_the_other_device_plays_while_the_headset_is_in(private):
    async def body(kiosk):
        await answered(kiosk)
        await idle(kiosk)
        heard = sounded_after(kiosk.speaker, 0)
        await plug(kiosk, True)
        await asyncio.sleep(0.5)
        await answered(kiosk)
        await idle(kiosk)
        (headset,) = kiosk.source.made["plughw:CARD=Headset"]
        assert sounded_after(headset, 0) > 0
        assert sounded_after(kiosk.speaker, 0) == heard
        before = sounded_after(headset, 0)
        await plug(kiosk, False)
        await asyncio.sleep(0.5)
        await answered(kiosk)
        await idle(kiosk)
        (speaker,) = kiosk.source.made["default"]
        assert sounded_after(speaker, 0) > 0
        assert sounded_after(headset, 0) == before
        assert kiosk.switch.states == []

    private(body, *OTHER)


def test_an_answer_moves_to_the_headset_and_never_back(private):
    async def body(kiosk):
        await answered(kiosk)
        await plug(kiosk, True)
        await asyncio.sleep(0.3)
        (headset,) = kiosk.source.made["plughw:CARD=Headset"]
        assert kiosk.app.playout.answering
        assert sounded_after(headset, 0) > 0
        await plug(kiosk, False)
        await asyncio.sleep(5.0)
        (speaker,) = kiosk.source.made["default"]
        assert sounded_after(speaker, 0) == 0
        assert kiosk.state == "IDLE"

    private(body, *OTHER)


def test_a_question_after_the_plug_does_not_begin_with_what_the_speaker_played(private):
    async def body(kiosk):
        kiosk.source.kind = QuickSpeaker
        await answered(kiosk)
        plugged = kiosk.microphone.position
        kiosk.jacks.plug(True)
        await asyncio.sleep(0.01)  # the headset has not played anything yet
        await kiosk.visitor.hold(1.0)
        await idle(kiosk)
        first = locate(kiosk.server.audit[-1].pcm)
        assert plugged + 24 * Config().turn.room_tail_ms < first < plugged + 24 * 300

    private(body, *OTHER)


def test_nobody_looks_at_the_sockets_unless_that_is_wanted(private):
    async def body(kiosk):
        assert kiosk.jacks.changed is None
        assert kiosk.app.snapshot()["headset"] is None
        assert kiosk.switch.states == []

    private(body)
