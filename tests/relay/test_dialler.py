"""The relay's way to the service, over loopback."""

import asyncio
import ssl

import pytest
from websockets.asyncio.server import serve

from edged.relay.ports import RefusedError, Upstream
from edged.relay.sockets import Dialler
from tests.dial.authority import authority
from tests.dial.proxy import Proxy

__all__ = ["authority"]  # a fixture

HOST, LOOPBACK, KEY = "voice.example", "127.0.0.1", "sk-secret"


async def echo(connection):
    async for message in connection:
        await connection.send(message)


def over_tls(file, body):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    async def main():
        async with serve(echo, LOOPBACK, 0, ssl=context) as server:
            return await body(server.sockets[0].getsockname()[1])

    return asyncio.run(main())


class Names:
    """Every name is this machine."""

    def __init__(self):
        self.asked = []

    async def __call__(self, host, port):
        self.asked.append(host)
        return [LOOPBACK]


async def talked(dial, port):
    side = await dial(Upstream(f"wss://{HOST}:{port}/", {"Authorization": f"Bearer {KEY}"}))
    await side.send("hello")
    said = await side.receive()
    await side.close(1000, "", 1.0)
    return said


def test_an_own_authority_is_trusted_when_it_is_named(authority):
    async def body(port):
        return await talked(Dialler(Names(), ca_file=str(authority.file)), port)

    assert over_tls(authority.issue(f"DNS:{HOST}"), body) == "hello"


@pytest.mark.parametrize("ca_file", ["", "/nowhere/ca.pem"])
def test_without_it_the_client_is_told_that_there_is_no_way(authority, ca_file):
    async def body(port):
        with pytest.raises(RefusedError, match=HOST):
            await talked(Dialler(Names(), ca_file=ca_file), port)

    over_tls(authority.issue(f"DNS:{HOST}"), body)


def test_a_proxy_leads_to_the_service_and_learns_no_key(authority):
    names = Names()

    async def body(port):
        proxy = Proxy(port)
        async with proxy.running() as address:
            said = await talked(Dialler(names, ca_file=str(authority.file), proxy=address), 443)
        return said, proxy.requests

    said, (request,) = over_tls(authority.issue(f"DNS:{HOST}"), body)
    assert said == "hello"
    assert request.startswith(f"CONNECT {HOST}:443 ")
    assert "Proxy-Authorization: Basic " in request
    assert KEY not in request
    assert names.asked == ["proxy.lan"]
