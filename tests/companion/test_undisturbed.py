"""Whatever hangs on to the control socket, nothing of a turn comes later: the whole daemon in virtual time."""

import asyncio
import re
from functools import cache
from pathlib import Path

import pytest

from edged.system.control import MOST_CLIENTS, ControlServer
from instruments.lab.kiosk import kiosk_of
from instruments.lab.loop import run
from instruments.lab.net import SimNet
from instruments.lab.tap import Tap
from tests.companion import clients

CLIENTS = {
    "floods": clients.floods,
    "never reads": clients.never_reads,
    "hangs": clients.hangs,
    "is killed within a line": clients.is_killed,
    "listens to everything": clients.listens,
    "says too much": clients.says_too_much,
}

OF_THE_DAY = re.compile(rb'"expires_at": \d+')  # the service says by the real clock when a session ends


def _at(at_s):
    """The loop runs timers of one microsecond together."""
    return round(at_s, 5)


def turns(tmp_path, *around):
    """Two questions with these clients at the control socket. The second one interrupts an answer and is answered.

    Returns the messages on the wire and the marks, all with their times, and what the server has dropped.
    """
    net = SimNet(latency_ms=10)
    tap = Tap(net)

    async def main():
        async with kiosk_of(net) as kiosk:
            server = kiosk.app.audience.control = ControlServer(tmp_path / "s", kiosk.app.desk)
            tasks = [asyncio.ensure_future(client(server)) for client in around]
            await asyncio.sleep(0.5)
            await kiosk.visitor.hold(0.8)
            assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5.0)
            await asyncio.sleep(0.7)
            await kiosk.visitor.hold(0.6)
            await asyncio.sleep(0.5)
            assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 5.0)
            await asyncio.sleep(0.3)
            until, lights, played = len(tap.messages), list(kiosk.lights), list(kiosk.speaker.takes)
            marks = [event for event in kiosk.events if event["event"] == "mark"]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
            clients_left = len(server._clients)
            kiosk.app.audience.control = None
            for guest in list(server._clients):
                guest.abort()
            await asyncio.sleep(0.01)
            return marks, lights, played, server.dropped, clients_left, until

    marks, lights, played, dropped, left, until = run(main(), net=net, seed=3)
    wire = [
        (_at(message.at_s), message.side, message.opcode, OF_THE_DAY.sub(b"", message.data))
        for message in tap.messages[:until]
    ]
    lights, played = ([(_at(at_s), what) for at_s, what in each] for each in (lights, played))
    return wire, marks, lights, played, dropped, left


@cache
def alone():
    return turns(Path("nowhere"))


def test_a_turn_alone_is_a_whole_turn():
    wire, marks, *_ = alone()
    assert len(wire) > 50
    assert [mark["name"] for mark in marks].count("first_sound") == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLIENTS)
def test_no_frame_and_no_mark_comes_later(tmp_path, kind):
    wire, marks, lights, played, dropped, _ = turns(tmp_path, CLIENTS[kind])
    expected = alone()
    assert marks == expected[1]
    assert wire == expected[0]
    assert lights == expected[2]
    assert played == expected[3]
    assert (dropped > 0) == (kind == "never reads")


@pytest.mark.slow
def test_nor_with_all_of_them_at_once(tmp_path):
    found = turns(tmp_path, *CLIENTS.values())
    assert found[:4] == alone()[:4]
    assert found[5] <= 2 * MOST_CLIENTS  # some are about to leave
