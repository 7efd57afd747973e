"""The embedded service under many clients: its processor time and worst lag, beside a server that does nothing.

Each client appends 20 ms of sound fifty times per second. Twice per second it sends a request (`clear`) and measures
the time until the answer: how long a client waits behind the sound of all others. The server has one core to itself.
"""

import argparse
import asyncio
import os
import resource
import sys
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from edged import wire

APPEND = wire.append(bytes(960))
CLEAR = wire.clear("lag")
EVERY_S = 0.02
ASK_EVERY = 25


async def client(url, seconds, start, lags):
    loop = asyncio.get_running_loop()
    async with connect(url, compression=None, proxy=None, ping_interval=None) as socket:
        await socket.send(wire.session_update(wire.Settings(), wire.Dialect.GA, "u"))
        await socket.recv()
        asked = asyncio.Queue()

        async def listen():
            while True:
                text = await socket.recv()
                if "cleared" in text or text == "x":
                    lags.append(loop.time() - asked.get_nowait())

        listening = asyncio.ensure_future(listen())
        at = start
        for n in range(int(seconds / EVERY_S)):
            at += EVERY_S
            await asyncio.sleep(at - loop.time())
            await socket.send(APPEND)
            if n % ASK_EVERY == 0:
                asked.put_nowait(loop.time())
                await socket.send(CLEAR)
        listening.cancel()


async def load(url, sessions, seconds):
    loop = asyncio.get_running_loop()
    lags = []
    start = loop.time() + 1.0
    await asyncio.gather(
        *(client(url, seconds, start + EVERY_S * n / sessions, lags) for n in range(sessions))
    )
    return sorted(lags)


async def idle_server():
    """Accepts everything and answers each request: what the library alone costs."""

    async def take(socket):
        await socket.send("hello")
        async for message in socket:
            if len(message) < 200:
                await socket.send("x")

    async with serve(take, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        print(f"serving ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.Event().wait()


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


async def measure(command, sessions, seconds):
    """Processor seconds per second, the lags, and megabytes."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        line = (await process.stdout.readline()).decode()
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        before, began = cpu_s(process.pid), asyncio.get_running_loop().time()
        lags = await load(line.split()[-1], sessions, seconds)
        took = asyncio.get_running_loop().time() - began
        return (cpu_s(process.pid) - before) / took, lags, resident_mb(process.pid)
    finally:
        process.terminate()
        await process.wait()


async def run(sessions, seconds):
    commands = {
        "edged serve": [sys.executable, "-m", "edged", "serve", "--port", "0"],
        "a server that does nothing": [sys.executable, "-m", "instruments.bench.serve", "--idle"],
    }
    print(f"{sessions} sessions, an append of 20 ms every 20 ms, {seconds:g} s, the server on one core")
    cost = {}
    for name, command in commands.items():
        cpu, lags, megabytes = await measure(command, sessions, seconds)
        cost[name] = cpu
        print(
            f"{name:28}{cpu * 100:6.1f} % of a core, {cpu / sessions * 1e6 / 50:6.1f} us per append, "
            f"lag p50 {lags[len(lags) // 2] * 1e3:.1f} p99 {lags[len(lags) * 99 // 100] * 1e3:.1f} "
            f"worst {lags[-1] * 1e3:.1f} ms, {megabytes:.0f} MB"
        )
    ours, theirs = cost.values()
    print(f"ratio of processor time: {ours / theirs:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--idle", action="store_true", help="run as the server that does nothing")
    args = parser.parse_args()
    asyncio.run(idle_server() if args.idle else run(args.sessions, args.seconds))


if __name__ == "__main__":
    main()
