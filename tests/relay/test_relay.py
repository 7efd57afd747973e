"""Whole conversations through the relay, with each pair of dialects, in virtual time with the embedded service."""

import asyncio
import json

import pytest

from edged import wire
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.relay.access import AccessPolicy
from edged.wire import Dialect, Settings
from instruments.lab.net import SimNet
from tests.relay.service import joined, relay_to, upstream_at
from tests.wire.events import NAMES

SOUND = bytes(range(250)) * 96
EACH_ON_EACH = pytest.mark.parametrize(
    ("client", "service"), [(client, service) for client in Dialect for service in Dialect]
)


class Talk:
    """A client that keeps all events."""

    def __init__(self, socket, dialect):
        self.socket, self.dialect = socket, dialect
        self.names, self.events = [], []

    async def until(self, kind):
        while True:
            text = await self.socket.recv()
            event = wire.parse_server(text)
            self.names.append(json.loads(text)["type"])
            self.events.append(event)
            if isinstance(event, kind):
                return event

    async def ask(self, sound=SOUND):
        await self.socket.send(wire.session_update(Settings(), self.dialect, "u"))
        await self.socket.send(wire.append(sound))
        await self.socket.send(wire.commit("c"))
        await self.socket.send(wire.response_create("r"))

    def all(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


def talking(lab_run, client, service, body, *, auto=True, pace=4.0):
    """Run `body(talk, server, relay)`."""

    async def main():
        async with LocalServer(voice=ParrotVoice(), pace=pace) as server:
            dialect = None if auto else service
            async with (
                relay_to(server.url, dialect, presumed=service) as relay,
                joined(relay, client) as socket,
            ):
                return await body(Talk(socket, client), server, relay)

    return lab_run(main(), net=SimNet(latency_ms=20))


@EACH_ON_EACH
@pytest.mark.parametrize("auto", [True, False])
def test_a_whole_turn(lab_run, client, service, auto):
    async def body(talk, server, relay):
        await talk.ask()
        await talk.until(wire.ResponseDone)
        assert b"".join(event.pcm for event in talk.all(wire.AudioDelta)) == SOUND
        assert len(server.bill) == len(server.audit) == 1
        (created,) = talk.all(wire.SessionCreated)
        assert wire.dialect_of(created.session) is client
        (updated,) = talk.all(wire.SessionUpdated)
        assert wire.mismatches(Settings(), updated.session, client) == []
        known = {wire.to_dialect(name, client) for name in wire.ServerName} & NAMES
        assert set(talk.names) <= known
        assert len(talk.all(wire.ItemAdded)) == 2
        assert len(talk.all(wire.ItemDone)) == (2 if client is Dialect.GA else 0)
        assert relay.usage.total().responses == 1

    talking(lab_run, client, service, body, auto=auto)


@EACH_ON_EACH
def test_an_interrupt(lab_run, client, service):
    async def body(talk, server, relay):
        await talk.ask(SOUND * 4)
        delta = await talk.until(wire.AudioDelta)
        await talk.socket.send(wire.response_cancel("x"))
        done = await talk.until(wire.ResponseDone)
        assert done.status == "cancelled"
        await talk.socket.send(wire.item_truncate("t", delta.part, 50))
        assert (await talk.until(wire.ItemTruncated)).audio_end_ms == 50
        assert relay.usage.total().by_status == {"cancelled": 1}

    talking(lab_run, client, service, body, pace=1.0)


@EACH_ON_EACH
def test_an_error_names_what_the_client_said(lab_run, client, service):
    async def body(talk, server, relay):
        bad = {"turn_detection": {"type": "server_vad", "colour": 1}}
        if client is Dialect.GA:
            bad = {"type": "realtime", "audio": {"input": bad}}
        await talk.socket.send(json.dumps({"type": "session.update", "event_id": "mine", "session": bad}))
        error = (await talk.until(wire.ErrorEvent)).error
        own = "session.turn_detection.colour"
        assert error.param == (
            own if client is Dialect.BETA else own.replace("session.", "session.audio.input.")
        )
        assert (error.code, error.event_id) == ("unknown_parameter", "mine")

    talking(lab_run, client, service, body)


@EACH_ON_EACH
def test_bad_json_is_answered_by_the_service(lab_run, client, service):
    async def body(talk, server, relay):
        await talk.socket.send("{")
        assert "JSON" in (await talk.until(wire.ErrorEvent)).error.message

    talking(lab_run, client, service, body)


def test_many_clients_at_once(lab_run):
    async def main():
        async with LocalServer(voice=ParrotVoice()) as server, relay_to(server.url) as relay:

            async def one(dialect):
                async with joined(relay, dialect) as socket:
                    talk = Talk(socket, dialect)
                    await talk.ask()
                    await talk.until(wire.ResponseDone)
                    return b"".join(event.pcm for event in talk.all(wire.AudioDelta))

            assert await asyncio.gather(*(one(dialect) for dialect in list(Dialect) * 4)) == [SOUND] * 8
            assert relay.usage.clients == len(server.bill) == 8
            assert relay.usage.total().total_tokens > 0
            await asyncio.sleep(5)
            assert len(relay.usage._present) == 0
            assert relay.usage.total().responses == 8

    lab_run(main(), net=SimNet(latency_ms=20))


@EACH_ON_EACH
def test_a_turn_over_real_sockets(client, service):
    async def main():
        async with (
            LocalServer(voice=ParrotVoice(), pace=0, think_ms=0) as server,
            relay_to(server.url, service, service) as relay,
            joined(relay, client) as socket,
        ):
            talk = Talk(socket, client)
            await talk.ask()
            await talk.until(wire.ResponseDone)
            assert b"".join(event.pcm for event in talk.all(wire.AudioDelta)) == SOUND

    asyncio.run(main())


def test_a_client_for_azure_puts_the_token_into_its_own_header(lab_run):
    token = "0123456789abcdef"

    async def main():
        async with (
            LocalServer(voice=ParrotVoice()) as server,
            relay_to(server.url, None, policy=AccessPolicy(token=token)) as relay,
            joined(relay, path="openai/v1/realtime?model=any", headers={"api-key": token}) as socket,
        ):
            return json.loads(await socket.recv())["type"]

    assert lab_run(main(), net=SimNet(latency_ms=20)) == "session.created"


def test_what_the_relay_is_given_does_not_show_its_key():
    assert "sk-" not in repr(upstream_at("ws://127.0.0.1:1/"))
