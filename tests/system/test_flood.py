"""A real daemon, relay and service that may open few files, and strangers who connect without end."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from edged.system.control_client import ControlClient

ROOT = Path(__file__).parent.parent.parent
MEMORY_MAX_KB = 160 * 1024  # the value in the unit
SILENT = [f"--set={part}={value}" for part, value in {
    "microphone.backend": "null", "speaker.backend": "null", "button.backend": "none", "light.backend": "none",
}.items()]  # fmt: skip


@contextmanager
def edged(*words, files=256, log=subprocess.DEVNULL):
    """Start a process. Yields it after its first line, except for the daemon, which is yielded at once."""
    with subprocess.Popen(
        [
            "sh",
            "-c",
            f'ulimit -n {files}; exec "$@"',
            "sh",
            sys.executable,
            "-P",
            "-m",
            "edged",
            *map(str, words),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def serving(*words, **options):
    """A relay or a service, and its port."""
    with edged(*words, "--port", 0, **options) as process:
        url = process.stdout.readline().split()[1]
        yield process, int(url.split(":")[2].split("/")[0])


@contextmanager
def daemon(path, **options):
    here = [f"--set=control.socket={path}", f"--set=state.dir={path.parent}"]
    line = ["--set=provider.name=local", "--set=provider.url=ws://127.0.0.1:9/"]
    with edged("run", *SILENT, *here, *line, **options) as process:
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.01)
        while not asks(path):
            assert process.poll() is None
        yield process


def asks(path):
    with suppress(Exception), ControlClient(path) as client:
        return client.command("status")
    return None


def files(process):
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


def threads(process):
    return len(list(Path(f"/proc/{process.pid}/task").iterdir()))


class Open(NamedTuple):
    """How many files and threads a process has."""

    files: int
    threads: int

    def is_within(self, other):
        """Whether neither number is higher than in `other`."""
        return self.files <= other.files and self.threads <= other.threads


def opened(process):
    return Open(files(process), threads(process))


def most_memory_kb(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


@pytest.mark.parametrize(
    "connects", [pytest.param(2000, marks=pytest.mark.slow), pytest.param(60_000, marks=pytest.mark.nightly)]
)
def test_connects_to_the_control_socket_leave_nothing_behind(tmp_path, connects):
    path = tmp_path / "control.sock"
    with daemon(path) as process:
        # The program that starts it has files and a thread for a moment.
        before = min(opened(process) for _ in range(100))
        for number in range(connects):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                if number % 3:
                    client.sendall(b'{"command": "status"}\n' if number % 3 == 1 else b'{"comm')
        assert asks(path)
        while not opened(process).is_within(before):  # the last clients have not gone yet
            time.sleep(0.01)
        assert most_memory_kb(process) < MEMORY_MAX_KB


async def held(port, said, stack, number):
    """Connections that send this and nothing more."""
    writers = []
    for _ in range(number):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            writer.write(said)
            writers.append(writer)
    return writers


def dial(port, **options):
    return connect(f"ws://127.0.0.1:{port}/v1/realtime", proxy=None, compression=None, **options)


STRANGERS = [b"", b"GET /v1/realtime HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 4000]


@pytest.mark.slow
@pytest.mark.parametrize("said", STRANGERS)
@pytest.mark.parametrize("verb", ["serve", "relay"])
def test_strangers_keep_nobody_out_and_leave_few_lines(tmp_path, verb, said):
    async def main(port):
        async with AsyncExitStack() as stack:
            inside = await stack.enter_async_context(dial(port))
            assert json.loads(await inside.recv())["type"] == "session.created"
            for _ in range(3):
                await held(port, said, stack, 100)  # more than the process may open
                async with dial(port) as another:
                    assert json.loads(await another.recv())["type"] == "session.created"
            await (await inside.ping())  # it is still connected

    with (tmp_path / "log").open("w") as log, ExitStack() as stack:
        process, port = stack.enter_context(serving("serve", files=40 if verb == "serve" else 256, log=log))
        if verb == "relay":
            to = ["--provider", "local", "--set", f"provider.url=ws://127.0.0.1:{port}/v1/realtime"]
            process, port = stack.enter_context(serving("relay", *to, files=44, log=log))
        asyncio.run(main(port))
        assert process.poll() is None
    assert len((tmp_path / "log").read_text().splitlines()) < 40


@pytest.mark.slow
def test_a_relay_that_is_full_says_so_and_has_a_place_when_somebody_goes():
    async def main(port):
        async with dial(port) as first:
            await first.recv()
            with pytest.raises(InvalidStatus) as refused:
                await dial(port)
            response = refused.value.response
            assert response.status_code == 503
            assert b"1 clients at a time" in response.body
            assert response.headers["Retry-After"] == "10"
        while True:
            with suppress(InvalidStatus):
                async with dial(port) as second:
                    assert json.loads(await second.recv())["type"] == "session.created"
                    return

    with serving("serve") as (_, port):
        to = ["--provider", "local", "--set", f"provider.url=ws://127.0.0.1:{port}/v1/realtime"]
        with serving("relay", *to, "--most-clients", 1) as (_, relay):
            asyncio.run(main(relay))
