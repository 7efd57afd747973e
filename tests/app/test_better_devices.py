"""A better device that comes while a kiosk runs, in virtual time."""

import asyncio
import logging

import pytest

from edged.app import App, Devices
from edged.app.settings import input_format
from edged.audio.devices.ladder import TriedNames
from edged.audio.ports import Companion, OpenDevice
from edged.errors import DeviceError
from edged.panel.null import NullContact, NullLamp
from edged.pcm import PCM16
from instruments.lab.kiosk import RecordingSpeaker, StampMicrophone
from tests.app.test_reload import kiosk  # noqa: F401 a fixture


class Choosing:
    """What a test's microphone and speaker have in common: they open the first of `there` that works."""

    companion = Companion()

    def choose(self, what):
        names = [name for name in self.there() if name not in self.broken]
        if not names:
            raise DeviceError("there is none", f"{what}_lost")
        self.tried = [name for name in self.there() if name in self.broken]
        self.opened = OpenDevice("alsa", names[0], 24_000, card=names[0])
        self.history.append(names[0])

    def has_better(self):
        before = self.there()[: self.there().index(self.opened.name)]
        return any(name not in self.tried for name in before)


class PluggedMicrophone(Choosing, StampMicrophone):
    def __init__(self, loop, cards):
        super().__init__(loop)
        self.chooser, self.cards, self.broken, self.history, self.opened = self, cards, set(), [], None
        self.tries = TriedNames()

    def use(self, tries):
        self.tries = tries

    def afresh(self):
        fresh = PluggedMicrophone(self._loop, self.cards)
        fresh.history, fresh.broken, fresh.opened = self.history, self.broken, self.opened
        return fresh

    def there(self):
        return self.cards

    def start(self, hand, lost):
        self.choose("microphone")
        self.tries.trying = self.opened.name
        super().start(hand, lost)


class PluggedSpeaker(Choosing, RecordingSpeaker):
    """Its default is the microphone's card, then the first of its own."""

    def __init__(self, loop, cards):
        super().__init__(loop)
        self.chooser, self.cards, self.broken, self.history = self, cards, set(), []
        self.opened, self.lost = None, None

    def there(self):
        near = [self.companion.card] if self.companion.card else self.companion.names
        return [name for name in (*near, *self.cards) if name in self.cards]

    def start(self, source, lost):
        self.lost = lost
        self.choose("speaker")
        super().start(source, lost)


@pytest.fixture
def plugged(kiosk, monkeypatch):  # noqa: F811
    """Run `body(kiosk, microphone, speaker, paper)` with devices that depend on what is plugged in."""

    def run(body, *settings, microphones=("USB",), speakers=("HDMI", "USB"), broken=()):
        microphone_cards, speaker_cards = list(microphones), list(speakers)
        build = App.__init__

        def init(app, config, *, front, **more):
            loop = asyncio.get_running_loop()
            front = Devices(
                PluggedMicrophone(loop, microphone_cards),
                PluggedSpeaker(loop, speaker_cards),
                front.button,
                front.lamp,
                heard=front.heard,
            )
            front.microphone.broken = set(broken)
            build(app, config, front=front, **more)

        async def inner(here, paper):
            def devices(present, config, parts):
                loop = asyncio.get_running_loop()
                return Devices(
                    PluggedMicrophone(loop, paper.microphone_cards)
                    if "microphone" in parts
                    else present.microphone,
                    PluggedSpeaker(loop, speaker_cards) if "speaker" in parts else present.speaker,
                    NullContact(),
                    NullLamp(),
                    heard=input_format(config),
                )

            paper.devices, paper.microphone_cards = devices, microphone_cards
            await body(here, here.app.front.microphone, here.app.front.speaker, paper)

        with monkeypatch.context() as patch:
            patch.setattr(App, "__init__", init)
            kiosk(inner, *settings)

    return run


async def plug(here):
    """The kernel reports a card."""
    here.app._device_panel.plugged()
    await asyncio.sleep(3)


def test_the_speaker_is_opened_where_the_microphone_is(plugged):
    async def body(here, microphone, speaker, _):
        assert microphone.history == ["USB"]
        assert speaker.history[-1] == "USB"

    plugged(body)


def test_the_speaker_follows_a_microphone_that_comes_later(plugged):
    async def body(here, microphone, speaker, _):
        assert speaker.history == ["HDMI"]
        microphone.cards.append("USB")
        speaker.cards.append("USB")
        await plug(here)
        assert (microphone.history, speaker.history) == (["USB"], ["HDMI", "USB"])
        assert here.app.snapshot()["devices"]["speaker"]["name"] == "USB"

    plugged(body, microphones=(), speakers=("HDMI",))


def test_the_speaker_follows_a_microphone_that_opens_late_although_its_card_was_there(plugged):
    async def body(here, microphone, speaker, _):
        assert speaker.history == ["HDMI"]
        microphone.broken = set()  # another program has let it go
        await asyncio.sleep(5)
        assert (microphone.history, speaker.history) == (["USB"], ["HDMI", "USB"])

    plugged(body, broken=("USB",))


def test_a_device_is_reopened_once_the_kiosk_is_quiet(plugged):
    async def body(here, microphone, speaker, _):
        here.app.front.button.press()
        await asyncio.sleep(1)
        microphone.cards.insert(0, "Better")
        await plug(here)
        assert microphone.history == ["USB"]
        here.app.front.button.release()
        assert await here.until(lambda: here.state == "SPEAKING", 20)
        assert microphone.history == ["USB"]
        assert await here.until(lambda: here.state == "IDLE", 60)
        await asyncio.sleep(3)
        assert microphone.history == ["USB", "Better"]

    plugged(body)


def test_a_better_device_that_does_not_open_costs_one_try(plugged):
    async def body(here, microphone, speaker, _):
        microphone.cards.insert(0, "Better")
        microphone.broken = {"Better"}
        for _ in range(3):
            await plug(here)
        assert microphone.history == ["USB", "USB"]

    plugged(body)


def test_a_better_device_is_used_while_the_other_one_does_not_close_and_after_that(plugged):
    async def body(here, microphone, speaker, _):
        microphone.block("stop")
        microphone.cards.insert(0, "Better")
        await plug(here)
        await asyncio.sleep(5)
        assert microphone.history == ["USB", "Better"]
        microphone.unblock()
        await asyncio.sleep(1)
        before = here.app.front.microphone.handed
        await asyncio.sleep(1)
        assert here.app.front.microphone.handed - before == PCM16.rate_hz

    plugged(body)


def test_a_card_that_changes_nothing_reopens_nothing(plugged):
    async def body(here, microphone, speaker, _):
        before = list(speaker.history)
        microphone.cards.append("Worse")
        await plug(here)
        assert (microphone.history, speaker.history) == (["USB"], before)

    plugged(body)


def test_another_microphone_in_the_configuration_takes_the_default_speaker_with_it(plugged):
    async def body(here, microphone, speaker, paper):
        assert speaker.history[-1] == "USB"
        paper.microphone_cards, paper.sets = ["Jabra"], ["microphone.device=Jabra"]
        speaker.cards.append("Jabra")
        answer = await here.app.reload()
        assert answer["reopen"] == ["microphone.device"]
        await asyncio.sleep(3)
        assert here.app.front.speaker is speaker
        assert (speaker.history[-1], speaker.companion) == ("Jabra", Companion(("Jabra",), "Jabra"))

    plugged(body)


def test_a_muted_microphone_takes_the_default_speaker_with_it_too(plugged):
    async def body(here, microphone, speaker, paper):
        here.app.command("mute", None)
        paper.microphone_cards, paper.sets = ["Jabra"], ["microphone.device=Jabra"]
        speaker.cards.append("Jabra")
        await here.app.reload()
        await asyncio.sleep(3)
        assert here.app.snapshot()["devices"]["microphone"] is None
        assert speaker.history[-1] == "Jabra"

    plugged(body)


def test_while_the_microphone_is_missing_its_names_decide(plugged):
    async def body(here, microphone, speaker, _):
        assert speaker.companion == Companion(("usb:0b0e:0420",), "")

    plugged(body, "microphone.device=usb:0b0e:0420", microphones=())


def test_the_journal_says_that_a_better_device_has_come(plugged, caplog):
    async def body(here, microphone, speaker, _):
        microphone.cards.insert(0, "Better")
        await plug(here)

    with caplog.at_level(logging.INFO):
        plugged(body)
    said = [record.getMessage() for record in caplog.records]
    assert "microphone: a better device has come, and edged opens it" in said
    assert "microphone: opened 'Better' at 24000 Hz, 1 channel, s16" in said
