"""The companion's connection to a real daemon."""

import asyncio
from contextlib import asynccontextmanager
from random import Random

import pytest

from edged import __version__
from edged.companion.follower import FollowedKiosk
from edged.companion.ports import KioskGoneError
from edged.errors import CommandError
from tests.cli.daemon import Daemon

pytestmark = pytest.mark.slow


@asynccontextmanager
async def following(*paths):
    kiosk = FollowedKiosk(*map(str, paths), rng=Random(1))
    heard = []
    kiosk.listen(heard.append)
    life = asyncio.ensure_future(kiosk.run())
    try:
        yield kiosk, heard
    finally:
        life.cancel()
        await asyncio.wait([life])


async def until(is_so):
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def test_it_knows_the_kiosk_finds_it_again_after_a_restart_and_carries_out_commands(tmp_path):
    async def main():
        daemon = Daemon(tmp_path)
        async with following(daemon.socket) as (kiosk, heard):
            await until(lambda: [event["event"] for event in heard] == ["gone"])
            with pytest.raises(KioskGoneError, match="no edged answers"):
                await kiosk.ask("status")
            await asyncio.to_thread(daemon.start)
            await until(lambda: kiosk.view.is_up)
            assert kiosk.view.snapshot["volume"] == 50
            assert kiosk.view.edged == __version__
            assert (await kiosk.ask("volume", volume=35))["volume"] == 35
            with pytest.raises(CommandError, match="unknown command 'dance'"):
                await kiosk.ask("dance")
            await asyncio.to_thread(daemon.stop)
            await until(lambda: not kiosk.view.is_up)
            assert kiosk.view.snapshot["mode"] == "hold"  # what was known stays visible
            await asyncio.to_thread(daemon.start)
            await until(lambda: kiosk.view.is_up)
            await asyncio.to_thread(daemon.stop)

    asyncio.run(main())
