"""What a visitor waits for when the link is opened at the press, beside a link that is always open.

The daemon, with null devices, talks over TLS to the embedded service, through a proxy on loopback that delays whatever
passes by half a round trip. Opening a connection costs one more, as the handshake of TCP would. Each press comes from
the control socket; with a link on demand, only once the link rests again.
"""

import argparse
import asyncio
import contextlib
import json
import re
import statistics
import sys
import tempfile
from pathlib import Path

HOLDS_S = (0.5, 2.0)
TRIPS_MS = (20, 100, 300)
REST_S = 5
IN_TIME_S = 60.0
RUN = (
    *("microphone.backend=null", "speaker.backend=null", "button.backend=none", "light.backend=none"),
    *("provider.name=custom", "turn.history_lines=0", f"link.rest_s={REST_S}", "state.dir="),
)


class SlowPath:
    """Forwards connections to `port`; `trip_s` is the round trip."""

    def __init__(self, port: int) -> None:
        self._port, self.trip_s = port, 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        for task in (
            asyncio.ensure_future(self._pass(reader, back, begins=True)),
            asyncio.ensure_future(self._pass(there, writer)),
        ):
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, source, sink, *, begins=False) -> None:
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        opened_s = loop.time() + (self.trip_s if begins else 0.0)

        async def deliver() -> None:
            while True:
                due_s, data = await waiting.get()
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                if not data:
                    return sink.close()
                sink.write(data)

        delivering = asyncio.ensure_future(deliver())
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                waiting.put_nowait((max(opened_s, loop.time()) + self.trip_s / 2, data))
        waiting.put_nowait((loop.time() + self.trip_s / 2, b""))
        await delivering


class Kiosk:
    """The daemon as a process, and a client of its control socket."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._socket, self._log = folder / "control.sock", folder / "log"
        sets = [
            word for each in (*RUN, f"control.socket={self._socket}", *settings) for word in ("--set", each)
        ]
        self._command = [sys.executable, "-P", "-m", "edged", "run", *sets]
        self._events: asyncio.Queue[dict] = asyncio.Queue()
        self.resting = False

    async def __aenter__(self) -> "Kiosk":
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(*self._command, stdout=log, stderr=log)
        async with asyncio.timeout(IN_TIME_S):
            while not self._socket.exists():  # noqa: ASYNC110 a file cannot be awaited
                await asyncio.sleep(0.05)
            self._reader, self._writer = await asyncio.open_unix_connection(self._socket, limit=2**20)
        self._reading = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        self._writer.close()
        self._process.terminate()
        await self._process.wait()

    async def _read(self) -> None:
        while line := await self._reader.readline():
            event = json.loads(line)
            if event["type"] == "snapshot":
                event = {"event": "link", **event["link"]}
            if event.get("event") == "link":
                self.resting = event["resting"]
            self._events.put_nowait(event)

    def ask(self, command: str) -> None:
        self._writer.write(json.dumps({"command": command, "id": command, "keep": True}).encode() + b"\n")

    async def until(self, is_it) -> dict:
        async with asyncio.timeout(IN_TIME_S):
            while not is_it(event := await self._events.get()):
                pass
        return event

    async def turn(self, hold_s: float) -> dict[str, int]:
        """The marks of a turn, in milliseconds."""
        marks: dict[str, int] = {}
        self.ask("press")
        await asyncio.sleep(hold_s)
        self.ask("release")
        while "drained" not in marks:
            event = await self.until(lambda event: event.get("event") == "mark")
            marks.setdefault(event["name"], event["at_ms"])
        return marks


async def measured(folder: Path, url: str, ca_file: Path, connect: str, hold_s: float, count: int):
    """Milliseconds from the release to the first sound, and from the press to the first sound that is sent."""
    waits, sends = [], []
    wanted = (f"provider.url={url}", f"provider.ca_file={ca_file}", f"link.connect={connect}")
    async with Kiosk(folder, *wanted) as kiosk:
        await kiosk.until(lambda event: event.get("event") == "link" and event["up"])
        for _ in range(count):
            if connect == "on_demand":
                await kiosk.until(lambda event: event.get("event") == "link" and event["resting"])
            await asyncio.sleep(1.0)  # the room no longer echoes the answer before
            marks = await kiosk.turn(hold_s)
            waits.append(marks["first_sound"] - marks["release"])
            sends.append(marks["first_audio_sent"] - marks["press"])
    return statistics.median(waits), statistics.median(sends)


@contextlib.asynccontextmanager
async def service(folder: Path):
    """The embedded service over TLS: its port, and the certificate that it shows."""
    command = (sys.executable, "-P", "-m", "edged", "serve", "--port", "0", "--tls")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=folder)
    try:
        lines = [(await process.stdout.readline()).decode() for _ in range(2)]
        yield int(re.search(r":(\d+)/", lines[0])[1]), Path(lines[1].split()[1])
    finally:
        process.terminate()
        await process.wait()


async def main(count: int) -> None:
    print("milliseconds, medians; on demand beside always open")
    print("round trip  hold   release to first sound      press to first sound sent")
    with tempfile.TemporaryDirectory() as name:
        async with service(Path(name)) as (port, ca_file):
            path = SlowPath(port)
            server = await asyncio.start_server(path.take, "127.0.0.1", 0)
            url = f"wss://localhost:{server.sockets[0].getsockname()[1]}/v1/realtime"
            for trip_ms in TRIPS_MS:
                path.trip_s = trip_ms / 1000
                for hold_s in HOLDS_S:
                    found = [
                        await measured(Path(name), url, ca_file, connect, hold_s, count)
                        for connect in ("always", "on_demand")
                    ]
                    (wait, send), (wait_later, send_later) = found
                    print(
                        f"{trip_ms:7} ms {hold_s:4.1f} s {wait:8.0f} {wait_later:8.0f}  +{wait_later - wait:4.0f}"
                        f"        {send:8.0f} {send_later:8.0f}",
                        flush=True,
                    )
            server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=8, help="presses of each kind")
    asyncio.run(main(parser.parse_args().count))
