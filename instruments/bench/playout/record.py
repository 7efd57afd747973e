"""Record traces: the daemon itself talks to edged's own service through a relay in user space that shapes the link.

    python -m instruments.bench.playout.record FOLDER

This takes three minutes of real time; all links are recorded at the same time. A seed decides what a link does. When
it does so depends on the machine, so no two recordings are equal.
"""

import argparse
import asyncio
import itertools
import re
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

ANSWERS = 20
SPOKEN_S = (1.2, 3.0, 0.7, 5.0, 2.0, 4.0, 1.0, 6.0)  # an answer repeats what it heard, so it is as long
EDGED = (sys.executable, "-m", "edged")


@dataclass(frozen=True)
class ShapedLink:
    """A service's pace, and what shapes the link."""

    note: str
    serve: tuple[str, ...]
    bytes_s: float = float("inf")  # downwards; sound in base64 takes 64 kB/s
    jitter_ms: float = 0.0
    stalls_s: float = 0.0  # per second
    stall_ms: tuple[float, float] = (0.0, 0.0)


LINKS = {
    "realtime-100ms": ShapedLink(
        "real time, deltas of 100 ms, nothing between", ("--pace", "1", "--delta-ms", "100")
    ),
    "realtime-20ms-unsteady": ShapedLink(
        "real time, deltas of 20 ms, 8 ms of jitter, stalls of 50 to 160 ms every 2.5 s",
        ("--pace", "1", "--delta-ms", "20"),
        jitter_ms=8,
        stalls_s=0.4,
        stall_ms=(50, 160),
    ),
    "ahead-thin": ShapedLink(
        "twice real time, deltas of 200 ms, through 61 kB/s: a little less than the sound takes",
        ("--pace", "2", "--delta-ms", "200"),
        bytes_s=61_000,
        jitter_ms=5,
    ),
    "ahead-mobile": ShapedLink(
        "as fast as it can, deltas of 200 ms, through 100 kB/s, stalls of 0.2 to 1 s every 5 s",
        ("--pace", "0", "--delta-ms", "200"),
        bytes_s=100_000,
        jitter_ms=20,
        stalls_s=0.2,
        stall_ms=(200, 1000),
    ),
}


class Relay:
    """Passes a TCP connection on. What comes down arrives late, slowly, or not at all during a stall."""

    def __init__(self, link, port, seed):
        self._link, self._port, self._rng = link, port, Random(seed)
        self._tasks = set()

    async def start(self):
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return server, server.sockets[0].getsockname()[1]

    async def _connected(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**14)
        tasks = [
            asyncio.ensure_future(self._up(reader, up_writer)),
            asyncio.ensure_future(self._down(up_reader, writer)),
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for each in (writer, up_writer):
            each.close()

    async def _up(self, reader, writer):
        while data := await reader.read(2**14):
            writer.write(data)
            await writer.drain()

    async def _down(self, reader, writer):
        loop, rng, link = asyncio.get_running_loop(), self._rng, self._link
        free = loop.time()
        stall = loop.time() + (rng.expovariate(link.stalls_s) if link.stalls_s else 1e9)
        while data := await reader.read(2**12):
            now = loop.time()
            if now >= stall:
                free = max(free, now) + rng.uniform(*link.stall_ms) / 1000
                stall = free + rng.expovariate(link.stalls_s)
            free = max(free, now) + len(data) / link.bytes_s
            at = free + (rng.expovariate(1 / link.jitter_ms) / 1000 if link.jitter_ms else 0.0)
            await asyncio.sleep(at - loop.time())
            writer.write(data)
            await writer.drain()


def _port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def _record(name, link, folder, place):
    port = _port()
    server = await asyncio.create_subprocess_exec(
        *EDGED, "serve", "--port", str(port), "--voice", "parrot", *link.serve, stdout=asyncio.subprocess.PIPE
    )
    await server.stdout.readline()
    relay, at = await Relay(link, port, name).start()
    place.mkdir()
    sets = {
        "provider.url": f"ws://127.0.0.1:{at}/v1/realtime",
        "control.socket": place / "control",
        "state.dir": place / "state",
        "speaker.arrivals": place / "arrivals",
        "speaker.backend": "null",
        "microphone.backend": "null",
        "button.backend": "none",
        "light.backend": "none",
        "log.level": "error",
    }
    options = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
    kiosk = await asyncio.create_subprocess_exec(*EDGED, "run", *options)
    try:
        await asyncio.sleep(4)
        for heard, spoken_s in enumerate(itertools.islice(itertools.cycle(SPOKEN_S), ANSWERS), 1):
            words = ["press", f"{spoken_s}s", "release"]
            ctl = await asyncio.create_subprocess_exec(
                *EDGED, "ctl", "--socket", str(place / "control"), *words, stdout=asyncio.subprocess.DEVNULL
            )
            await ctl.wait()
            for _ in range(600):
                if _answers(place / "arrivals") >= heard:
                    break
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.5 + spoken_s / 2)
    finally:
        for process in (kiosk, server):
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
        relay.close()
    text = "".join(path.read_text() for path in sorted((place / "arrivals").iterdir()))
    (folder / f"{name}.txt").write_text(f"# edged on its own service: {link.note}\n{text}")


def _answers(arrivals):
    return sum(len(re.findall(r"\n\n", path.read_text())) for path in arrivals.glob("*.txt"))


async def record(folder):
    with tempfile.TemporaryDirectory(prefix="edged-record-") as place:
        async with asyncio.TaskGroup() as tasks:
            for name, link in LINKS.items():
                tasks.create_task(_record(name, link, folder, Path(place) / name))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    asyncio.run(record(parser.parse_args().folder))


if __name__ == "__main__":
    main()
