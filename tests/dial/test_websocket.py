"""The connection with servers that misbehave, in virtual time over the simulated network."""

import asyncio

import pytest
from websockets.asyncio.server import serve
from websockets.http11 import Response

from edged.dial.endpoint import endpoint
from edged.dial.transport import GOODBYE_S
from edged.dial.websocket import WebsocketDial
from edged.errors import LinkError
from instruments.lab.net import SimNet
from instruments.lab.ports import SimResolver

HOST = "voice.example"


def dialled(lab_run, handler, body, *, timeout_s=5.0, **options):
    """Serve `handler` at voice.example, and run `body(transport, net)` on a connection to it."""
    net = SimNet(latency_ms=10)
    net.names[HOST] = ["203.0.113.5"]

    async def main():
        async with serve(handler, "203.0.113.5", 8080, compression=None, ping_interval=None, **options):
            dial = WebsocketDial(SimResolver(net))
            to = endpoint("custom", url=f"ws://{HOST}:8080/v1/realtime", model="m")
            transport = await dial(to, timeout_s)
            try:
                return await body(transport, net)
            finally:
                await transport.close()

    return lab_run(main(), net=net)


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def say(transport, net):
    await transport.send("hello")
    return await transport.receive()


def test_what_is_sent_arrives(lab_run):
    assert dialled(lab_run, echo, say) == "hello"


def test_it_says_who_it_is_and_offers_no_compression(lab_run):
    requests = []

    async def look(socket):
        requests.append(socket.request)
        await echo(socket)

    dialled(lab_run, look, say)
    seen = requests[0].headers
    assert seen["User-Agent"].startswith("edged/")
    assert "Sec-WebSocket-Extensions" not in seen
    assert seen["Host"] == f"{HOST}:8080"


@pytest.mark.parametrize(
    ("status", "headers", "cause", "wait_s"),
    [
        (401, {}, "key_refused", None),
        (403, {}, "service_refused", None),
        (404, {}, "model_refused", None),
        (429, {"Retry-After": "7"}, "server_busy", 7.0),
        (503, {"Retry-After": "soon"}, "server_busy", None),
        (500, {}, "server_error", None),
        (200, {}, "captive_portal", None),
        (302, {"Location": "ws://elsewhere.example/"}, "captive_portal", None),
    ],
)
def test_a_handshake_that_is_refused(lab_run, status, headers, cause, wait_s):
    asked = []

    def refuse(connection, request):
        asked.append(request.path)
        response = connection.respond(status, "no")
        for name, value in headers.items():
            response.headers[name] = value
        assert isinstance(response, Response)
        return response

    with pytest.raises(LinkError) as caught:
        dialled(lab_run, echo, say, process_request=refuse)
    assert (caught.value.cause, caught.value.retry_after_s) == (cause, wait_s)
    assert asked == ["/v1/realtime?model=m"]  # once: no redirect is followed


def failing(lab_run, change, *, timeout_s=5.0, host=HOST):
    """The cause of a failed dial over a network that `change(net)` has changed, and how long it took."""
    net = SimNet(latency_ms=10)
    net.names[HOST] = ["203.0.113.5"]

    async def main():
        loop = asyncio.get_running_loop()
        await change(net)
        began = loop.time()
        to = endpoint("custom", url=f"ws://{host}:8080/")
        with pytest.raises(LinkError) as caught:
            await WebsocketDial(SimResolver(net))(to, timeout_s)
        return caught.value.cause, loop.time() - began

    return lab_run(main(), net=net)


@pytest.mark.parametrize(
    ("conditions", "cause", "most_s"),
    [
        ({}, "unreachable", 1),
        ({"no_route": True}, "offline", 1),
        ({"hole_up": True, "hole_down": True}, "handshake_timeout", 5.1),
        ({"dns_fails": True}, "dns_failed", 5),
    ],
)
def test_a_way_that_is_barred(lab_run, conditions, cause, most_s):
    async def change(net):
        net.set(**conditions)

    found, took_s = failing(lab_run, change, host=HOST if "dns_fails" in conditions else "203.0.113.5")
    assert found == cause
    assert took_s <= most_s


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28"])
def test_what_is_no_websocket_server(lab_run, answer):
    async def change(net):
        class Odd(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport = transport

            def data_received(self, data):
                if answer:
                    self.transport.write(answer)
                self.transport.close()

        await asyncio.get_running_loop().create_server(Odd, "203.0.113.5", 8080)

    cause, _ = failing(lab_run, change)
    assert cause == "unreachable"


def test_a_handshake_that_is_never_answered(lab_run):
    async def change(net):
        await asyncio.get_running_loop().create_server(asyncio.Protocol, "203.0.113.5", 8080)

    cause, took_s = failing(lab_run, change, timeout_s=3.0)
    assert cause == "handshake_timeout"
    assert took_s <= 3.1


@pytest.mark.parametrize(
    ("code", "reason", "cause"),
    [
        (1000, "", "link_closed"),
        (1001, "Your session hit the maximum duration of 60 minutes.", "session_expired"),
    ],
)
def test_a_close_that_calls_itself_normal_is_a_drop(lab_run, code, reason, cause):
    async def close(socket):
        await socket.close(code, reason)

    async def body(transport, net):
        with pytest.raises(LinkError) as caught:
            await transport.receive()
        assert caught.value.cause == cause
        assert str(code) in str(caught.value)
        with pytest.raises(LinkError):
            await transport.send("x")

    dialled(lab_run, close, body)


def test_a_dead_line_is_noticed_by_its_pings(lab_run):
    async def body(transport, net):
        loop = asyncio.get_running_loop()
        net.set(hole_up=True, hole_down=True)
        began = loop.time()
        with pytest.raises(LinkError) as caught:
            await transport.receive()
        assert caught.value.cause == "link_silent"
        assert loop.time() - began <= 8.1  # 5 s + 2.5 s, and half a second

    dialled(lab_run, echo, body)


def test_a_line_that_nobody_read_for_a_while_is_asked_at_once(lab_run):
    """A connection that was opened ahead, and waited. Its death must be noticed before it has rested once more."""

    async def body(transport, net):
        loop = asyncio.get_running_loop()
        net.set(hole_up=True, hole_down=True)
        await asyncio.sleep(60)
        began = loop.time()
        with pytest.raises(LinkError) as caught:
            await transport.receive()
        assert caught.value.cause == "link_silent"
        assert loop.time() - began <= 2.6

    dialled(lab_run, echo, body)


def test_a_goodbye_that_is_given_up_leaves_nothing_open(lab_run):
    async def body(transport, net):
        net.set(hole_up=True, hole_down=True)
        goodbye = asyncio.create_task(transport.close())
        await asyncio.sleep(GOODBYE_S / 2)
        goodbye.cancel()
        await asyncio.wait({goodbye})
        assert goodbye.cancelled()
        assert [connection.client.gone for connection in net.connections] == [True]

    dialled(lab_run, echo, body)


def test_goodbye_is_short_even_where_the_socket_takes_nothing(lab_run):
    async def body(transport, net):
        loop = asyncio.get_running_loop()
        net.set(hole_up=True, hole_down=True)
        try:
            async with asyncio.timeout(1):
                while True:
                    await transport.send("x" * 100_000)
        except TimeoutError:
            pass
        began = loop.time()
        await transport.close()
        assert loop.time() - began <= GOODBYE_S + 0.01

    dialled(lab_run, echo, body)
