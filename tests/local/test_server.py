"""The embedded service on a socket, with the stock client: over loopback, and in virtual time."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from edged import wire
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.wire import Dialect, Settings
from tests.lab.net import SimNet

SOUND = bytes(range(250)) * 96


async def turn(url, dialect):
    """One push-to-talk turn; the names of the events and the sound of the answer."""
    headers = {"OpenAI-Beta": "realtime=v1"} if dialect is Dialect.BETA else {}
    async with connect(url, additional_headers=headers, compression=None, proxy=None) as socket:
        await socket.send(wire.session_update(Settings(), dialect, "u"))
        await socket.send(wire.append(SOUND))
        await socket.send(wire.commit("c"))
        await socket.send(wire.response_create("r"))
        names, sound = [], b""
        while "response.done" not in names:
            text = await socket.recv()
            event = wire.parse_server(text)
            names.append(json.loads(text)["type"])
            if isinstance(event, wire.SessionCreated):
                assert wire.dialect_of(event.session) is dialect
            if isinstance(event, wire.AudioDelta):
                sound += event.pcm
        return names, sound


@pytest.mark.parametrize("dialect", Dialect)
def test_a_turn_over_loopback(dialect):
    async def main():
        async with LocalServer(voice=ParrotVoice(), pace=0, think_ms=0) as server:
            names, sound = await turn(f"{server.url}?model=x%2Fy", dialect)
            assert sound == SOUND
            assert ("response.output_audio.delta" in names) == (dialect is Dialect.GA)
            assert len(server.bill) == len(server.audit) == 1

    asyncio.run(main())


def test_many_clients_at_a_time_in_virtual_time(lab_run):
    net = SimNet(latency_ms=30)

    async def main():
        async with LocalServer(voice=ParrotVoice()) as server:
            turns = await asyncio.gather(*(turn(server.url, dialect) for dialect in list(Dialect) * 5))
            assert all(sound == SOUND for _, sound in turns)
            assert len({taken.session_id for taken in server.audit}) == 10

    lab_run(main(), net=net)


def test_a_client_that_goes_in_the_middle_leaves_nothing_behind(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        async with LocalServer(voice=ParrotVoice(), pace=1.0) as server:
            async with connect(server.url, compression=None, proxy=None) as socket:
                await socket.send(wire.append(SOUND * 10))
                await socket.send(wire.commit("c"))
                await socket.send(wire.response_create("r"))
                while not isinstance(wire.parse_server(await socket.recv()), wire.AudioDelta):
                    pass
            await asyncio.sleep(5)
            assert len(asyncio.all_tasks()) == 1

    lab_run(main(), net=net)
