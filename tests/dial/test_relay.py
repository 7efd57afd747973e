"""The relay with services of one dialect, of both and of none, and the console's own case. In virtual time."""

import asyncio
import logging

import pytest

from edged import wire
from edged.config import Secret, load
from edged.relay.server import RelayServer
from edged.wire import Settings
from instruments.lab.net import SimNet
from tests.dial.service import BETA, GA, WAYS, Service, dials
from tests.dial.test_daemon import FIRST, KEY, settings
from tests.relay.service import Service as Scripted
from tests.relay.service import joined, relay_to, serving, until
from tests.relay.test_bridge import ending, relayed
from tests.relay.test_relay import SOUND, Talk

CODES = {GA: "missing_beta_header", BETA: "beta_api_shape_disabled"}


def relay_of(server, provider):
    """The relay as `edged relay --provider` makes it."""
    from argparse import Namespace

    from edged.cli.relay import _relay

    url = server.origin + FIRST[provider][1]
    config = load(None, env={}, sets=[f"provider.url={url}", "state.dir=", *settings(provider)]).config
    args = Namespace(
        token_file=None, host="127.0.0.1", allow_origin=[], port=0, client_model=False, most_clients=4
    )
    relay, _ = _relay(args, config, Secret(KEY))
    assert isinstance(relay, RelayServer)
    return relay


async def a_turn(relay, client):
    """A complete turn of a client, without an error."""
    async with joined(relay, client) as socket:
        talk = Talk(socket, client)
        await talk.ask()
        await talk.until(wire.ResponseDone)
        assert talk.all(wire.ErrorEvent) == []
        assert b"".join(event.pcm for event in talk.all(wire.AudioDelta)) == SOUND
        (created,) = talk.all(wire.SessionCreated)
        assert wire.dialect_of(created.session) is client


@pytest.mark.slow
@pytest.mark.parametrize("client", [GA, BETA])
@pytest.mark.parametrize("speaks", ["ga", "beta", "both"])
@pytest.mark.parametrize("provider", FIRST)
def test_a_client_hears_nothing_of_a_refusal_and_the_next_costs_one_dial(lab_run, provider, speaks, client):
    expected = dials(FIRST[provider][0], speaks)

    async def main():
        async with Service(speaks) as server, relay_of(server, provider) as relay:
            await a_turn(relay, client)
            assert server.asked == expected
            for each in (client, GA, BETA):
                server.asked.clear()
                await a_turn(relay, each)
                assert server.asked == expected[-1:]

    lab_run(main(), net=SimNet(latency_ms=10))


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize(("first", "speaks"), [(GA, "beta"), (BETA, "ga")])
def test_a_dialect_is_refused_in_many_ways(lab_run, first, speaks, by):
    async def main():
        async with Service(speaks, by) as server, relay_to(server.url, presumed=first) as relay:
            await a_turn(relay, BETA)
            await a_turn(relay, GA)
            assert server.asked == [*dials(first, speaks), dials(first, speaks)[-1]]

    lab_run(main(), net=SimNet(latency_ms=10))


@pytest.mark.parametrize("by", ["event", "close", "http"])
@pytest.mark.parametrize("first", [GA, BETA])
@pytest.mark.parametrize("client", [GA, BETA])
def test_where_both_are_refused_the_client_hears_of_it_once(lab_run, caplog, client, first, by):
    async def main():
        async with Service("none", by) as server, relay_to(server.url, presumed=first) as relay:
            async with joined(relay, client) as socket:
                got, end = await ending(socket)
            assert server.asked == dials(first, "none")
            (error,) = map(wire.parse_server, got)
            assert error.error.code == "dialect_refused"
            assert "neither dialect" in error.error.message
            assert end == (4000, "invalid_request_error.dialect_refused")

    lab_run(main(), net=SimNet(latency_ms=10))
    assert "provider.dialect" in caplog.text


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize(("set_to", "speaks"), [(GA, "beta"), (BETA, "ga")])
def test_a_dialect_that_is_configured_is_not_changed(lab_run, caplog, set_to, speaks, by):
    async def main():
        async with Service(speaks, by) as server:
            async with relay_to(server.url, set_to, presumed=set_to) as relay, joined(relay, BETA) as socket:
                await ending(socket)
            assert server.asked == [set_to]

    lab_run(main(), net=SimNet(latency_ms=10))
    assert ("provider.dialect" in caplog.text) == (by in ("event", "close"))


@pytest.mark.parametrize(("before", "then"), [("ga", "beta"), ("beta", "ga")])
def test_what_was_found_out_and_is_refused_is_forgotten(lab_run, before, then):
    async def main():
        async with Service(before) as server, relay_to(server.url) as relay:
            await a_turn(relay, BETA)
            server.door.speaks = Service(then).door.speaks
            server.asked.clear()
            await a_turn(relay, BETA)
            assert len(server.asked) == 2
            await a_turn(relay, GA)
            assert len(server.asked) == 3

    lab_run(main(), net=SimNet(latency_ms=10))


def test_what_the_client_said_at_once_is_said_to_the_second_service(lab_run):
    async def main():
        async with Service("ga") as server, relay_to(server.url, presumed=BETA) as relay:
            async with joined(relay, BETA) as socket:
                for text in (
                    wire.session_update(Settings(), BETA, "u"),
                    wire.append(SOUND),
                    wire.commit("c"),
                    wire.response_create("r"),
                ):
                    await socket.send(text)
                await Talk(socket, BETA).until(wire.ResponseDone)
            assert server.asked == [BETA, GA]
            assert len(server.audit) == 1

    lab_run(main(), net=SimNet(latency_ms=10))


@pytest.mark.parametrize("refused", [GA, BETA])
def test_an_error_without_a_code_waits_for_the_close_that_says_why(lab_run, refused):
    class Vague(Scripted):
        async def handle(self, socket):
            asked = BETA if "OpenAI-Beta" in socket.request.headers else GA
            if asked is refused:
                self.requests.append(socket.request)
                await socket.send(wire.encode(wire.ErrorEvent(wire.ServerError("no")), asked, "e"))
                await socket.close(4000, f"invalid_request_error.{CODES[asked]}")
                return
            await super().handle(socket)

    async def body(relay, service):
        async with joined(relay, BETA) as socket:
            assert isinstance(wire.parse_server(await socket.recv()), wire.SessionCreated)
        assert len(service.requests) == 2

    relayed(lab_run, Vague(BETA if refused is GA else GA), body, presumed=refused)


@pytest.mark.parametrize(
    ("error", "close"),
    [
        (
            wire.ServerError("no such model", code="model_not_found"),
            (4000, "invalid_request_error.model_not_found"),
        ),
        (wire.ServerError("no such model"), (4000, "")),
        (wire.ServerError("who are you", code="invalid_api_key"), (3000, "")),
    ],
)
def test_another_refusal_reaches_the_client_as_it_was_said(lab_run, error, close):
    class Refuses(Scripted):
        async def handle(self, socket):
            self.requests.append(socket.request)
            await socket.send(wire.encode(wire.ErrorEvent(error), GA, "e"))
            await socket.close(*close)

    async def body(relay, service):
        async with joined(relay, BETA) as socket:
            got, end = await ending(socket)
        assert [wire.parse_server(text).error.message for text in got] == [error.message]
        assert end == close
        assert len(service.requests) == 1

    relayed(lab_run, Refuses(), body)


def test_a_client_that_leaves_between_two_dials_frees_the_service(lab_run, caplog):
    caplog.set_level(logging.INFO)

    async def main():
        async with Service("ga") as server, relay_to(server.url, presumed=BETA) as relay:
            async with joined(relay, BETA) as socket:
                await until(lambda: len(server.asked) == 2)
                await socket.close(4321, "tired")
            await until(lambda: not relay.usage._present)
        await asyncio.sleep(30)

    lab_run(main(), net=SimNet(latency_ms=50))
    assert "ended by the client: 4321" in caplog.text


def test_a_refusal_after_the_time_for_evidence_helps_the_next_client(lab_run):
    class Late(Scripted):
        async def handle(self, socket):
            if "OpenAI-Beta" in socket.request.headers:
                self.requests.append(socket.request)
                await asyncio.sleep(5)
                await socket.close(4000, "invalid_request_error.beta_api_shape_disabled")
                return
            await super().handle(socket)

    async def main():
        async with serving(Late(GA)) as service, relay_to(service.url, presumed=BETA) as relay:
            async with joined(relay, BETA) as socket:
                assert (await ending(socket))[1][0] == 4000
            async with joined(relay, BETA) as socket:
                assert isinstance(wire.parse_server(await socket.recv()), wire.SessionCreated)
            assert len(service.requests) == 2

    lab_run(main(), net=SimNet(latency_ms=10))
