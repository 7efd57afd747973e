"""A client that reconnects again and again through a storm; prints the digest of everything on the wire.

`python -m instruments.lab.storm_run SEED HOURS`: the digest is the same in every process, whatever its hash seed.
"""

import asyncio
import sys
from random import Random

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import WebSocketException

from instruments.lab.loop import run, virtual
from instruments.lab.net import SimNet
from instruments.lab.weather import storm

WAIT_S = 0.5


async def _serve_echo(websocket):
    async for message in websocket:
        await websocket.send(message[::-1])


async def _talk(websocket):
    async def send():
        for number in range(1_000_000):
            await websocket.send(f"{number:06d}" * (1 + number % 700))
            await asyncio.sleep(3)

    async def receive():
        async for _ in websocket:
            pass
        raise ConnectionResetError

    async with asyncio.TaskGroup() as group:
        group.create_task(send())
        group.create_task(receive())


async def _stay(lives):
    while True:
        try:
            async with connect(
                "ws://voice.example:8080/", compression=None, proxy=None, ping_interval=5, ping_timeout=2.5
            ) as websocket:
                lives.append(virtual().time())
                # a task of its own: in Python 3.11.2 a task in which a TaskGroup failed stays cancelled
                await asyncio.create_task(_talk(websocket))
        except* (OSError, WebSocketException, TimeoutError):
            pass
        await asyncio.sleep(WAIT_S)


async def _main(hours, net, lives):
    async with serve(_serve_echo, "203.0.113.5", 8080, compression=None):
        client = asyncio.create_task(_stay(lives))
        await asyncio.sleep(hours * 3600)
        net.heal()
        await asyncio.sleep(60)
        client.cancel()


def weather_run(seed, hours):
    """The net after the run, and the times at which connections came up."""
    net = SimNet(latency_ms=20, jitter_ms=5, up_bytes_s=400_000, buffer_bytes=65_536)
    net.names["voice.example"] = ["203.0.113.5"]
    net.play(storm(Random(seed), hours * 3600, per_hour=60))
    lives = []
    run(_main(hours, net, lives), net=net, seed=seed)
    return net, lives


if __name__ == "__main__":
    print(weather_run(int(sys.argv[1]), float(sys.argv[2]))[0].digest())  # noqa: T201 it is a program
