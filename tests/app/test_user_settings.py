import asyncio
from contextlib import nullcontext
from random import Random

import pytest

from edged.app import volume as volume_module
from edged.app.adapters import Ports
from edged.app.user_settings import UserSettings
from edged.audio.dsp.volume import CUE_LEAST, gain_of
from edged.causes import CAUSES, Light
from edged.config import load
from edged.errors import CommandError, DeviceError
from edged.system.store import FileStore, MemoryStore
from instruments.lab.ports import SimOffload
from tests.strange import STRANGE, strange


class Rig:
    """Several lives of one kiosk, over one store."""

    def __init__(self):
        self.store, self.offload = MemoryStore(), SimOffload()
        self.muted, self.machine = [], {}

    async def live(self, *settings):
        """Begin, as a process does. Returns the settings, and a function that ends it."""
        config = load(None, env={}, sets=settings).config
        ports = Ports(None, None, None, self.store, self.offload, Random(1), **self.machine)
        switches = UserSettings(config, ports, lambda: self.muted.append(switches.muted))
        await switches.recall()
        running = [asyncio.ensure_future(run()) for run in (switches.run, switches.volume.run)]

        async def end():
            await asyncio.sleep(0.01)
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)

        return switches, end


@pytest.fixture
def rig(lab_run):
    def run(body):
        lab_run(body(Rig()))

    return run


def test_a_muted_kiosk_comes_back_muted_and_an_unmuted_one_does_not(rig):
    async def body(kiosk):
        for switched, remembered in ((True, [True]), (False, [])):
            switches, end = await kiosk.live()
            switches.mute(switched)
            await end()
            kiosk.muted.clear()
            _, end = await kiosk.live()
            await end()
            assert kiosk.muted == remembered

    rig(body)


@pytest.mark.parametrize(
    "after_s", [0.0, 0.05, 0.15], ids=["at once", "while it is saved", "the last of two"]
)
def test_what_was_set_just_before_the_end_is_kept(rig, after_s):
    async def body(kiosk):
        kiosk.offload.delay_s = 0.1  # like a slow card
        switches, end = await kiosk.live()
        if after_s > 0.1:
            switches.mute(False)
            await asyncio.sleep(0.05)
        switches.mute(True)
        await asyncio.sleep(after_s)
        await end()  # a real process would end all of its threads, too
        assert kiosk.store.load("switches")["muted"] is True

    rig(body)


def test_a_volume_is_kept_until_the_configuration_names_another(rig):
    async def body(kiosk):
        switches, end = await kiosk.live()
        assert switches.volume.loudness.volume == 50
        await switches.set_volume(30)
        await end()
        switches, end = await kiosk.live()
        assert switches.volume.loudness.volume == 30
        await end()
        switches, end = await kiosk.live("speaker.volume=70")
        assert switches.volume.loudness.volume == 70
        await end()

    rig(body)


def test_a_configuration_that_is_read_again_counts_where_it_changed(rig):
    async def body(kiosk):
        switches, end = await kiosk.live()
        await switches.set_volume(30)
        switches.configure(load(None, env={}, sets=[]).config)
        assert switches.volume.loudness.volume == 30
        switches.configure(load(None, env={}, sets=["speaker.volume=60"]).config)
        assert switches.volume.loudness.volume == 60
        await end()

    rig(body)


def nested(depth):
    """Return a list in a list in a list …"""
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("level", [-1, 101, 5.5, "40", None, True, [1] * 1000, nested(5000)])
def test_what_is_no_volume_is_refused_and_changes_nothing(rig, level):
    async def body(kiosk):
        switches, end = await kiosk.live()
        with pytest.raises(CommandError, match=r"a whole number from 0 to 100, not .{1,45}$"):
            await switches.set_volume(level)
        assert switches.volume.loudness.volume == 50
        await end()

    rig(body)


@pytest.mark.parametrize(
    "facts", [{"volume": "loud", "configured": 50}, {"volume": 500, "configured": 50}, {"muted": False}]
)
def test_what_somebody_wrote_into_the_file_breaks_nothing(rig, facts):
    async def body(kiosk):
        kiosk.store.save("switches", facts)
        switches, end = await kiosk.live()
        assert (switches.volume.loudness.volume, kiosk.muted) == (50, [])
        await end()

    rig(body)


def test_a_disk_that_hangs_keeps_nobody_from_muting(rig):
    async def body(kiosk):
        kiosk.offload.hangs = True
        switches, end = await kiosk.live()
        switches.mute(True)
        await switches.set_volume(20)
        assert kiosk.muted == [True]
        assert switches.volume.loudness.volume == 20
        await end()

    rig(body)


def test_a_disk_that_hangs_costs_one_thread_however_often_something_is_set(rig):
    async def body(kiosk):
        switches, end = await kiosk.live()
        kiosk.offload.hangs = True
        for _ in range(10):
            switches.mute(True)
            await asyncio.sleep(10)
        assert kiosk.offload.hung == 1
        await end()

    rig(body)


def trouble(switches):
    """The causes of the troubles."""
    return [each.cause for each in switches.troubles()]


def broken_file(kind, directory):
    """Put something unreadable in the place of the switches' file."""
    if kind in STRANGE:
        return strange(kind, directory / "switches.json")
    directory.mkdir()
    (directory / "switches.json").write_bytes(UNREADABLE[kind])
    return nullcontext()


UNREADABLE = {"empty": b"", "torn": b'{"muted": fal', "noise": b"\xff\0", "a word": b'{"muted": "no"}'}


@pytest.mark.parametrize("kind", [*STRANGE, *UNREADABLE])
def test_what_cannot_be_read_means_muted_until_somebody_switches(rig, tmp_path, caplog, kind):
    directory = tmp_path / "state"

    async def body(kiosk):
        for _ in range(2):  # neither a start nor a reload changes the file
            kiosk.store, caplog.handler.records[:] = FileStore(directory), []
            switches, end = await kiosk.live()
            assert (switches.muted, trouble(switches)) == (True, ["switches_unreadable"])
            causes = [getattr(record, "edged", {}).get("cause") for record in caplog.records]
            assert causes.count("switches_unreadable") == 1
            assert "edged ctl unmute" in caplog.text
            switches.configure(load(None, env={}, sets=["speaker.volume=60"]).config)
            await end()
        assert CAUSES["switches_unreadable"].light is Light.MUTED
        switches, end = await kiosk.live()
        switches.mute(False)
        await switches.kept()
        assert (switches.muted, trouble(switches)) == (False, [])
        await end()
        kiosk.store = FileStore(directory)
        switches, end = await kiosk.live()
        assert (switches.muted, trouble(switches)) == (False, [])
        await end()

    with broken_file(kind, directory):
        rig(body)


def test_what_is_missing_means_as_configured(rig, tmp_path):
    async def body(kiosk):
        kiosk.store = FileStore(tmp_path / "none")
        switches, end = await kiosk.live()
        assert (switches.muted, trouble(switches)) == (False, [])
        await end()

    rig(body)


def test_a_disk_that_hangs_at_the_start_means_muted(rig):
    async def body(kiosk):
        kiosk.offload.hangs = True
        switches, end = await kiosk.live()
        assert (switches.muted, trouble(switches)) == (True, ["switches_unreadable"])
        await end()

    rig(body)


class Full(FileStore):
    """A disk that is sometimes full."""

    full = True

    def save(self, name, facts):
        return "/state/switches.json: No space left on device" if self.full else super().save(name, facts)


def test_what_a_full_disk_does_not_keep_is_told_to_whoever_switches_and_kept_later(rig, tmp_path, caplog):
    async def body(kiosk):
        kiosk.store = Full(tmp_path)
        switches, end = await kiosk.live()
        for muted in (True, False, True):
            switches.mute(muted)
            await switches.kept()
            assert "switches_forgotten" in trouble(switches)
        warnings = [record for record in caplog.records if "No space left on device" in record.message]
        assert [record.edged["cause"] for record in warnings] == ["switches_forgotten"]  # once
        assert CAUSES["switches_forgotten"].remedy in warnings[0].message
        kiosk.store.full = False
        await asyncio.sleep(61)
        assert trouble(switches) == ["muted"]
        await end()
        kiosk.store = FileStore(tmp_path)
        switches, end = await kiosk.live()
        assert switches.muted
        await end()

    rig(body)


def test_a_disk_that_hangs_is_told_to_whoever_switches_in_good_time(rig):
    async def body(kiosk):
        switches, end = await kiosk.live()
        kiosk.offload.hangs = True
        began = asyncio.get_running_loop().time()
        switches.mute(True)
        await switches.kept()
        assert asyncio.get_running_loop().time() - began < 2
        assert trouble(switches) == ["muted", "switches_forgotten"]
        await end()

    rig(body)


def test_without_a_folder_for_it_a_switch_is_said_to_be_forgotten(rig):
    async def body(kiosk):
        switches, end = await kiosk.live()
        assert trouble(switches) == []
        switches.mute(True)
        await switches.kept()
        assert trouble(switches) == ["muted", "switches_forgotten"]
        await end()

    rig(body)


class Card:
    """A mixer that can be missing."""

    def __init__(self):
        self.set_to, self.cards, self.there = [], [], True

    def set(self, volume, card):
        if not self.there:
            raise DeviceError("no card", "mixer_lost")
        self.set_to.append(volume)
        self.cards.append(card)


def test_a_card_that_makes_the_volume_leaves_software_nothing_to_do_but_what_it_may_not(rig, monkeypatch):
    card = Card()
    monkeypatch.setattr(volume_module, "_mixer", lambda _: card)

    async def body(kiosk):
        switches, end = await kiosk.live("speaker.volume=40")
        switches.volume.speaker_opened()
        assert (card.set_to, switches.volume.loudness.gain, switches.volume.loudness.cue_gain) == (
            [40],
            1.0,
            1.0,
        )
        await switches.set_volume(5)
        assert card.set_to[-1] == CUE_LEAST  # cues are heard
        assert switches.volume.loudness.cue_gain == 1.0
        assert switches.volume.loudness.gain == pytest.approx(gain_of(5) / gain_of(CUE_LEAST))
        await end()

    rig(body)


def test_a_mixer_that_is_taken_out_of_the_configuration_leaves_the_volume_to_software(rig, monkeypatch):
    card = Card()
    monkeypatch.setattr(volume_module, "_mixer", lambda config: card if config.speaker.mixer else None)

    async def body(kiosk):
        switches, end = await kiosk.live("speaker.mixer=Master", "speaker.volume=40")
        switches.volume.speaker_opened()
        assert switches.volume.loudness.gain == 1.0
        switches.configure(load(None, env={}, sets=["speaker.volume=40"]).config)
        assert switches.volume.loudness.gain == gain_of(40)
        await end()

    rig(body)


def test_while_no_speaker_is_open_no_card_is_set(rig, monkeypatch):
    card = Card()
    monkeypatch.setattr(volume_module, "_mixer", lambda _: card)

    async def body(kiosk):
        switches, end = await kiosk.live("speaker.volume=40")
        await switches.set_volume(30)
        switches.volume.speaker_opened("hw:CARD=First")
        switches.volume.speaker_closed()
        await switches.set_volume(20)
        assert (card.set_to, switches.volume.loudness.gain) == ([30], gain_of(20))
        switches.volume.speaker_opened("hw:CARD=Second")
        assert (card.set_to, card.cards) == ([30, 20], ["hw:CARD=First", "hw:CARD=Second"])
        await end()

    rig(body)


def test_a_card_that_fails_after_another_was_opened_is_nobodys_trouble(rig, monkeypatch):
    card = Card()
    monkeypatch.setattr(volume_module, "_mixer", lambda _: card)

    async def body(kiosk):
        switches, end = await kiosk.live("speaker.volume=40")
        switches.volume.speaker_opened("hw:CARD=First")

        def set_late(volume, where):
            if where == "hw:CARD=First":
                switches.volume.speaker_opened("hw:CARD=Second")
                raise DeviceError("it is gone", "mixer_lost")

        card.set = set_late
        await switches.set_volume(20)
        assert trouble(switches) == []
        assert switches.volume.loudness.cue_gain == 1.0  # the second card has this volume
        await end()

    rig(body)


def test_without_its_card_the_volume_is_made_in_software_and_told_once(rig, monkeypatch, caplog):
    card = Card()
    monkeypatch.setattr(volume_module, "_mixer", lambda _: card)

    async def body(kiosk):
        switches, end = await kiosk.live()
        switches.volume.speaker_opened("hw:CARD=First")
        card.there = False
        await switches.set_volume(25)
        await switches.set_volume(30)
        assert switches.volume.loudness.gain == gain_of(30)
        assert [
            record.message for record in caplog.records if record.message.startswith("mixer: no card. ")
        ] == [f"mixer: no card. {CAUSES['mixer_lost'].remedy}"]
        card.there = True
        switches.volume.speaker_opened("hw:CARD=Second")
        assert (card.set_to[-1], card.cards[-1], switches.volume.loudness.gain) == (30, "hw:CARD=Second", 1.0)
        await end()

    rig(body)


def test_a_mixer_that_hangs_holds_up_nobody_and_the_volume_is_made_in_software(rig, monkeypatch):
    card = Card()
    monkeypatch.setattr(volume_module, "_mixer", lambda _: card)

    def hangs(call, /, *args, within_s):
        assert within_s == volume_module.MIXER_S
        raise DeviceError("set has not returned after 1 s", "device_hung")

    async def body(kiosk):
        kiosk.machine["aside"] = lambda: hangs
        switches, end = await kiosk.live("speaker.volume=40")
        switches.volume.speaker_opened()
        assert (card.set_to, switches.volume.loudness.gain) == ([], gain_of(40))
        assert trouble(switches) == ["mixer_lost"]
        await end()

    rig(body)
