"""What happens on the wire, for clients that ask: types and sizes, bounded whatever the service does."""

import asyncio
import json

from edged.app.wire_log import MOST_KIND, ONE_BY_ONE, WireLog
from edged.dial.ports import WireTap
from edged.system.control import ControlServer
from instruments.lab.loop import run
from tests.system.test_control import client_of


def watched(body):
    """Run `body(tap, log, told)` in virtual time."""

    async def main():
        tap, told = WireTap(), []
        log = WireLog(tap, told.append)
        log.want(True)
        await body(tap, log, told)

    run(main())


def message(kind, size=0):
    return json.dumps({"type": kind, "x": "y" * size})


def test_nothing_is_looked_at_while_nobody_asks():
    async def body(tap, log, told):
        assert tap.hear is not None
        tap.hear(True, message("input_audio_buffer.append"))
        log.want(False)
        assert tap.hear is None
        await asyncio.sleep(1)
        assert told == []

    watched(body)


def test_messages_are_told_one_by_one_and_pieces_summed():
    async def body(tap, _log, told):
        text = message("response.created")
        tap.hear(False, text)
        head = {"event": "wire", "direction": "down", "kind": "response.created"}
        assert told == [{**head, "bytes": len(text), "count": 1}]
        piece = message("input_audio_buffer.append", 100)
        for _ in range(500):
            tap.hear(True, piece)
            tap.hear(False, message("response.output_audio.delta"))
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)
        sums = told[1:]
        assert len(sums) <= 55  # ten a second
        up = [each for each in sums if each["direction"] == "up"]
        assert sum(each["count"] for each in up) == 500
        assert sum(each["bytes"] for each in up) == 500 * len(piece)

    watched(body)


def test_a_flood_of_any_type_is_bounded_and_its_names_are_plain():
    async def body(tap, _log, told):
        for n in range(5000):
            tap.hear(False, message(f"\x1b[31m<b>{n}" + "z" * 500))
        tap.hear(False, "no JSON")
        tap.hear(False, b'{"a": 1}')
        assert len(told) == ONE_BY_ONE
        await asyncio.sleep(10)
        assert sum(each["count"] for each in told) == 5002
        assert all(len(each["kind"]) <= MOST_KIND for each in told)
        assert not {"\x1b", "<"} & set("".join(each["kind"] for each in told))

    watched(body)


def test_bytes_are_those_of_the_text():
    async def body(tap, _log, told):
        tap.hear(True, '{"type":"session.update","x":"ä"}')
        assert told[0]["bytes"] == len('{"type":"session.update","x":"ä"}'.encode())

    watched(body)


def test_the_wire_of_a_kiosk_is_heard(shell):
    async def body(kiosk):
        told = []
        kiosk.app.audience.publish_wire = kiosk.app._wire_log._publish = told.append
        kiosk.app.desk.want_wire(True)
        await kiosk.visitor.hold(1.0)
        assert await kiosk.until(lambda: kiosk.state == "IDLE" and kiosk.app.playout.idle, 60)
        kinds = {(each["direction"], each["kind"]) for each in told}
        assert {
            ("up", "input_audio_buffer.append"),
            ("up", "input_audio_buffer.commit"),
            ("up", "response.create"),
            ("down", "response.created"),
            ("down", "response.done"),
        } <= kinds
        kiosk.app.desk.want_wire(False)
        assert kiosk.app._dial._tap.hear is None

    shell(body)


class Target:
    def __init__(self):
        self.wanted = []

    def snapshot(self):
        return {"state": "IDLE"}

    def want_wire(self, wanted):
        self.wanted.append(wanted)


def test_only_the_client_that_asks_hears_the_wire_and_it_ends_with_that_client(tmp_path):
    async def main():
        target = Target()
        server = ControlServer(tmp_path / "s", target)
        await server.start()
        async with client_of(tmp_path / "s") as other, client_of(tmp_path / "s") as one:
            assert (await one.ask({"id": 1, "command": "wire"}))["ok"]
            server.publish_wire({"event": "wire", "kind": "response.created"})
            assert (await one.read())["kind"] == "response.created"
            assert (await other.ask({"id": 2, "command": "status"}))["id"] == 2  # nothing came in between
            await one.ask({"id": 3, "command": "wire", "on": False})
            assert target.wanted == [True, False]
            await one.ask({"id": 4, "command": "wire"})
        await server.close()
        assert target.wanted == [True, False, True, False]

    asyncio.run(main())
