"""Calls over HTTP and connections trust the same authorities."""

import pytest

from edged.realtime import APIConnectionError, AsyncPortkey, Portkey
from edged.tls import server_context
from tests.dial.authority import authority
from tests.realtime.stage import held, held_async

__all__ = ["authority"]


def program(base_url):
    portkey = Portkey(api_key="any", base_url=base_url.replace("wss:", "https:"))
    session = portkey.beta.realtime.sessions.create(model="gpt-4o-realtime-preview")
    with portkey.beta.realtime.connect(model=session.model) as connection:
        return next(iter(connection.listen())).type


async def async_program(base_url):
    portkey = AsyncPortkey(api_key="any", base_url=base_url.replace("wss:", "https:"))
    session = await portkey.beta.realtime.sessions.create(model="gpt-4o-realtime-preview")
    async with portkey.beta.realtime.connect(model=session.model) as connection:
        return (await connection.recv()).type


@pytest.mark.parametrize(("holds", "each"), [(held, program), (held_async, async_program)])
def test_a_program_trusts_the_authority_of_the_environment(authority, monkeypatch, holds, each):
    issued = authority.issue("DNS:localhost,IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    opened, _server = holds(each, tls=server_context(issued, issued))
    assert opened == "session.created"


def test_a_program_trusts_no_other_authority(authority, monkeypatch):
    issued = authority.issue("DNS:localhost,IP:127.0.0.1")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(APIConnectionError, match="certificate"):
        held(program, tls=server_context(issued, issued))
