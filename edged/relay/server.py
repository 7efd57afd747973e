"""Lets clients in and gives each one a bridge. Runs without threads, on the loop that enters it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from types import TracebackType

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from edged.causes import CAUSES
from edged.dial.dialects import refuses
from edged.dial.service_facts import RecentServices
from edged.dial.websocket import MAX_MESSAGE_BYTES
from edged.errors import LinkError
from edged.lobby import Lobby, by_way_of
from edged.relay import access
from edged.relay.access import AccessPolicy, Handshake
from edged.relay.bridge import CLIENT_CLOSE_S, Bridge, tell
from edged.relay.closing import ConnectionEnd, passed_on
from edged.relay.ports import RefusedError, Upstream, UpstreamDial
from edged.relay.sockets import CLOSE_S, OPEN_S, SILENT, Socket
from edged.relay.usage import RelayUsage, Tally
from edged.wire import BETA_HEADER, SUBPROTOCOL, Dialect
from edged.wire.words import Words

log = logging.getLogger(__name__)

GOODBYE_S = 0.8  # from the request to stop to the end, whatever hangs
MOST_MODEL = 200  # characters; no model has a longer name
MOST_CLIENTS = 32  # the owner pays for the session of each client
AGAIN_S = 10  # for Retry-After: by then a place may be free


class RelayServer:
    """An async context manager. When it exits, it closes every client with 1001."""

    def __init__(
        self,
        *,
        upstream: Callable[[str], Upstream],
        dial: UpstreamDial,
        policy: AccessPolicy,
        port: int = 0,
        client_model: bool = False,
        most_clients: int = MOST_CLIENTS,
        words: Words | None = None,
    ) -> None:
        """The relay listens on `policy.bound`; `port` 0 takes a free port.

        `upstream(model)` says where to connect a client, or raises LinkError. The model is empty unless
        `client_model` lets clients name one. `most_clients` is the limit of clients at a time; it is lower if this
        process may open too few files. `words` filters the reasons of closes before they are logged.
        """
        self.usage = RelayUsage()
        self._upstream, self._dial, self._policy = upstream, dial, policy
        self._port, self._client_model = port, client_model
        self._words = words or Words()
        self._bridges: set[Bridge] = set()
        self._seen = RecentServices()  # the dialects of services
        self._lobby = Lobby("relay", most=most_clients, each=2, deadline_s=OPEN_S)
        self._stopping = False
        self._servers: list[Server] = []

    async def __aenter__(self) -> "RelayServer":
        """Raises OSError if the port is not available."""
        for where in await self._lobby.listening(self._policy.bound, self._port):
            server = await serve(
                self._client,
                process_request=self._let_in,
                select_subprotocol=_subprotocol,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=OPEN_S,
                close_timeout=CLOSE_S,
                ping_interval=None,  # see sockets.py
                logger=SILENT,
                create_connection=by_way_of(self._lobby, ServerConnection),
                **where,
            )
            self._servers.append(server)
        self._port = next(iter(self._servers[0].sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        for bridge in self._bridges:
            bridge.stop()
        for server in self._servers:
            server.close(close_connections=False)
        ended = asyncio.gather(*(server.wait_closed() for server in self._servers))
        await asyncio.wait({ended}, timeout=GOODBYE_S)
        for guest in self._lobby.present:  # the library would wait for a handshake that never ends
            guest.transport.abort()
        await ended

    @property
    def url(self) -> str:
        host = f"[{self._policy.bound}]" if ":" in self._policy.bound else self._policy.bound
        return f"ws://{host}:{self._port}/"

    def _let_in(self, connection: ServerConnection, request: Request) -> Response | None:
        refused = access.refusal(_handshake(request), self._policy)
        if refused is None and self._lobby.let_in(connection):
            return None
        refused = refused or access.full(self._lobby.most)
        claimed = [*request.headers.get_all("Host"), *request.headers.get_all("Origin")]
        log.warning(
            "refused %s with HTTP %d: %s (its Host and Origin: %.200r)",
            _peer(connection),
            refused.status,
            refused.text,
            claimed,
            extra={"edged": {"status": refused.status}},
        )
        response = connection.respond(refused.status, refused.text + "\n")
        if refused.status == HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = str(AGAIN_S)
        return response

    async def _client(self, connection: ServerConnection) -> None:
        with self._lobby.serving(connection):
            await self._talk(connection)

    async def _talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        handshake = _handshake(connection.request)
        dialect = access.dialect(handshake)
        model = handshake.query("model")[:MOST_MODEL] if self._client_model else ""
        number, tally = self.usage.begin()
        log.info("client %d: %s, speaks %s", number, _peer(connection), dialect.value)
        try:
            end = await self._serve(Socket(connection), dialect, model, tally)
            why = self._words.filtered(end.reason) if end.by == "upstream" else end.reason
            log.info("client %d: ended by the %s: %d %.200r; %s", number, end.by, end.code, why, tally)
            if end.by != "client" and refuses(end.reason):
                log.warning("client %d: %s", number, CAUSES["dialect_refused"].remedy)
        except Exception:  # the library would swallow it; the conversations of other clients go on
            log.exception("client %d: a bug in edged", number)
            raise
        finally:
            self.usage.end(number)

    async def _serve(self, client: Socket, dialect: Dialect, model: str, tally: Tally) -> ConnectionEnd:
        try:
            to = self._upstream(model)
        except LinkError as error:
            log.warning("%s", self._words.failure(error))
            end = await tell(
                client, dialect, RefusedError("the relay cannot reach its service at the moment")
            )
            await client.close(*passed_on(end), CLIENT_CLOSE_S)
            return end
        bridge = Bridge(client, dialect, to, dial=self._dial, tally=tally, seen=self._seen)
        self._bridges.add(bridge)
        if self._stopping:
            bridge.stop()
        try:
            return await bridge.run()
        finally:
            self._bridges.discard(bridge)


def _peer(connection: ServerConnection) -> str:
    address = connection.remote_address
    return f"{address[0]}:{address[1]}" if address else "a client that has left"


def _handshake(request: Request) -> Handshake:
    def every(name: str) -> tuple[str, ...]:
        return tuple(request.headers.get_all(name))

    protocols = [each.strip() for line in every("Sec-WebSocket-Protocol") for each in line.split(",")]
    return Handshake(
        target=request.path,
        hosts=every("Host"),
        origins=every("Origin"),
        betas=every(BETA_HEADER[0]),
        authorizations=every("Authorization"),
        protocols=tuple(protocols),
        keys=every("api-key"),
    )


def _subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Select the subprotocol `realtime`, never one that contains a key."""
    ours = Subprotocol(SUBPROTOCOL)
    return ours if ours in offered else None
