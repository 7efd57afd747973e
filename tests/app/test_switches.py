import asyncio
from random import Random

import pytest

from edged.app.adapters import Ports
from edged.app.switches import Switches
from edged.config import load
from edged.errors import CommandError
from edged.system.store import MemoryStore
from tests.lab.ports import SimOffload


class Rig:
    """Lives of one kiosk after each other, over one store."""

    def __init__(self):
        self.store, self.offload = MemoryStore(), SimOffload()
        self.muted = []

    async def live(self, *settings):
        """Begin, as a process does; returns the switches and how to end it."""
        config = load(None, env={}, sets=settings).config
        ports = Ports(None, None, None, self.store, self.offload, Random(1))
        switches = Switches(config, ports, self.muted.append)
        await switches.recall()
        running = asyncio.ensure_future(switches.run())

        async def end():
            await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

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


def test_a_volume_is_kept_until_the_configuration_names_another(rig):
    async def body(kiosk):
        switches, end = await kiosk.live()
        assert switches.loudness.volume == 50
        await switches.set_volume(30)
        await end()
        switches, end = await kiosk.live()
        assert switches.loudness.volume == 30
        await end()
        switches, end = await kiosk.live("speaker.volume=70")
        assert switches.loudness.volume == 70
        await end()

    rig(body)


def test_a_configuration_that_is_read_again_counts_where_it_changed(rig):
    async def body(kiosk):
        switches, end = await kiosk.live()
        await switches.set_volume(30)
        switches.configure(load(None, env={}, sets=[]).config)
        assert switches.loudness.volume == 30
        switches.configure(load(None, env={}, sets=["speaker.volume=60"]).config)
        assert switches.loudness.volume == 60
        await end()

    rig(body)


@pytest.mark.parametrize("level", [-1, 101, 5.5, "40", None, True, [1] * 1000])
def test_what_is_no_volume_is_refused_and_changes_nothing(rig, level):
    async def body(kiosk):
        switches, end = await kiosk.live()
        with pytest.raises(CommandError, match=r"a whole number from 0 to 100, not .{1,45}$"):
            await switches.set_volume(level)
        assert switches.loudness.volume == 50
        await end()

    rig(body)


@pytest.mark.parametrize(
    "facts", [{"volume": "loud", "configured": 50}, {"volume": 500, "configured": 50}, {"muted": 1}]
)
def test_what_somebody_wrote_into_the_file_breaks_nothing(rig, facts):
    async def body(kiosk):
        kiosk.store.save("switches", facts)
        switches, end = await kiosk.live()
        assert (switches.loudness.volume, kiosk.muted) == (50, [])
        await end()

    rig(body)


def test_a_disk_that_hangs_keeps_nobody_from_muting(rig):
    async def body(kiosk):
        kiosk.offload.hangs = True
        switches, end = await kiosk.live()
        switches.mute(True)
        await switches.set_volume(20)
        assert kiosk.muted == [True]
        assert switches.loudness.volume == 20
        await end()

    rig(body)
