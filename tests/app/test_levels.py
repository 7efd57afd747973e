"""The level of the microphone over the control socket: figures only, only while somebody wants them."""

import asyncio
import json

from edged.system.control import ControlServer
from tests.system.test_control import client_of


def test_who_asks_for_the_levels_hears_figures_and_nobody_else_does(shell, tmp_path):
    async def body(kiosk):
        app = kiosk.app
        server = app.audience.control = ControlServer(tmp_path / "s", app)
        sent = []

        class Guest:
            wants = frozenset({"levels"})

            def send(self, line):
                sent.append(json.loads(line.encoded))

        class Other(Guest):
            wants = frozenset()

        server._clients = dict.fromkeys((Guest(), Other()))
        await asyncio.sleep(1)
        assert sent == []  # nobody has asked yet
        app.want_levels(True)
        await asyncio.sleep(1)
        assert 8 <= len(sent) <= 11
        assert {frozenset(event) for event in sent} == {
            frozenset({"type", "event", "rms_dbfs", "peak_dbfs", "clipped"})
        }
        assert all(-100 <= event["rms_dbfs"] <= event["peak_dbfs"] + 3.1 for event in sent)
        app.want_levels(False)
        count = len(sent)
        await asyncio.sleep(1)
        assert len(sent) == count
        app.want_levels(True)
        app.command("mute", None)
        await asyncio.sleep(1)
        muted = len(sent)
        await asyncio.sleep(1)
        assert len(sent) == muted  # the device is closed, and nobody opens it for a meter
        app.audience.control = None

    shell(body)


class Target:
    def __init__(self):
        self.wanted = []

    def snapshot(self):
        return {"state": "IDLE"}

    def want_levels(self, wanted):
        self.wanted.append(wanted)


def test_levels_are_measured_while_a_client_that_wants_them_is_connected(tmp_path):
    async def main():
        target = Target()
        server = ControlServer(tmp_path / "s", target)
        await server.start()
        async with client_of(tmp_path / "s") as one, client_of(tmp_path / "s") as other:
            assert (await one.ask({"id": 1, "command": "levels"}))["ok"]
            assert (await other.ask({"id": 1, "command": "levels"}))["ok"]
            server.publish_level({"event": "level", "rms_dbfs": -40.0})
            assert (await one.read())["rms_dbfs"] == -40.0
            assert (await other.read())["rms_dbfs"] == -40.0
            await one.ask({"id": 2, "command": "levels", "on": False})
            assert target.wanted == [True, True, True]
            server.publish_level({"event": "level", "rms_dbfs": -50.0})
            assert (await other.read())["rms_dbfs"] == -50.0
            assert (await one.ask({"id": 3, "command": "status"}))["id"] == 3  # no level came in between
        await server.close()
        assert target.wanted[-1] is False

    asyncio.run(main())
