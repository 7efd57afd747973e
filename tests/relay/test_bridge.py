"""Closes of all kinds, refusals, waiting and back-pressure, with services and clients that misbehave."""

import asyncio
import json
import logging
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

from edged import wire
from edged.errors import LinkError
from edged.relay.access import AccessPolicy
from edged.relay.server import GOODBYE_S, RelayServer
from edged.relay.sockets import (
    PING_AFTER_S,
    PONG_FROM_CLIENT_S,
    PONG_FROM_SERVICE_S,
    SEND_S,
    WebsocketUpstreamDial,
)
from edged.wire import Dialect
from instruments.lab.net import SimNet
from tests.relay.service import KEY, SESSION, Resolver, Service, joined, relay_to, serving, until, upstream_at

GA, BETA = Dialect.GA, Dialect.BETA
UPDATE = '{"type":"session.update","session":{"turn_detection":null}}'
IN_GA = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}


class Says(Service):
    """Runs `what(service, socket)` after it receives a message."""

    def __init__(self, what, dialect=GA, **options):
        super().__init__(dialect, **options)
        self.what = what

    async def on(self, socket, message):
        await self.what(self, socket)


def relayed(lab_run, service, body, *, net=None, **options):
    """Run `body(relay, service)`, then check that nothing of the relay is left."""

    async def main():
        async with serving(service):
            async with relay_to(service.url, **options) as relay:
                await body(relay, service)
            await until(lambda: not relay.usage._present)
        await asyncio.sleep(30)
        assert len(asyncio.all_tasks()) == 1

    lab_run(main(), net=net or SimNet(latency_ms=10))


async def ending(socket, *, slowly_s=0):
    """All messages, and the close."""
    got = []
    try:
        while True:
            got.append(await socket.recv())
            await asyncio.sleep(slowly_s)
    except ConnectionClosed as closed:
        return got, (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else None


# -- closes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"),
    [(1000, ""), (1001, "Your session hit the maximum duration of 60 minutes."), (4000, "a.b"), (1013, "")],
)
def test_what_the_service_closes_with_reaches_the_client_after_what_it_said(lab_run, code, reason):
    async def close(service, socket):
        for n in range(40):
            await socket.send(wire.encode(wire.SpeechStarted(n, "item"), GA, f"event_{n}"))
        await socket.close(code, reason)

    async def body(relay, service):
        async with joined(relay) as socket:
            await socket.send("{}")
            got, end = await ending(socket)
            assert end == (code, reason)
            assert len(got) == 41

    relayed(lab_run, Says(close), body)


async def talk_on(socket, message):
    """Send until the connection is closed."""
    with suppress(ConnectionClosed):
        while True:
            await socket.send(message)
            await asyncio.sleep(0.005)


def test_the_last_words_arrive_though_the_client_keeps_talking(lab_run):
    async def close(service, socket):
        if len(service.got) == 5:
            await socket.send(wire.encode(wire.ErrorEvent(wire.ServerError("over")), GA, "event_e"))
            await socket.close(4000, "invalid_request_error.beta_api_shape_disabled")

    async def body(relay, service):
        async with joined(relay) as socket:
            talking = asyncio.ensure_future(talk_on(socket, wire.append(bytes(960))))
            got, end = await ending(socket)
            await talking
            assert isinstance(wire.parse_server(got[-1]), wire.ErrorEvent)
            assert end[0] == 4000

    relayed(lab_run, Says(close), body)


def test_the_last_words_arrive_at_a_slow_client_that_keeps_talking(lab_run):
    """A send to the service finds it closed while its last messages are still on their way to the client."""
    sounds = [wire.encode(wire.AudioDelta("r", wire.Part("i", 0), 0, bytes(n)), GA, "e") for n in (30_000, 1)]
    said = [sounds[0]] * 20 + [sounds[1]] * 8

    async def close(service, socket):
        for text in said:
            await socket.send(text)
        await socket.close(4000, "over")

    async def body(relay, service):
        async with joined(relay, max_queue=1) as socket:
            talking = asyncio.ensure_future(talk_on(socket, "{}"))
            got, end = await ending(socket, slowly_s=0.3)
            await talking
            assert got[1:] == said
            assert end == (4000, "over")

    relayed(lab_run, Says(close), body)


def test_a_close_without_a_code_is_a_plain_goodbye(lab_run):
    async def close(service, socket):
        socket.protocol.send_close()
        async with socket.send_context():
            pass

    async def body(relay, service):
        async with joined(relay) as socket:
            await socket.send("{}")
            assert (await ending(socket))[1] == (1000, "")

    relayed(lab_run, Says(close), body)


def test_a_service_that_breaks_off_is_told_as_such(lab_run):
    async def abort(service, socket):
        socket.transport.abort()

    async def body(relay, service):
        async with joined(relay) as socket:
            await socket.send("{}")
            assert (await ending(socket))[1] == (1011, "upstream connection lost")

    relayed(lab_run, Says(abort), body)


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "tab closed"), (4321, "mine")])
def test_what_the_client_closes_with_reaches_the_service_after_what_it_said(lab_run, code, reason):
    async def body(relay, service):
        async with joined(relay) as socket:
            for _ in range(20):
                await socket.send(wire.append(b"ab"))
            await socket.close(code, reason)
        await until(lambda: service.closes)
        assert service.closes == [(code, reason)]
        assert len(service.got) == 20

    relayed(lab_run, Service(), body)


def test_a_client_that_vanishes_frees_the_service(lab_run):
    async def body(relay, service):
        async with joined(relay) as socket:
            await socket.recv()
            socket.transport.abort()
        await until(lambda: service.closes)
        assert service.closes == [(1011, "client connection lost")]
        assert len(relay.usage._present) == 0

    relayed(lab_run, Service(), body)


def test_a_client_gone_silent_is_noticed(lab_run):
    net = SimNet(latency_ms=10)

    async def body(relay, service):
        async with joined(relay) as socket:
            await socket.recv()
            socket.transport.pause_reading()
            await until(lambda: service.closes, most_s=40)
            assert asyncio.get_running_loop().time() <= PING_AFTER_S + PONG_FROM_CLIENT_S + 1
            socket.transport.abort()

    relayed(lab_run, Service(), body, net=net)


def test_a_service_gone_silent_is_noticed(lab_run):
    async def body(relay, service):
        async with joined(relay) as socket:
            await socket.recv()
            service.sockets[0].transport.pause_reading()
            assert (await ending(socket))[1] == (1011, "upstream connection lost")
            assert asyncio.get_running_loop().time() <= PING_AFTER_S + PONG_FROM_SERVICE_S + 1
            service.sockets[0].transport.abort()

    relayed(lab_run, Service(), body)


def test_two_that_have_nothing_to_say_are_left_in_peace(lab_run):
    async def body(relay, service):
        async with joined(relay) as socket:
            await socket.recv()
            await asyncio.sleep(3600)
            await socket.send("{}")
            await until(lambda: service.got)

    relayed(lab_run, Service(), body)


def test_a_client_that_reads_slowly_costs_neither_connection(lab_run):
    """Messages that it has not read hold up the service's pongs too."""
    text = wire.encode(wire.AudioDelta("resp_1", wire.Part("item", 0), 0, bytes(30_000)), GA, "e")

    async def flood(service, socket):
        for _ in range(60):
            await socket.send(text)

    async def body(relay, service):
        async with joined(relay, max_queue=1) as socket:
            await socket.recv()
            await socket.send("{}")
            for _ in range(60):
                await asyncio.sleep(1)
                assert await socket.recv() == text

    relayed(lab_run, Says(flood), body)


# -- services that refuse --------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize(
    ("status", "code", "close"),
    [
        (401, "invalid_api_key", (3000, "invalid_request_error.invalid_api_key")),
        (403, "invalid_api_key", (3000, "invalid_request_error.invalid_api_key")),
        (404, "upstream_unreachable", (1011, "127.0.0.1 refused the handshake with HTTP 404")),
        (429, "rate_limit_exceeded", (1013, "127.0.0.1 refused the handshake with HTTP 429")),
        (503, "rate_limit_exceeded", (1013, "127.0.0.1 refused the handshake with HTTP 503")),
        (302, "upstream_unreachable", (1011, "127.0.0.1 refused the handshake with HTTP 302")),
    ],
)
def test_a_refused_handshake_is_an_error_and_a_close(lab_run, dialect, status, code, close):
    asked = []

    def refuse(connection, request):
        asked.append(request)
        response = connection.respond(status, f"Incorrect API key provided: {KEY}")
        response.headers["Location"] = "ws://elsewhere.example/"
        return response

    service = Service()

    async def main():
        async with (
            serving(service, process_request=refuse),
            relay_to(service.url) as relay,
            joined(relay, dialect) as socket,
        ):
            got, end = await ending(socket)
            (event,) = map(wire.parse_server, got)
            assert event.error.code == code
            assert str(status) in event.error.message
            assert end == close
            assert KEY not in "".join(got)
        assert len(asked) == 1

    lab_run(main(), net=SimNet(latency_ms=10))


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (
            '{"error": {"message": "Country, region, or territory not supported"}}',
            "upstream_unreachable",
            "Country, region, or territory not supported",
        ),
        ('{"detail": "Forbidden"}', "upstream_unreachable", "Forbidden"),
        ('{"detail": "Invalid API key"}', "invalid_api_key", "Invalid API key"),
        ('{"detail": "Too many sessions"}', "rate_limit_exceeded", "Too many sessions"),
        (f'{{"detail": "No access with Bearer {KEY}"}}', "invalid_api_key", ""),
        (f'{{"detail": "Closed to {KEY}"}}', "upstream_unreachable", ""),
        ("<title>Just a moment...</title>", "upstream_unreachable", "Just a moment"),
    ],
)
def test_a_client_is_told_why_a_service_refuses(lab_run, body, code, said):
    service = Service()

    async def main():
        async with (
            serving(service, process_request=lambda connection, request: connection.respond(403, body)),
            relay_to(service.url) as relay,
            joined(relay) as socket,
        ):
            got, _ = await ending(socket)
            (event,) = map(wire.parse_server, got)
            assert event.error.code == code
            assert said in event.error.message
            assert KEY not in got[0]

    lab_run(main(), net=SimNet(latency_ms=10))


def test_nobody_there_is_said_too(lab_run):
    async def main():
        async with relay_to("ws://127.0.0.1:9/") as relay, joined(relay) as socket:
            got, end = await ending(socket)
            assert "cannot be reached" in wire.parse_server(got[0]).error.message
            assert end == (1011, "127.0.0.1 cannot be reached")

    lab_run(main(), net=SimNet(latency_ms=10))


def test_a_relay_that_has_no_key_just_now_says_so_and_not_why(lab_run, caplog):
    def nowhere(model):
        raise LinkError("/secret/place: no key in it", "key_refused")

    async def main():
        relay = RelayServer(upstream=nowhere, dial=WebsocketUpstreamDial(Resolver()), policy=AccessPolicy())
        async with relay, joined(relay) as socket:
            got, end = await ending(socket)
            assert "at the moment" in wire.parse_server(got[0]).error.message
            assert "secret" not in got[0]
            assert end == (1011, "the relay cannot reach its service at the moment")

    lab_run(main(), net=SimNet(latency_ms=10))
    assert "no key in it" in caplog.text


def test_a_service_that_never_answers_does_not_hang_the_client(lab_run):
    service = Service()

    async def never(connection, request):
        await asyncio.sleep(3600)

    async def main():
        async with serving(service, process_request=never, open_timeout=60):
            async with relay_to(service.url) as relay, joined(relay) as socket:
                got, end = await ending(socket)
                assert "did not answer" in wire.parse_server(got[0]).error.message
                assert end[0] == 1011
                assert 10 <= asyncio.get_running_loop().time() < 11
            await asyncio.sleep(60)

    lab_run(main(), net=SimNet(latency_ms=10))


def test_a_client_that_does_not_wait_for_the_service_is_let_go_at_once(lab_run, caplog):
    caplog.set_level(logging.INFO)
    service = Service()

    async def slow(connection, request):
        await asyncio.sleep(5)

    async def main():
        async with serving(service, process_request=slow):
            async with relay_to(service.url) as relay:
                async with joined(relay) as socket:
                    await socket.send("{}")
                    await socket.close(4321, "tired")
                await until(lambda: not relay.usage._present)
                assert asyncio.get_running_loop().time() < 1
            await asyncio.sleep(60)
            assert service.got == []

    lab_run(main(), net=SimNet(latency_ms=10))
    assert "ended by the client: 4321 'tired'" in caplog.text


# -- the dialect of the service ----------------------------------------------------------------------------


def test_the_first_words_of_the_service_decide(lab_run):
    async def body(relay, service):
        async with joined(relay, BETA) as socket:
            await socket.send(UPDATE)
            await until(lambda: service.got)
            assert service.messages[0]["session"] == IN_GA

    relayed(lab_run, Service(GA), body, presumed=BETA)


def test_it_waits_for_them_three_seconds_and_then_goes_by_what_is_presumed(lab_run):
    async def body(relay, service):
        async with joined(relay, BETA) as socket:
            for _ in range(100):
                await socket.send(UPDATE)
            await asyncio.sleep(2.9)
            assert service.got == []
            await until(lambda: len(service.got) == 100)
            assert asyncio.get_running_loop().time() < 3.5
            assert all(message["session"] == IN_GA for message in service.messages)

    relayed(lab_run, Service(GA, greet=False), body, presumed=GA)


def test_first_words_that_come_late_still_decide(lab_run):
    async def body(relay, service):
        async with joined(relay, BETA) as socket:
            await socket.send(UPDATE)
            await until(lambda: service.got)
            await service.tell(wire.SessionCreated(SESSION[GA]))
            await socket.recv()
            await socket.send(UPDATE)
            await until(lambda: len(service.got) == 2)
            assert [each["session"] for each in service.messages] == [{"turn_detection": None}, IN_GA]

    relayed(lab_run, Service(GA, greet=False), body, presumed=BETA)


def test_where_the_dialect_is_set_nothing_is_waited_for(lab_run):
    async def body(relay, service):
        async with joined(relay, BETA) as socket:
            await socket.send(UPDATE)
            await until(lambda: service.got)
            assert asyncio.get_running_loop().time() < 1
            assert service.messages[0]["session"] == IN_GA

    relayed(lab_run, Service(GA, greet=False), body, dialect=GA, presumed=BETA)


def test_where_the_dialect_is_set_the_service_is_not_asked(lab_run):
    async def body(relay, service):
        async with joined(relay, BETA) as socket:
            await socket.recv()
            await socket.send(UPDATE)
            await until(lambda: service.got)
            assert service.messages[0]["session"] == IN_GA

    relayed(lab_run, Service(BETA), body, dialect=GA, presumed=BETA)


@pytest.mark.parametrize("presumed", list(Dialect))
def test_first_words_that_tell_nothing_leave_it_at_what_is_presumed(lab_run, presumed):
    async def body(relay, service):
        async with joined(relay, BETA) as socket:
            await socket.send(UPDATE)
            await until(lambda: service.sockets)
            await service.tell(wire.SessionCreated({"id": "sess"}))
            await until(lambda: service.got)
            assert asyncio.get_running_loop().time() < 1
            assert (service.messages[0]["session"] == IN_GA) == (presumed is GA)

    relayed(lab_run, Service(GA, greet=False), body, presumed=presumed)


def test_what_went_through_is_counted_in_bytes_and_responses(lab_run):
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    said = [
        wire.encode(wire.ResponseDone("r", "failed", usage=usage), GA, "event_r"),
        '{"type":"response.done","response":"none"}',
        '{"type":"x","text":"▒"}',
    ]

    async def answer(service, socket):
        for text in said:
            await socket.send(text)

    async def body(relay, service):
        async with joined(relay) as socket:
            await socket.send('{"▒":1}')
            assert [await socket.recv() for _ in said] == said
            total = relay.usage.total()
            assert (total.up_bytes, total.down_bytes) == (9, sum(len(text.encode()) for text in said))
            assert total.by_status == {"failed": 1, "completed": 1}
            assert (total.input_tokens, total.output_tokens, total.total_tokens) == (1, 2, 3)

    relayed(lab_run, Says(answer, greet=False), body, dialect=GA)


def test_bytes_and_nonsense_pass_as_they_are(lab_run):
    async def echo(service, socket):
        await socket.send(service.got[-1])

    async def body(relay, service):
        async with joined(relay, BETA) as socket:
            await socket.recv()
            for odd in (b"\x00\xff", "{", '{"type":"session.update"', "▒"):
                await socket.send(odd)
                assert await socket.recv() == odd

    relayed(lab_run, Says(echo), body)


# -- sides that do not read --------------------------------------------------------------------------------


def test_a_client_that_does_not_read_is_closed_and_the_others_do_not_notice(lab_run):
    async def flood(service, socket):
        text = wire.encode(wire.AudioDelta("resp_1", wire.Part("item", 0), 0, bytes(30_000)), GA, "e")
        if service.got[-1] == "flood":
            for _ in range(200):
                await socket.send(text)
        else:
            await socket.send(text)

    async def body(relay, service):
        loop = asyncio.get_running_loop()
        async with joined(relay) as deaf, joined(relay) as other:
            await deaf.recv()
            await other.recv()
            deaf.transport.pause_reading()
            started = loop.time()
            await deaf.send("flood")
            while len(relay.usage._present) == 2:
                before = loop.time()
                await other.send("one")
                await other.recv()
                assert loop.time() - before < 0.2
                await asyncio.sleep(0.1)
            assert loop.time() - started < SEND_S + 4
            await until(lambda: service.closes)
            assert service.closes == [(1011, "client does not read")]
            deaf.transport.abort()

    relayed(lab_run, Says(flood), body)


def test_a_service_that_does_not_read_is_told_to_the_client(lab_run):
    async def deaf(service, socket):
        socket.transport.pause_reading()
        await asyncio.sleep(3600)

    async def body(relay, service):
        async with joined(relay, open_timeout=None) as socket:
            talking = asyncio.ensure_future(talk_on(socket, wire.append(bytes(30_000))))
            _, end = await ending(socket)
            await talking
            assert end == (1011, "upstream does not read")
            service.sockets[0].transport.abort()

    service = Says(deaf)

    async def main():
        async with serving(service), relay_to(service.url) as relay:
            await body(relay, service)

    lab_run(main(), net=SimNet(latency_ms=10))


# -- the relay's own end, its key, its model ---------------------------------------------------------------


def test_when_the_relay_stops_everyone_is_told_within_a_second(lab_run):
    service = Service()

    async def main():
        loop = asyncio.get_running_loop()
        async with serving(service):
            async with relay_to(service.url) as relay:
                first, second, deaf = [await joined(relay) for _ in range(3)]
                port = int(relay.url.strip("/").rpartition(":")[2])
                silent, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", port)
                for socket in (first, second, deaf):
                    await socket.recv()
                deaf.transport.pause_reading()
                stopped = loop.time()
            assert loop.time() - stopped <= GOODBYE_S + 0.1
            for socket in (first, second):
                assert (await ending(socket))[1] == (1001, "the relay is stopping")
            await until(lambda: len(service.closes) == 3)
            assert {code for code, _ in service.closes} == {1001}
            deaf.transport.abort()
            silent.abort()

    lab_run(main(), net=SimNet(latency_ms=10))


def test_it_stops_while_it_is_still_connecting(lab_run):
    service = Service()

    async def never(connection, request):
        await asyncio.sleep(30)

    async def main():
        async with serving(service, process_request=never, open_timeout=60):
            async with relay_to(service.url) as relay:
                socket = await joined(relay)
                await asyncio.sleep(1)
            assert (await ending(socket))[1] == (1001, "the relay is stopping")
            assert asyncio.get_running_loop().time() < 2.5
            await asyncio.sleep(60)

    lab_run(main(), net=SimNet(latency_ms=10))


def test_the_clients_key_stays_here_and_the_relays_key_goes_only_up(lab_run, caplog):
    caplog.set_level(logging.DEBUG)

    async def body(relay, service):
        headers = {"Authorization": "Bearer sk-of-the-client"}
        protocols = ["realtime", "openai-insecure-api-key.sk-of-the-client", "openai-beta.realtime-v1"]
        async with joined(relay, GA, headers=headers, subprotocols=protocols) as socket:
            assert socket.subprotocol == "realtime"
            text = await socket.recv()
            assert json.loads(text)["session"] == {"voice": "marin"}  # the subprotocol made it beta
            assert KEY not in text + str(socket.response.headers)
        (request,) = service.requests
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert "sk-of-the-client" not in str(request.headers) + request.path
        assert "Sec-WebSocket-Protocol" not in request.headers
        assert "Sec-WebSocket-Extensions" not in request.headers

    relayed(lab_run, Service(), body)
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("edged"))
    assert "sk-" not in said
    assert "client 1: 192.168.1.10" in said
    assert "0 responses billed" in said


@pytest.mark.parametrize(
    ("client_model", "query"), [(False, ""), (True, "model=openai/gpt")], ids=["ignored", "wanted"]
)
def test_a_clients_model_counts_only_where_that_was_allowed(lab_run, client_model, query):
    async def body(relay, service):
        async with joined(relay, path="?model=openai%2Fgpt&token=x") as socket:
            await socket.recv()
        assert service.requests[0].path.partition("?")[2] == query

    relayed(lab_run, Service(), body, client_model=client_model)


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({"Origin": "https://evil.example"}, "", 403),
        ({"Origin": "null"}, "", 403),
        ({"Host": "evil.example"}, "", 403),
        ({}, "nothing/here", 404),
    ],
)
def test_who_may_not_come_in_is_told_why_and_costs_nothing(lab_run, caplog, headers, path, status):
    async def body(relay, service):
        with pytest.raises(Exception, match=str(status)) as refused:
            await joined(relay, path=path, headers=headers)
        response = refused.value.response
        assert isinstance(response, Response)
        assert len(response.body) > 20
        assert service.requests == []
        assert relay.usage.clients == 0

    relayed(lab_run, Service(), body)
    assert f"HTTP {status}" in caplog.text


def test_an_origin_can_not_write_a_line_of_the_log(lab_run, caplog):
    async def body(relay, service):
        with pytest.raises(Exception, match="403"):
            await joined(relay, headers={"Origin": "https://evil.example\t\x9b31m" + "x" * 500})

    relayed(lab_run, Service(), body)
    (line,) = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert line.isprintable()
    assert len(line) < 600


def test_a_service_by_name_is_looked_up_and_its_addresses_tried_in_turn(lab_run):
    service = Service()

    async def main():
        async with serving(service):
            url = service.url.replace("127.0.0.1", "voice.example")
            relay = RelayServer(
                upstream=lambda model: upstream_at(url),
                dial=WebsocketUpstreamDial(Resolver("203.0.113.9", "127.0.0.1")),
                policy=AccessPolicy(),
            )
            async with relay, joined(relay) as socket:
                await socket.recv()
            assert service.requests[0].headers["Host"].startswith("voice.example:")

    lab_run(main(), net=SimNet(latency_ms=10))


@pytest.mark.parametrize("service_dialect", [GA, BETA])
def test_the_model_is_the_relay_s_whatever_a_client_repeats(lab_run, service_dialect):
    service = Service(service_dialect)

    async def body(relay, service):
        async with joined(relay) as socket:
            await socket.send(
                '{"type":"session.update","session":{"type":"realtime","model":"other","tools":[]}}'
            )
            await socket.send('{"type":"session.update","session":"odd"}')
            await until(lambda: len(service.got) == 2)
        first, second = service.messages
        assert "model" not in first["session"]
        assert first["session"]["tools"] == []
        assert second["session"] == "odd"

    relayed(lab_run, service, body)


# -- services with a shape of their own --------------------------------------------------------------------


@pytest.mark.parametrize("client", list(Dialect))
def test_what_the_service_does_not_have_is_answered_and_the_rest_goes_on(lab_run, client):
    service = Service(BETA)

    async def body(relay, service):
        async with joined(relay, client) as socket:
            await socket.recv()
            await socket.send(wire.item_truncate("e", wire.Part("item", 0), 50))
            answer = json.loads(await socket.recv())
            assert (answer["type"], answer["item_id"]) == ("conversation.item.truncated", "item")
            await socket.send(wire.commit("c"))
            await until(lambda: service.got)
            assert [each["type"] for each in service.messages] == ["input_audio_buffer.commit"]

    relayed(lab_run, service, body, presumed=BETA, provider="qwen")


def test_the_end_of_a_client_that_is_being_answered_is_the_client_s(lab_run):
    service = Service(BETA)

    async def body(relay, service):
        async with joined(relay, BETA) as socket:
            await socket.recv()
            for _ in range(9):  # its answers fit in the queue of a client that does not read
                await socket.send(wire.item_truncate("e", wire.Part("item", 0), 50))
            await socket.close(1000)
        await until(lambda: service.closes)
        assert service.closes == [(1000, "")]

    relayed(lab_run, service, body, presumed=BETA, provider="qwen")


@pytest.mark.parametrize(
    ("named", "used", "warned"),
    [("grok-9", "grok-2", True), ("grok-2", "grok-2", False), ("grok-voice-latest", "grok-2", False)],
)
def test_a_model_that_the_service_replaces_is_in_the_log(lab_run, caplog, named, used, warned):
    service = Service(GA, greet=False)

    async def body(relay, service):
        async with joined(relay, GA) as socket:
            await until(lambda: service.sockets)
            greeting = {"modalities": ["audio"], "voice": "xai_ara", "model": used}
            await service.tell(wire.SessionCreated(greeting))
            session = json.loads(await socket.recv())["session"]
            assert (session["type"], session["model"]) == ("realtime", used)
            assert session["audio"]["output"]["voice"] == "ara"

    relayed(lab_run, service, body, provider="xai", named=named)
    assert ("not grok-9" in caplog.text) is warned
