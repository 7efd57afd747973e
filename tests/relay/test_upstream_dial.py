"""The relay's connection to the service: on loopback with TLS and a proxy, and on the simulated network."""

import asyncio
import logging
import ssl

import pytest
from websockets.asyncio.server import serve

from edged.dial.endpoint import Endpoint
from edged.dial.happy_eyeballs import NEXT_AFTER_S
from edged.dial.transport import BODY_S, MOST_UNSENT
from edged.errors import LinkError
from edged.relay.ports import RefusedError, Upstream
from edged.relay.sockets import OPEN_S, WebsocketUpstreamDial
from edged.wire import Dialect
from instruments.lab.net import SimNet
from tests.dial.authority import authority
from tests.dial.proxy import Proxy
from tests.relay.service import Resolver

__all__ = ["authority"]  # a fixture

HOST, LOOPBACK, KEY = "voice.example", "127.0.0.1", "sk-secret"
SIX, FOUR = "2001:db8::5", "203.0.113.5"
HEADERS = {"Authorization": f"Bearer {KEY}"}


async def echo(connection):
    async for message in connection:
        await connection.send(message)


def at(url, **options):
    return Upstream(Endpoint(url, Dialect.GA, HEADERS, **options))


def over_tls(file, body):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    async def main():
        async with serve(echo, LOOPBACK, 0, ssl=context) as server:
            return await body(server.sockets[0].getsockname()[1])

    return asyncio.run(main())


async def talked(dial, to):
    side = await dial(to)
    await side.send("hello")
    said = await side.receive()
    await side.close(1000, "", 1.0)
    return said


def test_an_own_authority_is_trusted_when_it_is_named(authority):
    async def body(port):
        to = at(f"wss://{HOST}:{port}/", ca_file=str(authority.file))
        return await talked(WebsocketUpstreamDial(Resolver(LOOPBACK)), to)

    assert over_tls(authority.issue(f"DNS:{HOST}"), body) == "hello"


@pytest.mark.parametrize("ca_file", ["", "/nowhere/ca.pem"])
def test_without_it_the_client_is_told_that_there_is_no_way_and_the_log_why(authority, ca_file, caplog):
    async def body(port):
        with pytest.raises(RefusedError) as refused:
            await WebsocketUpstreamDial(Resolver(LOOPBACK))(at(f"wss://{HOST}:{port}/", ca_file=ca_file))
        return str(refused.value)

    assert over_tls(authority.issue(f"DNS:{HOST}"), body) == f"{HOST}: no secure connection"
    assert "provider.ca_file" in caplog.text


def test_a_proxy_leads_to_the_service_and_learns_no_key(authority):
    async def body(port):
        proxy = Proxy(port)
        async with proxy.running() as address:
            to = at(f"wss://{HOST}:443/", ca_file=str(authority.file), proxy=address)
            said = await talked(WebsocketUpstreamDial(Resolver(LOOPBACK)), to)
        return said, proxy.requests

    said, (request,) = over_tls(authority.issue(f"DNS:{HOST}"), body)
    assert said == "hello"
    assert request.startswith(f"CONNECT {HOST}:443 ")
    assert "Proxy-Authorization: Basic " in request
    assert KEY not in request


def simulated(lab_run, handler, body, **options):
    """Serve at two addresses and run `body(dial, to, net)`."""
    net = SimNet(latency_ms=10)

    async def main():
        async with serve(handler, [SIX, FOUR], 8080, compression=None, ping_interval=None, **options):
            return await body(WebsocketUpstreamDial(Resolver(SIX, FOUR)), at(f"ws://{HOST}:8080/"), net)

    return lab_run(main(), net=net)


def test_where_ipv6_leads_nowhere_ipv4_is_there_in_a_quarter_of_a_second(lab_run):
    async def body(dial, to, net):
        net.set(SIX, hole_up=True, hole_down=True)
        side = await dial(to)
        took_s = net.loop.time()
        await side.close(1000, "", 1.0)
        return took_s

    assert NEXT_AFTER_S < simulated(lab_run, echo, body) < NEXT_AFTER_S + 0.1


def test_a_refusal_whose_body_never_ends_is_told_by_its_status(lab_run):
    class Endless(asyncio.Protocol):
        def connection_made(self, transport):
            transport.write(b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfull ")

    net = SimNet(latency_ms=10)

    async def main():
        await net.loop.create_server(Endless, FOUR, 8080)
        with pytest.raises(RefusedError, match="HTTP 503") as refused:
            await WebsocketUpstreamDial(Resolver(FOUR))(at(f"ws://{HOST}:8080/"))
        return refused.value.cause, net.loop.time()

    cause, took_s = lab_run(main(), net=net)
    assert cause == "server_busy"
    assert took_s < BODY_S + 0.1


def test_a_name_that_is_slow_to_be_found_takes_of_the_same_time(lab_run):
    class Slow:
        async def resolve(self, host, port, *, known=False):
            await asyncio.sleep(60)

    async def main():
        with pytest.raises(RefusedError, match="did not answer"):
            await WebsocketUpstreamDial(Slow())(at(f"ws://{HOST}/"))
        assert asyncio.get_running_loop().time() == pytest.approx(OPEN_S)

    lab_run(main(), net=SimNet())


def test_a_name_without_an_address_is_told_as_that(lab_run):
    class Nowhere:
        async def resolve(self, host, port, *, known=False):
            raise LinkError("cannot look it up", "dns_failed")

    async def main():
        with pytest.raises(RefusedError, match=f"{HOST} has no address"):
            await WebsocketUpstreamDial(Nowhere())(at(f"ws://{HOST}/"))

    lab_run(main(), net=SimNet())


def test_a_long_message_is_sent_while_the_service_speaks(lab_run):
    """More bytes wait for the socket than a kiosk ever sends: the service is slow, but not stuck."""
    size = MOST_UNSENT + 2**20

    async def speaks(connection):
        async def count():
            for number in range(100):
                await connection.send(str(number))
                await asyncio.sleep(0.05)

        counting = asyncio.ensure_future(count())
        length = len(await connection.recv())
        await counting
        await connection.send(f"took {length}")
        await connection.wait_closed()

    async def body(dial, to, net):
        net.set(up_bytes_s=4 * 2**20)
        side = await dial(to)
        sending = asyncio.ensure_future(side.send("x" * size))
        while not (said := await side.receive()).startswith("took"):
            pass
        await sending
        await side.close(1000, "", 1.0)
        return said

    assert simulated(lab_run, speaks, body, max_size=None) == f"took {size}"


def test_a_refusal_of_a_dialect_is_no_warning(lab_run, caplog):
    caplog.set_level(logging.INFO)

    async def body(dial, to, net):
        with pytest.raises(RefusedError):
            await dial(to)

    def refuse(connection, request):
        return connection.respond(400, '{"error": {"code": "beta_api_shape_disabled"}}')

    simulated(lab_run, echo, body, process_request=refuse)
    assert [record.levelname for record in caplog.records if record.name == "edged.relay.sockets"] == ["INFO"]
