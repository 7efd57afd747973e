"""Whether what looks at a kiosk makes a press wait: from the press to the first sound on the wire, with and without.

The daemon, with null devices, talks to the embedded service through a forwarder on loopback, which sees the first bytes
after each press. The press comes from the control socket. Three situations take turns, all in one run:

- alone: nothing but the client that presses;
- companion: a real `edged companion` with its page, its metrics and a textfile, and five readers of the page that ask
  without a pause (if it has no page, for its control socket alone);
- clients: five clients of the control socket that ask for the state without a pause.
"""

import argparse
import asyncio
import contextlib
import json
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median, quantiles

from aiohttp import ClientError, ClientSession

READERS = 5
BETWEEN_S = 1.0  # edged ignores presses that are faster than one a second in the long run
IN_TIME_S = 60.0
# On a kiosk, the units give the daemon 25 times as much of a busy processor as the companion (CPUWeight=); this is
# about as much. The readers are on other machines there: here they take what is left.
COMPANION_NICE, READERS_NICE = ("nice", "-n", "14"), ("nice", "-n", "19")
EDGED = (sys.executable, "-P", "-m", "edged")
PATHS = ("/", "/metrics", "/healthz")
QUIET = {
    "version": 1,
    "microphone": {"backend": "null"},
    "speaker": {"backend": "null"},
    "button": {"backend": "none"},
    "light": {"backend": "none"},
    "state": {"dir": ""},
}


class Forwarder:
    """Between the daemon and the service at `port`. `first` is done with the time of the next bytes to the service."""

    def __init__(self, port: int) -> None:
        self.first: asyncio.Future[float] | None = None
        self._port = port

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(self._pass(reader, back, is_up=True), self._pass(there, writer, is_up=False))

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                now_s = time.perf_counter()
                if is_up and len(data) > 1000 and self.first is not None and not self.first.done():
                    self.first.set_result(now_s)
                sink.write(data)
        sink.close()


class Presser:
    """The one client of the control socket that presses."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.state, self.is_up = "", False
        self._changed = asyncio.Condition()

    async def read(self) -> None:
        while line := await self._reader.readline():
            message = json.loads(line)
            if message["type"] == "snapshot":
                self.state, self.is_up = message["state"], message["link"]["up"]
            elif message.get("event") == "turn":
                self.state = message["state"]
            elif message.get("event") == "link":
                self.is_up = message["up"]
            async with self._changed:
                self._changed.notify_all()

    def say(self, command: str) -> None:
        self._writer.write(json.dumps({"command": command}).encode() + b"\n")

    async def ready(self) -> None:
        async with asyncio.timeout(IN_TIME_S), self._changed:
            await self._changed.wait_for(lambda: self.is_up and self.state == "IDLE")


async def presses(presser: Presser, forwarder: Forwarder, count: int) -> list[float]:
    """Milliseconds from each press to its first sound."""
    taken = []
    for _ in range(count):
        await presser.ready()
        await asyncio.sleep(BETWEEN_S)
        forwarder.first = asyncio.get_running_loop().create_future()
        began_s = time.perf_counter()
        presser.say("press")
        async with asyncio.timeout(IN_TIME_S):
            taken.append((await forwarder.first - began_s) * 1000)
        presser.say("stop")
    return taken


@contextlib.asynccontextmanager
async def process(*words: object, **more: object) -> AsyncIterator[asyncio.subprocess.Process]:
    running = await asyncio.create_subprocess_exec(*map(str, words), **more)
    try:
        yield running
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()


async def read(url: str, path: str) -> int:
    """Ask without a pause until terminated; the number of answers goes to standard output."""
    answers = 0

    async def reader(http: ClientSession, number: int) -> None:
        nonlocal answers
        while True:
            try:
                async with http.get(url + PATHS[number % len(PATHS)]) as answer:
                    await answer.read()
                    answers += 1
            except (ClientError, OSError):
                await asyncio.sleep(0.1)

    async def client() -> None:
        nonlocal answers
        source, sink = await asyncio.open_unix_connection(path, limit=2**20)
        while True:
            sink.write(b'{"command": "status"}\n')
            while json.loads(await source.readline())["type"] != "answer":
                pass
            answers += 1

    async def count() -> None:
        while True:
            await asyncio.sleep(0.2)
            print(answers, flush=True)

    async with ClientSession() as http:
        asked = [reader(http, number) if url else client() for number in range(READERS)]
        await asyncio.gather(*asked, count())
    return 0


@contextlib.asynccontextmanager
async def looked_at(kind: str, folder: Path, port: int) -> AsyncIterator[list[int]]:
    """What looks at the kiosk meanwhile. Yields a list that gets the number of answers at the end."""
    got: list[int] = []
    if kind == "alone":
        yield got
        return
    url = f"http://127.0.0.1:{port}" if kind == "companion" else ""
    reads = (
        *READERS_NICE,
        sys.executable,
        "-P",
        "-m",
        "instruments.bench.companion",
        "--read",
        url,
        folder / "s",
    )
    async with contextlib.AsyncExitStack() as stack:
        if kind == "companion":
            with (folder / "log").open("ab") as log:
                words = (*COMPANION_NICE, *EDGED, "companion", "--config", folder / "c.yaml")
                await stack.enter_async_context(process(*words, stdout=log, stderr=log))
        reader = await stack.enter_async_context(process(*reads, stdout=asyncio.subprocess.PIPE))
        for _ in range(10):  # two seconds: the companion has connected by then
            await reader.stdout.readline()
        yield got
        reader.terminate()
        lines = (await reader.stdout.read()).split()
        got.append(int(lines[-1]) if lines else 0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def main(rounds: int, count: int) -> None:
    taken: dict[str, list[float]] = {"alone": [], "companion": [], "clients": []}
    answers: dict[str, int] = dict.fromkeys(taken, 0)
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        async with contextlib.AsyncExitStack() as stack:
            serve = (*EDGED, "serve", "--port", "0")
            service = await stack.enter_async_context(process(*serve, stdout=asyncio.subprocess.PIPE))
            there = int((await service.stdout.readline()).split()[1].split(b":")[2].split(b"/")[0])
            forwarder = Forwarder(there)
            server = await asyncio.start_server(forwarder.take, "127.0.0.1", 0)
            stack.callback(server.close)
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/realtime"
            config = {
                **QUIET,
                "control": {"socket": str(folder / "s")},
                "provider": {"name": "custom", "url": url},
                "companion": {
                    "page": {"listen": f"127.0.0.1:{port}"},
                    "metrics": {"textfile": str(folder / "edged.prom")},
                },
            }
            (folder / "c.yaml").write_text(json.dumps(config))
            with (folder / "log").open("ab") as log:
                run = (*EDGED, "run", "--config", folder / "c.yaml")
                await stack.enter_async_context(process(*run, stdout=log, stderr=log))
            async with asyncio.timeout(IN_TIME_S):
                while not (folder / "s").exists():  # noqa: ASYNC110 a file cannot be awaited
                    await asyncio.sleep(0.05)
            presser = Presser(*await asyncio.open_unix_connection(folder / "s", limit=2**20))
            reading = asyncio.ensure_future(presser.read())
            stack.callback(reading.cancel)
            await presses(presser, forwarder, 3)  # whatever happens once has happened
            for _ in range(rounds):
                for kind, each in taken.items():
                    async with looked_at(kind, folder, port) as got:
                        each.extend(await presses(presser, forwarder, count))
                    answers[kind] += sum(got)
    print(f"from the press to its first sound, {rounds * count} presses each, taking turns")
    print("| looked at by | answers | median | 95 % | median, as a ratio |")
    print("|---|---|---|---|---|")
    for kind, each in taken.items():
        middle, most = median(each), quantiles(each, n=20)[-1]
        ratio = middle / median(taken["alone"])
        print(f"| {kind} | {answers[kind]} | {middle:.2f} ms | {most:.2f} ms | {ratio:.2f} |")
    if not answers["companion"]:
        print("The companion has no page here: nobody has read it.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/bench companion", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--presses", type=int, default=20, help="presses of each kind in a round")
    parser.add_argument("--read", nargs=2, metavar=("URL", "SOCKET"), help="run as the readers")
    args = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(read(*args.read) if args.read else main(args.rounds, args.presses))
