"""Debian's Prometheus reads twenty kiosks: each a control socket, a companion that follows it, and a page."""

import asyncio
import json
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from urllib.parse import urlencode

import pytest
import yaml
from aiohttp import ClientError, ClientSession, web

from edged.companion.follower import FollowedKiosk
from edged.companion.metrics.metrics_part import MetricsPart
from edged.system.control import ControlServer
from edged.system.store import FileStore
from tests.companion.metrics.kiosks import WHO, snapshot, state, turn

pytestmark = pytest.mark.prometheus

KIOSKS = 20
CONTRIB = Path(__file__).parents[4] / "contrib" / "prometheus"
IN_TIME_S = 60


class ScriptedTarget:
    """Is controlled by the socket, and has asked so many questions."""

    turns = 0

    def snapshot(self):
        return snapshot(turns=self.turns)

    def configuration(self, _start):
        return {"settings": [], "hash": "0123abcd"}


class PublishingKiosk:
    def __init__(self, target, server):
        self._target, self._server = target, server

    def answer(self):
        self._target.turns += 1
        for event in (*turn(self._target.turns), state("IDLE", "DRAINING", "DRAINED")):
            self._server.publish(event)


@asynccontextmanager
async def kiosk(folder, number):
    """A kiosk and its companion. Yields the kiosk, and host and port of the page."""
    folder.mkdir()
    target = ScriptedTarget()
    server = ControlServer(folder / "s", target)
    await server.start()
    followed = FollowedKiosk(str(folder / "s"), rng=Random(number))
    who = WHO._replace(kiosk=f"{number:032x}", site=f"site {number % 3}")
    part = MetricsPart(followed, who, FileStore(folder), save_s=0.1)
    lives = [asyncio.ensure_future(each.run()) for each in (followed, part)]

    async def page(_):
        content_type, said = part.exposition()
        return web.Response(body=said, headers={"Content-Type": content_type})

    app = web.Application()
    app.router.add_get("/metrics", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with asyncio.timeout(IN_TIME_S):
        while not followed.view.is_up:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    try:
        yield PublishingKiosk(target, server), "127.0.0.1:{1}".format(*runner.addresses[0])
    finally:
        await runner.cleanup()
        for life in reversed(lives):
            life.cancel()
        await asyncio.wait(lives)
        await server.close()


class Prometheus:
    def __init__(self, http, port):
        self._http, self._url = http, f"http://127.0.0.1:{port}"

    async def get(self, path, **query):
        async with self._http.get(f"{self._url}{path}?{urlencode(query)}") as answer:
            return (await answer.json())["data"]

    async def values(self, question):
        found = (await self.get("/api/v1/query", query=question))["result"]
        return {each["metric"]["instance"]: float(each["value"][1]) for each in found}

    async def until(self, question, is_so):
        values = None
        try:
            async with asyncio.timeout(IN_TIME_S):
                while not is_so(values := await self.values(question)):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"{question}: {values}") from None
        return values


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def prometheus(folder):
    """With the example of a configuration, but more haste."""
    config = yaml.safe_load((CONTRIB / "prometheus.example.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(CONTRIB / "alerts.yml")]
    (folder / "prometheus.yml").write_text(json.dumps(config))
    port = free_port()
    words = (f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data")
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *("prometheus", *words, f"--web.listen-address=127.0.0.1:{port}"), stdout=log, stderr=log
        )
    try:
        async with ClientSession() as http, asyncio.timeout(3 * IN_TIME_S):
            await _is_ready(process, http, f"http://127.0.0.1:{port}/-/ready", folder / "log")
            yield Prometheus(http, port)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _is_ready(process, http, url, log):
    while True:
        assert process.returncode is None, log.read_text()
        try:
            async with http.get(url) as answer:
                if answer.status == 200:
                    return
        except ClientError:
            pass
        await asyncio.sleep(0.1)


def test_twenty_kiosks_are_read_and_their_turns_counted(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            rooms = [kiosk(tmp_path / str(number), number) for number in range(KIOSKS)]
            kiosks, pages = zip(*[await stack.enter_async_context(room) for room in rooms], strict=True)
            targets = [
                {"targets": list(pages[:10])},
                {"targets": list(pages[10:]), "labels": {"floor": "first"}},
            ]
            (tmp_path / "targets.json").write_text(json.dumps(targets))
            server = await stack.enter_async_context(prometheus(tmp_path))
            up = await server.until('up{job="edged"} == 1', lambda found: len(found) == KIOSKS)
            assert up.keys() == set(pages)
            answered = 'edged_turns_total{outcome="answered"}'
            before = await server.until(answered, lambda found: len(found) == KIOSKS)
            assert set(before.values()) == {0}
            for number, each in enumerate(kiosks):
                for _ in range(1 + number % 2):
                    each.answer()
            wanted = {page: 1.0 + number % 2 for number, page in enumerate(pages)}
            await server.until(answered, lambda found: found == wanted)
            await server.until("edged_first_audio_seconds_count", lambda found: found == wanted)
            # the site of a kiosk, joined to what it counts
            joined = f'{answered} * on (instance) group_left (site) edged_kiosk_info{{site="site 0"}}'
            assert len(await server.until(joined, lambda found: found)) == 7
            states = await server.values('edged_state{state="IDLE"} == 1')
            assert len(states) == KIOSKS
            rules = (await server.get("/api/v1/rules"))["groups"][0]["rules"]
            assert {rule["health"] for rule in rules} <= {"ok", "unknown"}

    asyncio.run(main())
