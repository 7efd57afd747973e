"""Debian's mosquitto in a process of its own, on a free port, and a client that looks on."""

import asyncio
import shutil
import socket
import subprocess
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random

import aiomqtt
import pytest

from edged.companion.mqtt.broker_socket import BrokerAddress
from edged.companion.mqtt.mqtt_part import MqttPart, MqttSettings
from edged.companion.mqtt.topics import KioskTopics
from edged.config.secret import Secret

IN_TIME_S = 60
KIOSK = "0123456789abcdef0123456789abcdef"
TOPICS = KioskTopics("edged", KIOSK, "homeassistant")
OPEN = ("allow_anonymous true",)
PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")

needed = pytest.mark.skipif(PROGRAM is None, reason="needs mosquitto: apt-get install mosquitto")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class Mosquitto:
    """`lines` are those of its configuration, besides the listener and what follows from `folder`."""

    def __init__(self, folder, *lines, kept=False):
        self.port, self._folder = free_port(), folder
        self.log, self._config = folder / "mosquitto.log", folder / "mosquitto.conf"
        keeps = (f"persistence_location {folder}/", "persistence true") if kept else ("persistence false",)
        where = (f"listener {self.port} 127.0.0.1", f"log_dest file {self.log}", "log_type all", "user root")
        self._config.write_text("\n".join([*where, *keeps, *lines, ""]))

    def start(self):
        self.process = subprocess.Popen(
            [PROGRAM, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + IN_TIME_S
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError(self.log.read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(IN_TIME_S)


@contextmanager
def mosquitto(folder, *lines, kept=False):
    broker = Mosquitto(folder, *(lines or OPEN), kept=kept)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def hashed(folder, **passwords):
    """A password file of mosquitto."""
    file = folder / "passwords"
    file.write_text("".join(f"{name}:{word}\n" for name, word in passwords.items()))
    tool = shutil.which("mosquitto_passwd", path="/usr/bin:/usr/sbin")
    subprocess.run([tool, "-U", str(file)], check=True)
    return file


class Watcher:
    """Everything that reaches a client: `latest` by topic, and all of it in `seen`."""

    def __init__(self, client):
        self._client, self.latest, self.seen = client, {}, []
        self._changed = asyncio.Condition()

    async def run(self):
        async for message in self._client.messages:
            async with self._changed:
                topic, payload = str(message.topic), bytes(message.payload)
                self.latest[topic] = payload.decode()
                self.seen.append((topic, payload.decode(), message.retain))
                self._changed.notify_all()

    async def until(self, is_so, what=""):
        """Wait until `is_so(latest)`."""
        try:
            async with asyncio.timeout(IN_TIME_S), self._changed:
                await self._changed.wait_for(lambda: is_so(self.latest))
        except TimeoutError:
            raise AssertionError(f"{what} {self.latest}") from None

    async def send(self, topic, payload, **more):
        await self._client.publish(topic, payload, qos=1, **more)

    def of(self, topic):
        return [payload for name, payload, _ in self.seen if name == topic]


@asynccontextmanager
async def watching(port, *topics, **more):
    client = aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5, timeout=IN_TIME_S, **more)
    async with client:
        watcher = Watcher(client)
        looking = asyncio.ensure_future(watcher.run())
        for topic in topics or ("#",):
            await client.subscribe(topic, qos=1)
        try:
            yield watcher
        finally:
            looking.cancel()
            await asyncio.wait([looking])


def part(kiosk, port, topics=TOPICS, *, seed=1, user="", password="", tls=None, health_s=60.0, **settings):
    address = BrokerAddress("127.0.0.1", port, f"edged-{topics.kiosk}", tls, user, Secret(password))
    asked = MqttSettings(topics, **{"name": "Kiosk 7", **settings})
    return MqttPart(kiosk, asked, address, rng=Random(seed), health_s=health_s)


@asynccontextmanager
async def running(*parts):
    """These parts run meanwhile; at the end nothing of them is left."""
    before = _left()
    lives = [asyncio.ensure_future(each.run()) for each in parts]
    try:
        yield
        for life in lives:
            assert not life.done() or life.result()
    finally:
        for life in lives:
            life.cancel()
        await asyncio.wait(lives)
    for life in lives:
        assert life.cancelled(), life.exception()
    assert _left() == before


def _left():
    """How many tasks and files the connections of this process have."""
    tasks = sum(task.get_coro().__qualname__ == "Client._misc_loop" for task in asyncio.all_tasks())
    return tasks, len(list(Path("/proc/self/fd").iterdir()))
