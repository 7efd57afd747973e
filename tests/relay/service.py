"""Services and clients around a relay that do what a test tells them."""

import asyncio
import json
from contextlib import asynccontextmanager

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from edged import wire
from edged.dial.endpoint import Endpoint
from edged.dial.providers import PROVIDERS
from edged.relay.access import AccessPolicy
from edged.relay.ports import Upstream
from edged.relay.server import RelayServer
from edged.relay.sockets import WebsocketUpstreamDial
from edged.wire import Dialect

KEY = "sk-the-relays-own-key"
HEADERS = {"Authorization": f"Bearer {KEY}"}
SESSION = {
    Dialect.GA: {"type": "realtime", "audio": {"output": {"voice": "marin"}}},
    Dialect.BETA: {"modalities": ["text", "audio"], "voice": "marin"},
}


class Resolver:
    """Every name is its own address, unless addresses are given for it."""

    def __init__(self, *addresses):
        self._addresses = addresses

    async def resolve(self, host, port, *, known=False):
        return list(self._addresses) or [host]


def upstream_at(url, dialect=None, presumed=Dialect.GA, provider="custom", model=""):
    """The upstream for the relay. The service knows its dialect from the header that asks for beta."""
    beta = {"OpenAI-Beta": "realtime=v1"} if (dialect or presumed) is Dialect.BETA else {}
    to = Endpoint(url, dialect or presumed, {**HEADERS, **beta}, PROVIDERS[provider])
    return Upstream(to, dialect, model)


def relay_to(url, dialect=None, presumed=Dialect.GA, provider="custom", named="", **options):
    """`named` is the model that the relay asks for where its clients name none."""
    options.setdefault("policy", AccessPolicy())
    return RelayServer(
        upstream=lambda model: upstream_at(
            url + (f"?model={model}" if model else ""), dialect, presumed, provider, model or named
        ),
        dial=WebsocketUpstreamDial(Resolver()),
        **options,
    )


def joined(relay, dialect=Dialect.GA, path="v1/realtime", **options):
    """A client of the relay."""
    headers = {"OpenAI-Beta": "realtime=v1"} if dialect is Dialect.BETA else {}
    headers.update(options.pop("headers", {}))
    options.setdefault("ping_interval", None)
    return connect(
        relay.url + path,
        additional_headers=headers,
        compression=None,
        proxy=None,
        max_size=None,
        user_agent_header=None,
        **options,
    )


class Service:
    """A scripted service: it greets in its dialect, keeps what it receives, and does what the test says."""

    def __init__(self, dialect=Dialect.GA, *, greet=True):
        self.dialect, self.greet = dialect, greet
        self.requests, self.got, self.closes = [], [], []
        self.sockets = []
        self.url = ""

    async def handle(self, socket):
        self.requests.append(socket.request)
        self.sockets.append(socket)
        if self.greet:
            await self.tell(wire.SessionCreated(SESSION[self.dialect]))
        try:
            async for message in socket:
                self.got.append(message)
                await self.on(socket, message)
        finally:
            await socket.wait_closed()
            self.closes.append((socket.close_code, socket.close_reason))

    async def on(self, socket, message):
        """Answer a message."""

    async def tell(self, event):
        await self.sockets[-1].send(wire.encode(event, self.dialect, "event_1"))

    @property
    def messages(self):
        return [json.loads(message) for message in self.got]


@asynccontextmanager
async def serving(service, **options):
    options.setdefault("ping_interval", None)
    async with serve(service.handle, "127.0.0.1", 0, compression=None, max_size=None, **options) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        service.url = f"ws://127.0.0.1:{port}/v1/realtime"
        yield service


async def until(true, what="it never came", *, most_s=10):
    """Let other tasks run, in virtual time, until the condition holds."""
    for _ in range(most_s * 100):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(what)
