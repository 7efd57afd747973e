"""Nothing delays a turn: it collects no garbage, loads no module, builds no TLS context, and memory does not grow."""

import asyncio
import gc
import json
import logging
import ssl
import sys
import tracemalloc
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from edged import pcm
from edged.app import App
from edged.local.server import LocalServer
from edged.local.voice import VoiceAnswer
from edged.system.heap import EVERY_S, FEW_MADE, ProcessHeap
from instruments.lab.kiosk import Kiosk, Visitor
from instruments.lab.net import SimNet
from tests.dial.authority import authority

__all__ = ["authority"]

ROOT = Path(__file__).parent.parent.parent


class Brief:
    """Answers a tenth of a second of sound to everything, and keeps nothing."""

    def answer(self, utterance):
        return VoiceAnswer(pcm.silence(4800), "yes")


class Collections:
    """The generation and the virtual time of each collection."""

    def __init__(self):
        self.all = []

    def __call__(self, phase, info):
        with suppress(RuntimeError):  # one that comes between two callbacks of the loop stops no turn
            if phase == "start":
                self.all.append((asyncio.get_running_loop().time(), info["generation"]))

    def since(self, when):
        return [generation for at, generation in self.all if at >= when]


@pytest.fixture
def tidied(lab_run, monkeypatch):
    """Runs `body(kiosk, collections)` on a kiosk that collects this process's own garbage."""

    def run(body, *settings):
        net = SimNet(latency_ms=10)
        build = App.__init__

        def init(app, config, *, ports, **more):
            build(app, config, ports=replace(ports, heap=ProcessHeap()), **more)

        monkeypatch.setattr(App, "__init__", init)
        collections = Collections()

        async def main():
            async with (
                LocalServer(voice=Brief()) as server,
                Kiosk(net, server.url, Random(1), *settings) as kiosk,
            ):
                await kiosk.until(lambda: kiosk.app.link.up, 5)
                return await body(kiosk, collections)

        gc.callbacks.append(collections)
        try:
            return lab_run(main(), net=net)
        finally:
            gc.callbacks.remove(collections)

    return run


def litter():
    """Make more garbage than Python would leave uncollected."""
    for _ in range(10 * FEW_MADE):
        cycle = []
        cycle.append(cycle)


def test_a_turn_is_never_stopped_to_collect_garbage(tidied):
    async def body(kiosk, collections):
        await asyncio.sleep(10)  # everything is frozen by now
        began = asyncio.get_running_loop().time()
        kiosk.button.press()
        litter()
        await asyncio.sleep(EVERY_S + 2)
        kiosk.button.release()
        litter()
        assert await kiosk.until(lambda: kiosk.state in ("SPEAKING", "DRAINING"), 10)
        litter()
        assert await kiosk.until(lambda: kiosk.state == "IDLE", 10)
        assert collections.since(began) == []

    tidied(body, "turn.longest_s=100")


def test_an_idle_kiosk_collects_what_turns_left(tidied):
    async def body(kiosk, collections):
        await asyncio.sleep(EVERY_S + 10)
        began = asyncio.get_running_loop().time()
        await Visitor(kiosk, Random(1)).hold(1.0)
        litter()
        await asyncio.sleep(20)
        assert kiosk.state == "IDLE"
        assert collections.since(began) == [2]

    tidied(body)


@pytest.mark.slow
def test_after_the_end_python_collects_as_before(tidied):
    assert gc.isenabled()

    async def body(kiosk, collections):
        assert not gc.isenabled()
        await asyncio.sleep(10)
        assert gc.get_freeze_count() > 0

    tidied(body)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


class TlsFront:
    """TLS in front of a server. It breaks the first connection after this many bytes from its client."""

    def __init__(self, port: int, certificate: Path, *, breaks_after: int) -> None:
        self._port, self._left = port, breaks_after
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self.connections = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader, writer):
        self.connections += 1
        behind, before = await asyncio.open_connection("127.0.0.1", self._port)
        back = asyncio.create_task(self._copy(behind, writer))
        with suppress(ConnectionError):
            await self._copy(reader, before, breaks=self.connections == 1)
        back.cancel()
        before.close()
        writer.transport.abort()

    async def _copy(self, reader, writer, *, breaks=False):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
            self._left -= len(data) if breaks else 0
            if self._left <= 0 and breaks:
                return


@pytest.mark.slow
def test_a_first_turn_over_tls_that_breaks_in_its_middle_loads_and_builds_nothing(authority):
    async def main():
        front_of = TlsFront(0, authority.issue("DNS:localhost"), breaks_after=60_000)
        async with LocalServer(voice=Brief()) as server:
            front_of._port = int(server.url.split(":")[2].split("/")[0])
            async with front_of as front:
                url = f"wss://localhost:{front.port}/v1/realtime"
                command = (sys.executable, "-m", "tests.app.one_turn", url, str(authority.file))
                kiosk = await asyncio.create_subprocess_exec(
                    *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
                )
                try:
                    out, _ = await asyncio.wait_for(kiosk.communicate(), 120)
                finally:
                    if kiosk.returncode is None:
                        kiosk.kill()
                        await kiosk.wait()
                return json.loads(out)

    seen = asyncio.run(main())
    assert seen["links"] == [True, False, True]
    assert seen["states"][-3:] == ["SPEAKING", "DRAINING", "IDLE"]
    assert (seen["loaded"], seen["collected"], seen["contexts"]) == ([], [], 0)


# The service keeps its ledger, and the laboratory its list.
OTHERS = ("*/edged/local/*", "*/tests/*", "*/instruments/*", "<string>")


def daemons_own():
    """Objects of the daemon's own classes, and bytes allocated by its code, asyncio's and websockets'."""
    gc.collect()
    kinds = Counter(str(type(thing).__module__) for thing in gc.get_objects())
    objects = sum(
        count
        for module, count in kinds.items()
        if module.startswith("edged.") and not module.startswith("edged.local")
    )
    traces = [tracemalloc.Filter(inclusive=False, filename_pattern=pattern) for pattern in OTHERS]
    snapshot = tracemalloc.take_snapshot().filter_traces(traces)
    return objects, sum(trace.size for trace in snapshot.traces)


@pytest.mark.hours
@pytest.mark.parametrize("count", [150, pytest.param(500, marks=pytest.mark.nightly)])
def test_hundreds_of_turns_leave_no_memory_behind(tidied, count):
    async def turns(kiosk, visitor, count):
        for _ in range(count):
            await visitor.hold(0.5)
            await asyncio.sleep(0.3)
            assert await kiosk.until(lambda: kiosk.state == "IDLE", 10)
            kiosk.speaker.takes.clear()
            kiosk.events.clear()
        return daemons_own()

    async def body(kiosk, _collections):
        visitor = Visitor(kiosk, Random(1))
        logging.disable()  # pytest would keep every line
        tracemalloc.start()
        try:
            objects, size = await turns(kiosk, visitor, 50)
            more_objects, more = await turns(kiosk, visitor, count)
        finally:
            tracemalloc.stop()
            logging.disable(logging.NOTSET)
        assert more_objects - objects < 10
        # A leaked answer or line in each turn would be more. Cancelled timers are not.
        assert more - size < 100_000

    tidied(body)
