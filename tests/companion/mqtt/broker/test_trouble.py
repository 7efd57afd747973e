"""Brokers, companions and kiosks that end, refuse or say nothing."""

import asyncio
import contextlib
import json
import re
import signal
import socket
import ssl
import subprocess
from pathlib import Path
from random import Random

import pytest

from edged.companion.follower import FollowedKiosk
from edged.system.machine_id import kiosk_id
from edged.tls import client_context, show
from tests.cli.daemon import EDGED, ENV, Daemon
from tests.companion.mqtt.broker.mosquitto import (
    IN_TIME_S,
    KIOSK,
    TOPICS,
    hashed,
    mosquitto,
    needed,
    part,
    running,
    watching,
)
from tests.companion.mqtt.scripted_kiosk import ScriptedKiosk
from tests.dial.authority import Authority

pytestmark = [pytest.mark.broker, needed]


def is_online(latest, topics=TOPICS):
    return latest.get(topics.availability) == "online"


async def logged(caplog, words):
    async with asyncio.timeout(IN_TIME_S):
        while words not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def causes(caplog):
    return [record.edged["cause"] for record in caplog.records if getattr(record, "edged", None)]


def test_a_kiosk_that_is_killed_is_offline_and_so_is_a_companion_that_is_killed(tmp_path):
    """The whole way: a real daemon, a real companion process, a real broker."""
    id_ = kiosk_id()
    if not id_:
        pytest.skip("this machine has no machine-id")
    topics = type(TOPICS)("edged", id_, "homeassistant")

    async def main():
        with mosquitto(tmp_path) as broker:
            mqtt = {"broker": f"mqtt://127.0.0.1:{broker.port}", "commands": True}
            daemon = Daemon(tmp_path, companion={"mqtt": mqtt})
            await asyncio.to_thread(daemon.start)
            words = [*EDGED, "companion", "--config", str(daemon.config)]
            companion = subprocess.Popen(words, stderr=subprocess.PIPE, env=ENV)  # noqa: ASYNC220 it returns at once
            try:
                async with watching(broker.port) as home:
                    await home.until(lambda latest: is_online(latest, topics))
                    await home.send(topics.command("volume"), '{"id": "a", "volume": 35}')
                    await home.until(lambda latest: topics.result in latest)
                    answer = json.loads(home.latest[topics.result])
                    assert (answer["id"], answer["ok"], answer["volume"]) == ("a", True, 35)
                    await home.until(lambda latest: json.loads(latest[topics.state])["volume"] == 35)
                    daemon.process.kill()
                    await home.until(lambda latest: latest[topics.availability] == "offline")
                    await home.until(
                        lambda latest: json.loads(latest[topics.state])["state"] == "unavailable"
                    )
                    daemon.process.wait()
                    await asyncio.to_thread(daemon.start)
                    await home.until(lambda latest: is_online(latest, topics))
                    companion.send_signal(signal.SIGKILL)
                    await home.until(lambda latest: latest[topics.availability] == "offline")
                async with watching(broker.port) as late:  # the will is kept
                    await late.until(lambda latest: latest.get(topics.availability) == "offline")
                assert daemon.process.poll() is None
            finally:
                companion.kill()
                companion.communicate()
                await asyncio.to_thread(daemon.stop)

    asyncio.run(main())


def test_a_companion_that_is_stopped_ends_soon_with_a_broker_and_without(tmp_path):
    async def main():
        for there in (True, False):
            with mosquitto(tmp_path) as broker:
                daemon = Daemon(tmp_path, companion={"mqtt": {"broker": f"mqtt://127.0.0.1:{broker.port}"}})
                words = [*EDGED, "companion", "--config", str(daemon.config)]
                if not there:
                    broker.stop()
                companion = subprocess.Popen(words, stderr=subprocess.PIPE, env=ENV, text=True)  # noqa: ASYNC220
                said = []
                while not any("mqtt: connected" in line or "mqtt: cannot" in line for line in said):
                    said.append(await asyncio.to_thread(companion.stderr.readline))
                    assert said[-1], said
                companion.terminate()
                rest = await asyncio.to_thread(companion.communicate, None, IN_TIME_S)
                assert companion.returncode == 0, rest
                assert ("mqtt: connected" in "".join(said)) == there
                assert "Traceback" not in rest[1]

    asyncio.run(main())


def test_after_a_restart_of_the_broker_all_is_there_again_and_no_command_is_carried_out_twice(tmp_path):
    async def main():
        kiosk = ScriptedKiosk()
        with mosquitto(tmp_path) as broker:
            async with running(part(kiosk, broker.port, commands=True)):
                async with watching(broker.port) as home:
                    await home.until(is_online)
                    command = TOPICS.command("volume")
                    await home.send(command, '{"id": "one", "volume": 20}')
                    await home.until(lambda latest: TOPICS.result in latest)
                broker.stop()
                kiosk.turn(5)  # while there is no broker
                broker.start()  # it has forgotten everything
                async with watching(broker.port) as home:
                    await home.until(is_online)
                    await home.until(lambda latest: TOPICS.turn in latest)
                    kept = {TOPICS.state, TOPICS.usage, TOPICS.health, TOPICS.device, TOPICS.announced}
                    await home.until(lambda latest: kept <= latest.keys())
                    assert json.loads(home.latest[TOPICS.turn])["turn"] == 5
                    await home.send(command, '{"id": "one", "volume": 20}')  # its sender is not sure
                    await home.send(command, '{"id": "two", "volume": 30}')
                    await home.until(lambda latest: TOPICS.result in latest)
                    assert json.loads(home.latest[TOPICS.result])["id"] == "two"
        assert kiosk.asked == [("volume", {"volume": 20}), ("volume", {"volume": 30})]

    asyncio.run(main())


def test_a_command_that_is_kept_is_never_carried_out(tmp_path):
    async def main():
        kiosk = ScriptedKiosk()
        with mosquitto(tmp_path) as broker:
            async with watching(broker.port) as home:
                await home.send(TOPICS.command("stop"), "", retain=False)
                await home.send(TOPICS.command("volume"), "10", retain=True)
                async with running(part(kiosk, broker.port, commands=True)):
                    await home.until(is_online)
                    await home.send(TOPICS.command("volume"), "11", retain=True)
                    await home.until(lambda latest: TOPICS.result in latest)
                    answer = json.loads(home.latest[TOPICS.result])
                    assert not answer["ok"]
                    assert "retained" in answer["error"]
                    await home.send(TOPICS.command("volume"), "12")
                    await home.until(lambda latest: json.loads(latest[TOPICS.result])["ok"])
        assert kiosk.asked == [("volume", {"volume": 12})]

    asyncio.run(main())


def test_without_permission_nothing_is_carried_out(tmp_path):
    async def main():
        kiosk = ScriptedKiosk()
        with mosquitto(tmp_path) as broker:
            async with watching(broker.port) as home, running(part(kiosk, broker.port)):
                await home.until(is_online)
                await home.send(TOPICS.command("volume"), "10")
                kiosk.turn(7)
                await home.until(lambda latest: TOPICS.turn in latest)
                assert TOPICS.result not in home.latest
        assert kiosk.asked == []

    asyncio.run(main())


def test_a_flood_of_commands_is_answered_once_and_changes_nothing_else(tmp_path):
    async def main():
        kiosk = ScriptedKiosk()
        with mosquitto(tmp_path, "allow_anonymous true", "max_queued_messages 0") as broker:
            async with watching(broker.port) as home, running(part(kiosk, broker.port, commands=True)):
                await home.until(is_online)
                for number in range(500):
                    await home.send(TOPICS.command("volume"), f'{{"id": {number}, "volume": 40}}')
                await home.until(lambda _: len(kiosk.asked) >= 10)
                kiosk.turn(8)
                await home.until(lambda latest: TOPICS.turn in latest)
                refused = [each for each in map(json.loads, home.of(TOPICS.result)) if not each["ok"]]
        assert len(kiosk.asked) < 100
        assert 1 <= len(refused) < 100
        assert "too many commands" in refused[0]["error"]

    asyncio.run(main())


def test_a_wrong_password_is_reported_as_a_refusal(tmp_path, caplog):
    async def main():
        passwords = hashed(tmp_path, **{KIOSK: "right"})
        with mosquitto(tmp_path, "allow_anonymous false", f"password_file {passwords}") as broker:
            wrong = part(ScriptedKiosk(), broker.port, user=KIOSK, password="wrong-password")
            async with running(wrong):
                await logged(caplog, "Not authorized")
            async with running(part(ScriptedKiosk(), broker.port, user=KIOSK, password="right")):
                await logged(caplog, "connected to")

    caplog.set_level("INFO")
    asyncio.run(main())
    assert causes(caplog) == ["broker_refused"]
    assert "wrong-password" not in caplog.text


def test_what_the_list_of_rights_denies_is_reported_once_and_the_rest_goes_on(tmp_path, caplog):
    async def main():
        passwords = hashed(tmp_path, **{KIOSK: "right", "home": "home"})
        acl = tmp_path / "acl"
        acl.write_text(
            "user home\ntopic readwrite #\n"
            "pattern readwrite edged/%u/#\npattern deny edged/%u/event/turn\npattern read homeassistant/status\n"
        )
        lines = ("allow_anonymous false", f"password_file {passwords}", f"acl_file {acl}")
        with mosquitto(tmp_path, *lines) as broker:
            async with watching(broker.port, username="home", password="home") as home:
                kiosk = ScriptedKiosk()
                async with running(part(kiosk, broker.port, user=KIOSK, password="right")):
                    await home.until(is_online)
                    for number in (5, 6, 7):
                        kiosk.turn(number)
                        await home.until(lambda latest, n=number: f'"turn":{n},' in latest[TOPICS.state])
                    assert TOPICS.turn not in home.latest
                    assert TOPICS.device not in home.latest
                stranger = part(kiosk, broker.port, user="home", password="home")
                async with running(stranger):
                    await home.until(is_online)

    asyncio.run(main())
    refused = [record.getMessage() for record in caplog.records if "refuses" in record.getMessage()]
    assert [TOPICS.device in refused[0], TOPICS.turn in refused[1]] == [True, True]
    assert len(refused) == 2
    assert causes(caplog) == ["broker_refused"] * 2


def test_over_tls_with_an_authority_and_a_certificate_of_ones_own(tmp_path, caplog):
    authority = Authority(tmp_path)
    mine, its = authority.issue("DNS:kiosk"), authority.issue("IP:127.0.0.1")
    stranger = authority.issue("DNS:other.example")

    def tls(*, trusting=authority.file, showing=None):
        context = client_context(str(trusting) if trusting else "")
        if showing:
            show(context, showing, showing)
        return context

    async def main():
        lines = (
            *("allow_anonymous true", f"cafile {authority.file}", "require_certificate true"),
            *(f"certfile {its}", f"keyfile {its}"),
        )
        with mosquitto(tmp_path, *lines) as broker:
            async with running(part(ScriptedKiosk(), broker.port, tls=tls(showing=mine))):
                await logged(caplog, "connected to mqtts://")
            for context, words in (
                (tls(trusting=None, showing=mine), "certificate of the broker is not trusted"),
                (tls(), "ALERT"),
            ):
                caplog.clear()
                async with running(part(ScriptedKiosk(), broker.port, tls=context)):
                    await logged_any_case(caplog, words)
                assert causes(caplog) == ["broker_refused"]
        other = (*lines[:3], f"certfile {stranger}", f"keyfile {stranger}")
        with mosquitto(tmp_path, *other) as broker:
            caplog.clear()
            async with running(part(ScriptedKiosk(), broker.port, tls=tls(showing=mine))):
                await logged(caplog, "not trusted")

    async def logged_any_case(caplog, words):
        async with asyncio.timeout(IN_TIME_S):
            while words.lower() not in caplog.text.lower():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    caplog.set_level("INFO")
    asyncio.run(main())


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_broker_that_accepts_and_says_nothing_is_left(monkeypatch, caplog, over_tls):
    monkeypatch.setattr("edged.companion.mqtt.broker.ANSWER_S", 0.3)
    monkeypatch.setattr("edged.companion.mqtt.broker_socket.CONNECT_S", 0.3)

    async def main():
        with socket.create_server(("127.0.0.1", 0)) as silent:
            tls = ssl.create_default_context() if over_tls else None
            async with running(part(ScriptedKiosk(), silent.getsockname()[1], tls=tls)):
                await logged(caplog, "within" if over_tls else "timed out")
        # and a cancellation does not wait for it
        monkeypatch.setattr("edged.companion.mqtt.broker.ANSWER_S", 60.0)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            async with asyncio.timeout(10), running(part(ScriptedKiosk(), silent.getsockname()[1])):
                loop = asyncio.get_running_loop()
                silent.setblocking(False)
                taken, _ = await loop.sock_accept(silent)
                with contextlib.closing(taken):
                    assert await loop.sock_recv(taken, 1) == b"\x10"  # CONNECT

    asyncio.run(main())
    assert set(causes(caplog)) == {"broker_unreachable"}


def test_while_there_is_no_broker_the_kiosk_is_followed_as_before(caplog):
    async def main():
        kiosk = ScriptedKiosk()
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        without = part(kiosk, port)
        async with running(without):
            await logged(caplog, "cannot connect")
            for number in range(500):
                kiosk.turn(number)
            assert len(without._outbox) <= 110
            assert without._outbox.dropped == 400

    asyncio.run(main())
    assert len(causes(caplog)) == 1  # the same trouble is said once


def test_a_broker_that_knows_only_the_older_protocol_gets_it(caplog):
    async def serve(reader, writer):
        head = await reader.readexactly(10)  # CONNECT, its length in one byte or two, "MQTT", the version
        version = head[head.index(b"MQTT") + 4]
        writer.write(b"\x20\x02\x00\x00" if version == 4 else b"\x20\x02\x00\x01")
        versions.append(version)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            await reader.read()
        writer.close()

    versions = []

    async def main():
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with running(part(ScriptedKiosk(), port)):
                async with asyncio.timeout(IN_TIME_S):
                    while versions[-1:] != [4]:  # noqa: ASYNC110
                        await asyncio.sleep(0.02)

    asyncio.run(main())
    assert versions == [5, 4]
    assert "does not know MQTT 5" in caplog.text


def test_a_broker_that_breaks_the_protocol_spoils_no_later_connection(caplog):
    """The library does not close such a connection, and the next one gets the same descriptor."""

    async def serve(reader, writer):
        connections.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readexactly(2)  # CONNECT
            assert head[0] == 0x10
            length = head[1] if head[1] < 0x80 else head[1] - 0x80 + 0x80 * (await reader.readexactly(1))[0]
            await reader.readexactly(length)
            writer.write(
                b"\x20\x03\x00\x00\x00" + b"\x30\x06\x00\x02\xff\xfe\x00x"
            )  # a topic that is no text
            await writer.drain()
            await reader.read()
        writer.close()

    connections = []

    async def main():
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with running(part(ScriptedKiosk(), port)):
                async with asyncio.timeout(IN_TIME_S):
                    while len(connections) < 3:  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
            for each in connections:
                each.close()

    asyncio.run(main())
    assert "cannot connect" not in caplog.text


def test_a_followed_kiosk_that_is_away_is_offline_from_the_start(tmp_path):
    async def main():
        with mosquitto(tmp_path) as broker:
            kiosk = FollowedKiosk(str(tmp_path / "nowhere"), rng=Random(1))
            async with watching(broker.port) as home, running(part(kiosk, broker.port)):
                await home.until(lambda latest: latest.get(TOPICS.availability) == "offline")
                await home.until(lambda latest: json.loads(latest[TOPICS.state])["why"])

    asyncio.run(main())


def test_the_rights_on_the_page_are_enough_and_no_kiosk_reaches_another(tmp_path, caplog):
    page = (Path(__file__).parents[4] / "docs" / "mqtt.md").read_text()
    (template,) = re.findall("```text\n(# Home Assistant.*?)```", page, re.DOTALL)
    other = KIOSK[::-1]

    async def main():
        passwords = hashed(tmp_path, **{KIOSK: "right", other: "other", "homeassistant": "home"})
        (tmp_path / "acl").write_text(template)
        lines = ("allow_anonymous false", f"password_file {passwords}", f"acl_file {tmp_path}/acl")
        with mosquitto(tmp_path, *lines) as broker:
            kiosk = ScriptedKiosk()
            async with (
                watching(broker.port, username=other, password="other") as neighbour,
                watching(broker.port, username="homeassistant", password="home") as home,
                running(part(kiosk, broker.port, user=KIOSK, password="right", commands=True)),
            ):
                await home.until(is_online)
                await neighbour.send(TOPICS.command("volume"), "1")
                await home.send(TOPICS.command("volume"), "2")
                await home.until(lambda latest: TOPICS.result in latest)
                announced = len(home.of(TOPICS.device))
                await home.send("homeassistant/status", "online")
                await home.until(lambda _: len(home.of(TOPICS.device)) > announced)
                assert kiosk.asked == [("volume", {"volume": 2})]
                assert {topic for topic, _, _ in neighbour.seen} <= {"homeassistant/status"}

    asyncio.run(main())
    assert causes(caplog) == []
