"""The snapshot of the control socket, and so `edged status`, reports a model that will end."""

import asyncio
from random import Random

from instruments.lab.kiosk import Kiosk
from instruments.lab.net import SimNet


def test_the_snapshot_names_what_ends(lab_run):
    net = SimNet(latency_ms=10)
    wanted = ("provider.name=custom", "provider.model=gpt-realtime")

    async def main():
        async with Kiosk(net, "ws://127.0.0.1:1/", Random(1), *wanted) as kiosk:
            await asyncio.sleep(1)
            (text,) = kiosk.app.snapshot()["endings"]
            assert text.startswith("provider.model: gpt-realtime end")

    lab_run(main(), net=net)


def test_where_nothing_ends_it_says_nothing(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        async with Kiosk(net, "ws://127.0.0.1:1/", Random(1)) as kiosk:
            await asyncio.sleep(1)
            assert kiosk.app.snapshot()["endings"] == []

    lab_run(main(), net=net)
