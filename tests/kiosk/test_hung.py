"""A device that takes long, or never answers, costs itself: the button, the light and the other device go on."""

import asyncio
from contextlib import asynccontextmanager, suppress
from random import Random

import pytest

from edged.app.hung_devices import STUCK
from edged.causes import Cue, Light
from edged.errors import DeviceError
from edged.hangs import MOST_ENDS, WITHIN_MS
from edged.keeper import OPEN_LEFT_S, OPEN_WITHIN_S, WORKED_S
from edged.local.server import LocalServer
from edged.system.offload import hung_call
from edged.system.store import MemoryStore
from instruments.lab.kiosk import Kiosk, RecordingSpeaker, StampMicrophone, StampVoice, Visitor
from instruments.lab.net import SimNet
from instruments.lab.oracle import cues_in


class Saved(MemoryStore):
    """A store that outlives the kiosk, as a disk does."""

    def save(self, name, facts):
        super().save(name, facts)
        return ""


class Shop:
    """Kiosks one after another, as the service manager starts them; and their visitor."""

    def __init__(self, net, server, **machine):
        self.net, self.server, self.store = net, server, Saved()
        self.machine = {"boot": "first"} | machine
        self.rng, self.loop = Random(1), asyncio.get_running_loop()
        self.ends_s, self.whys = [], []
        self.blocked = set()  # the devices that do not open

    def make(self):
        microphone, speaker = StampMicrophone(self.loop), RecordingSpeaker(self.loop)
        for name, device in (("microphone", microphone), ("speaker", speaker)):
            if name in self.blocked:
                device.block("start")
        return Kiosk(
            self.net,
            self.server.url,
            self.rng,
            store=self.store,
            microphone=microphone,
            speaker=speaker,
            **self.machine,
        )

    async def lives(self, until_s, body=None):
        """Run kiosks until then. Whenever one ends because of a device, the next one starts after a second."""
        while self.loop.time() < until_s:
            kiosk = self.make()
            while not kiosk.ended and self.loop.time() < until_s:
                await asyncio.sleep(1.003)
                if body is not None:
                    await body(kiosk)
            try:
                async with kiosk:
                    pass
            except* DeviceError as group:
                self.whys.append(hung_call(group))
                self.ends_s.append(self.loop.time())
                await asyncio.sleep(1)


@pytest.fixture
def shop(lab_run):
    """Run `body(shop)`."""

    def run(body, **machine):
        net = SimNet(latency_ms=10)

        async def main():
            async with LocalServer(voice=StampVoice(Random(1))) as server:
                await body(Shop(net, server, **machine))

        lab_run(main(), net=net)

    return run


@asynccontextmanager
async def running(kiosk):
    async with kiosk:
        assert await kiosk.until(lambda: kiosk.app.link.up, 5.0)
        kiosk.visitor = Visitor(kiosk, Random(1))
        yield kiosk


def cues(kiosk):
    return [cue for _, cue in cues_in(kiosk.speaker.takes)]


def told(kiosk):
    return [event["id"] for event in kiosk.events if event["event"] == "cause"]


async def turn(kiosk):
    """Ask something, and return whether an answer was played."""
    await kiosk.visitor.hold(1.5)
    spoke = await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
    assert await kiosk.until(lambda: kiosk.state == "IDLE", 60), kiosk.state
    return spoke


def test_a_microphone_that_opens_after_eight_seconds_costs_eight_seconds(shop):
    async def body(shop):
        shop.blocked = {"microphone"}
        async with running(shop.make()) as kiosk:
            await asyncio.sleep(3)
            began = kiosk.app.appliance.state
            await kiosk.visitor.hold(1.0)
            assert await kiosk.until(lambda: kiosk.state == "IDLE", 5)
            assert (began.value, told(kiosk), cues(kiosk)) == ("IDLE", ["microphone_lost"], [Cue.DEVICE])
            assert kiosk.app.appliance.light is Light.ERROR_SOUND
            assert kiosk.app.snapshot()["lost"] == {"microphone": "device_slow"}
            await asyncio.sleep(8 - shop.loop.time())
            kiosk.microphone.unblock()
            await asyncio.sleep(1)
            assert kiosk.app.appliance.light is Light.READY
            assert await turn(kiosk)

    shop(body)


def test_a_press_before_a_slow_microphone_is_missed_ends_with_its_notice(shop):
    async def body(shop):
        shop.blocked = {"microphone"}
        async with shop.make() as kiosk:
            await asyncio.sleep(0.5)
            kiosk.button.press()
            await asyncio.sleep(4)
            kiosk.button.release()
            await asyncio.sleep(2)
            assert kiosk.state == "IDLE"
            assert set(told(kiosk)) & {"device_slow", "microphone_lost"}
            assert cues(kiosk) == [Cue.DEVICE]

    shop(body)


def test_a_speaker_that_does_not_open_costs_the_sound_only(shop):
    async def body(shop):
        shop.blocked = {"speaker"}
        async with running(shop.make()) as kiosk:
            await asyncio.sleep(3)
            assert kiosk.app.snapshot()["lost"] == {"speaker": "device_slow"}
            for _ in range(3):
                await turn(kiosk)
            assert kiosk.app.snapshot()["lost"] == {"speaker": "device_hung"}
            assert len(shop.server.audit) == 3  # the service got what the visitor said
            kiosk.speaker.unblock()
            await asyncio.sleep(1)
            assert kiosk.app.snapshot()["lost"] == {}
            assert await turn(kiosk)
            assert kiosk.speaker.takes

    shop(body)


@pytest.mark.parametrize("name", ["microphone", "speaker"])
def test_a_device_that_never_opens_does_not_end_the_kiosk_ten_times_in_a_row(shop, name):
    pressed = []

    async def press(kiosk):
        if asyncio.get_running_loop().time() % 60 < 1.1 and name in kiosk.app.snapshot()["lost"]:
            kiosk.button.press()
            await asyncio.sleep(0.5)
            if not kiosk.ended:
                pressed.append(kiosk.state)
            kiosk.button.release()
            await kiosk.until(lambda: kiosk.state == "IDLE", 60)

    async def body(shop):
        shop.blocked = {name}
        await shop.lives(shop.loop.time() + 4000, press)
        assert 3 <= len(shop.ends_s) <= 6
        assert all(f"edged starts again to free the {name}" in why for why in shop.whys)
        for end in shop.ends_s:
            assert sum(end <= each < end + WITHIN_MS / 1000 for each in shop.ends_s) <= MOST_ENDS

    shop(body)
    assert len(pressed) > 40  # all the time
    assert set(pressed) == ({"NOTICE"} if name == "microphone" else {"LISTENING"})


def test_not_even_a_card_that_is_plugged_in_again_and_again_makes_it_end_often(shop):
    async def replug(kiosk):
        if asyncio.get_running_loop().time() % 10 < 1.1:
            kiosk.app._device_panel.plugged()

    async def body(shop):
        shop.blocked = {"microphone", "speaker"}
        await shop.lives(1500, replug)
        assert len(shop.ends_s) >= MOST_ENDS
        for end in shop.ends_s:
            assert sum(end <= each < end + WITHIN_MS / 1000 - 5 for each in shop.ends_s) <= MOST_ENDS

    shop(body)


def test_sound_that_comes_late_from_a_microphone_that_was_left_is_not_heard(shop):
    async def body(shop):
        async with running(shop.make()) as kiosk:
            old, intake = kiosk.microphone, kiosk.app.intake
            old.block("stop")
            old._lost(DeviceError("a call to the microphone does not return", "device_hung"))
            await asyncio.sleep(6)
            old.fall_silent()
            blocks = intake.blocks
            old.deliver(bytes(960))
            assert intake.blocks == blocks
            old.unblock()
            await asyncio.sleep(10)
            assert intake.blocks > blocks

    shop(body)


def test_when_it_works_again_it_is_used_and_forgotten_after_ten_minutes(shop):
    async def body(shop):
        shop.blocked = {"microphone"}
        await shop.lives(300)
        assert shop.ends_s
        assert shop.store.load("hung")["hangs"][0]["times"] >= 2
        shop.blocked = set()
        async with running(shop.make()) as kiosk:
            assert await turn(kiosk)
            assert shop.store.load("hung")["hangs"]
            await asyncio.sleep(WORKED_S + 1)
            assert shop.store.load("hung")["hangs"] == []

    shop(body)


async def hung_often(shop):
    """A microphone has hung three times, and the last process was killed."""
    shop.blocked = {"microphone"}
    await shop.lives(400)
    shop.blocked = set()
    facts = shop.store.load("hung")
    facts["hangs"][0]["times"] = 3
    facts["hangs"][0]["next_ms"] = int(shop.loop.time() * 1000) + 200_000
    shop.store.save("hung", facts)


def test_the_next_process_does_not_touch_it_at_once_and_says_when(shop, caplog):
    async def body(shop):
        await hung_often(shop)
        began = shop.loop.time()
        caplog.clear()
        async with running(shop.make()) as kiosk:
            await asyncio.sleep(10)
            (trouble,) = kiosk.app.snapshot()["troubles"]
            assert (trouble["what"], trouble["cause"]) == ("microphone", "device_hung")
            assert "it has not answered 3 times; next try in 3 min" in trouble["text"]
            assert "microphone: it has not answered 3 times; next try in 3 min" in caplog.messages
            assert kiosk.app.appliance.light is Light.ERROR_SOUND
            await kiosk.visitor.hold(1.0)
            assert await kiosk.until(lambda: cues(kiosk) == [Cue.DEVICE], 5)
            assert kiosk.microphone.starts == 0
            assert await kiosk.until(lambda: kiosk.microphone.starts, 300)
            assert shop.loop.time() - began == pytest.approx(200, abs=3)
            assert await kiosk.until(lambda: kiosk.state == "IDLE", 5)
            assert await turn(kiosk)

    shop(body)


def plug(kiosk):
    kiosk.app._device_panel.plugged()


def reload(kiosk):
    app = kiosk.app
    app._device_panel.configure(app._config, app.front, reopened=frozenset())


@pytest.mark.parametrize("act", [plug, reload])
def test_a_card_that_is_plugged_in_and_a_reload_shorten_the_wait(shop, act):
    async def body(shop):
        await hung_often(shop)
        async with running(shop.make()) as kiosk:
            await asyncio.sleep(10)
            assert kiosk.microphone.starts == 0
            act(kiosk)
            await asyncio.sleep(3)
            assert kiosk.microphone.starts == 1

    shop(body)


def test_a_start_of_the_machine_and_a_start_by_hand_try_at_once(shop):
    async def body(shop):
        await hung_often(shop)
        facts = shop.store.load("hung")
        shop.machine["boot"] = "second"
        async with running(shop.make()) as kiosk:
            assert kiosk.microphone.starts == 1
        shop.machine["boot"] = "first"
        shop.store.save("hung", facts)
        async with running(shop.make()) as kiosk:
            assert kiosk.microphone.starts == 0
        async with running(shop.make()) as kiosk:  # the one before was stopped in order
            assert kiosk.microphone.starts == 1

    shop(body)


def test_while_the_kernel_holds_a_call_the_process_does_not_end(shop):
    stuck = {4711}

    async def body(shop):
        shop.blocked = {"microphone"}
        async with running(shop.make()) as kiosk:
            await asyncio.sleep(3600)
            (trouble,) = [each for each in kiosk.app.snapshot()["troubles"] if each["what"] == "microphone"]
            assert trouble["text"].endswith(STUCK)
            stuck.clear()  # it was unplugged, and the call is about to return
            await asyncio.sleep(2)
            kiosk.microphone.unblock()
            await asyncio.sleep(10)
            assert await turn(kiosk)

    shop(body, in_kernel=lambda: frozenset(stuck))


def test_the_process_does_not_end_while_somebody_is_served(shop):
    async def body(shop):
        async with running(shop.make()) as kiosk:
            kiosk.speaker.block("stop")
            kiosk.speaker.lost(DeviceError("a call to the speaker does not return", "device_hung"))
            while shop.loop.time() < 120:
                kiosk.button.press()
                await asyncio.sleep(2)
                kiosk.button.release()
                await asyncio.sleep(0.005)
                assert not kiosk.ended
                await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
                kiosk.button.press()
                await asyncio.sleep(0.005)
            kiosk.button.release()
            with suppress(BaseExceptionGroup):
                await kiosk.until(lambda: kiosk.ended, 60)
            assert kiosk.ended

    with pytest.raises(BaseExceptionGroup) as caught:
        shop(body)
    assert "edged starts again to free the speaker" in hung_call(caught.value)


def test_what_was_said_before_the_microphone_hung_is_answered(shop):
    async def body(shop):
        async with running(shop.make()) as kiosk:
            kiosk.button.press()
            await asyncio.sleep(2)
            kiosk.microphone.block("stop")
            kiosk.microphone._lost(DeviceError("a call to the microphone does not return", "device_hung"))
            await asyncio.sleep(0.1)
            assert kiosk.state != "LISTENING"
            kiosk.button.release()
            assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
            assert told(kiosk) == ["device_hung"]
            kiosk.microphone.unblock()
            assert await kiosk.until(lambda: kiosk.state == "IDLE", 60)
            await asyncio.sleep(5)
            assert await turn(kiosk)

    shop(body)


def test_if_the_disk_keeps_nothing_the_process_still_ends_seldom(shop):
    async def body(shop):
        shop.store = MemoryStore()
        shop.blocked = {"microphone"}
        make = shop.make

        def make_without_memory():
            shop.store = MemoryStore()
            return make()

        shop.make = make_without_memory
        await shop.lives(600)
        assert 2 <= len(shop.ends_s) <= 5

    shop(body)


def test_a_hung_opening_is_called_so_before_anything_ends(shop):
    async def body(shop):
        shop.blocked = {"microphone"}
        async with running(shop.make()) as kiosk:
            await asyncio.sleep(OPEN_WITHIN_S)
            assert kiosk.app.snapshot()["lost"] == {"microphone": "device_hung"}
            await asyncio.sleep(OPEN_LEFT_S - OPEN_WITHIN_S - 5)
            assert not kiosk.ended

    shop(body)
