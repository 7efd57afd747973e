"""What the whole daemon reports to the service manager, in virtual time."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from edged.app import App
from edged.errors import DeviceError
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.system.store import MemoryStore
from instruments.lab.kiosk import Kiosk
from instruments.lab.net import SimNet

WATCHDOG_S = 15.0


class AttentiveManager:
    """A manager that records (seconds, word)."""

    def __init__(self):
        self.words = []

    def _add(self, word):
        self.words.append((asyncio.get_running_loop().time(), word))

    def ready(self):
        self._add("READY")

    def reloading(self):
        self._add("RELOADING")

    def stopping(self):
        self._add("STOPPING")

    def alive(self):
        self._add("ALIVE")

    def status(self, say):
        self._add(say())

    def said(self):
        return [word for _, word in self.words]

    def fed(self):
        return [at for at, word in self.words if word == "ALIVE"]


@pytest.fixture
def kiosk(lab_run, monkeypatch):
    """Runs `body(kiosk, manager)`. With `up=False`, there is no service."""

    def run(body, *settings, up=True, **ports_in_place):
        net = SimNet(latency_ms=10)
        manager = AttentiveManager()
        build = App.__init__

        def init(app, config, *, ports, **more):
            ports = replace(ports, manager=manager, watchdog_s=WATCHDOG_S, **ports_in_place)
            build(app, config, ports=ports, **more)

        monkeypatch.setattr(App, "__init__", init)

        async def main():
            async with LocalServer(voice=ParrotVoice()) as server:
                url = server.url if up else "ws://127.0.0.1:9/v1/realtime"
                async with Kiosk(net, url, Random(1), *settings) as here:
                    await body(here, manager)
                manager.over_s = asyncio.get_running_loop().time()
            return manager

        return lab_run(main(), net=net)

    return run


def test_ready_waits_for_no_network(kiosk):
    async def body(here, manager):
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(0.01)
        assert [at - began for at, word in manager.words if word == "READY"] == [0.0]
        await asyncio.sleep(60)
        assert not here.app.link.up

    said = kiosk(body, up=False).said()
    assert said.count("READY") == 1
    assert any("no link to the service (unreachable)" in word for word in said)


def test_a_kiosk_that_was_muted_starts_and_says_so(kiosk):
    store = MemoryStore()
    store.save("switches", {"muted": True})

    async def body(here, _manager):
        await asyncio.sleep(5)
        assert here.app.snapshot()["muted"]

    said = kiosk(body, store=store).said()
    assert said.count("READY") == 1
    assert "Waiting for a press, muted." in said


@pytest.mark.parametrize("after_s", [0.0, 1.0, 10.0], ids=["at once", "while it recalls", "at work"])
def test_a_disk_that_hangs_does_not_hold_up_the_end(kiosk, after_s):
    asked_s = []

    async def offload(call, /, *args, deadline_s):
        if call.__qualname__.startswith("MemoryStore."):
            await asyncio.sleep(deadline_s)
            raise DeviceError("the disk hangs", "device_hung")
        return call(*args)

    async def body(here, manager):
        await asyncio.sleep(after_s)
        here.app.command("mute", None)
        assert ("READY" in manager.said()) == (after_s > 3)
        asked_s.append(asyncio.get_running_loop().time())

    manager = kiosk(body, offload=offload)
    assert manager.over_s - asked_s[0] < 1


def test_the_status_follows_a_turn_and_the_end_is_told(kiosk):
    async def body(here, _manager):
        await here.until(lambda: here.app.link.up, 5)
        here.button.press()
        await asyncio.sleep(2)
        here.button.release()
        await here.until(lambda: here.state == "SPEAKING", 20)
        await here.until(lambda: here.state == "IDLE", 60)

    said = kiosk(body).said()
    sentences = [word for word in said if word.endswith(".")]
    order = [word for n, word in enumerate(sentences) if word not in sentences[:n]]
    assert order.index("Listening.") < order.index("Waiting for the answer.") < order.index("Answering.")
    assert "STOPPING" in said


@pytest.mark.slow
def test_a_kiosk_that_works_feeds_the_watchdog_hour_after_hour(kiosk):
    async def body(_here, _manager):
        await asyncio.sleep(3600)

    times = kiosk(body, up=False).fed()
    assert max(b - a for a, b in pairwise(times)) < WATCHDOG_S / 2
    assert times[-1] - times[0] > 3590


def test_a_microphone_whose_thread_died_starves_the_watchdog(kiosk):
    async def body(here, manager):
        await asyncio.sleep(20)
        here.microphone.fall_silent()
        stalled = asyncio.get_running_loop().time()
        await asyncio.sleep(60)
        assert manager.fed()[-1] < stalled + 12

    kiosk(body)


def test_a_speaker_that_takes_nothing_of_an_answer_starves_the_watchdog(kiosk):
    async def body(here, manager):
        await here.until(lambda: here.app.link.up, 5)
        here.speaker._pace.stop()
        await asyncio.sleep(60)
        idle = manager.fed()[-1]
        here.button.press()
        await asyncio.sleep(2)
        here.button.release()
        await asyncio.sleep(60)
        assert manager.fed()[-1] - idle < 20

    kiosk(body, "turn.think_s=300")
