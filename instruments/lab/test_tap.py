import asyncio

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from instruments.lab.loop import run
from instruments.lab.net import SimNet
from instruments.lab.tap import BINARY, CLOSE, PING, PONG, TEXT, Tap

SIZES = (0, 1, 125, 126, 65_535, 65_536, 200_000)


async def echo(websocket):
    async for message in websocket:
        await websocket.send(message)


def talk(net, main):
    async def whole():
        async with (
            serve(echo, "10.0.0.1", 80, compression=None, ping_interval=None),
            connect("ws://10.0.0.1/", compression=None, proxy=None, ping_interval=None) as websocket,
        ):
            await main(websocket)

    run(whole(), net=net)


def test_messages_of_every_size_are_read_both_ways_whatever_the_slices():
    net = SimNet(slice_bytes=1400)
    tap = Tap(net)

    async def main(websocket):
        for size in SIZES:
            await websocket.send("x" * size)
            await websocket.recv()

    talk(net, main)
    for side in ("server", "client"):
        assert [len(message.text) for message in tap.texts(side)] == list(SIZES)
        assert all(set(message.text) <= {"x"} for message in tap.texts(side))


def test_messages_are_seen_when_and_where_they_arrive():
    net = SimNet(latency_ms=10)
    tap = Tap(net)

    async def main(websocket):
        await asyncio.sleep(1 - 0.04)
        await websocket.send("é")
        await websocket.recv()

    talk(net, main)
    first, second = tap.messages[:2]
    assert (round(first.at_s, 6), first.side, first.text) == (1.01, "server", "é")
    assert (round(second.at_s, 6), second.side, second.connection) == (1.02, "client", 1)


def test_fragments_pings_and_goodbyes():
    net = SimNet()
    tap = Tap(net)

    async def main(websocket):
        await websocket.send([b"in ", b"three ", b"parts"])
        await websocket.recv()
        await (await websocket.ping(b"here"))

    talk(net, main)
    at_server = [(message.opcode, message.data) for message in tap.messages if message.side == "server"]
    assert at_server[:2] == [(BINARY, b"in three parts"), (PING, b"here")]
    assert at_server[2][0] == CLOSE
    assert (PONG, b"here") in [(message.opcode, message.data) for message in tap.messages]
    assert not tap.texts("server")
    assert TEXT not in {message.opcode for message in tap.messages}


def test_connections_are_told_apart():
    net = SimNet()
    tap = Tap(net)

    async def main(websocket):
        async with connect("ws://10.0.0.1/", compression=None, proxy=None) as another:
            await another.send("second")
            await websocket.send("first")
            await websocket.recv()

    talk(net, main)
    assert [(message.connection, message.text) for message in tap.texts("server")] == [
        (2, "second"),
        (1, "first"),
    ]
