"""HTTP on aiohttp: takes requests within bounds, and gives answers and streams of events. It decides nothing.

Rules:
1. A connection is for one request. It has `HEAD_S` for its head, its body `BODY_S` and `MOST_BODY` bytes, and all of it
   `WHOLE_S`, except a stream. A stream that does not take what it is sent ends after `SEND_S`.
2. Connections without a request wait in the lobby, where the oldest one yields. `MOST_CONNECTIONS` are served at once.
3. Every answer has the headers `SAFE`, also one to something that is not HTTP.
4. A bug is logged, and costs its request only.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web

from edged.companion.page.access import HEADER, PageRequest, passed_on
from edged.errors import AddressError, CommandError
from edged.lobby import Lobby

log = logging.getLogger(__name__)
SILENT = logging.getLogger(f"{__name__}.library")
SILENT.setLevel(logging.CRITICAL + 1)  # it quotes what strangers send

HEAD_S, BODY_S, SEND_S, WHOLE_S = 10.0, 5.0, 15.0, 60.0
GOODBYE_S = 0.5
MOST_BODY = 8 * 2**10
MOST_LINE = 4 * 2**10
MOST_HEADERS = 64
MOST_CONNECTIONS = 64
SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "edged",
}


class UnfitBodyError(CommandError):
    """A request has a body that is too large, too slow or not what it should be."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """`more`: headers besides those of `SAFE`, which they replace."""

    status: int
    body: str | bytes = ""
    kind: str = "text/plain; charset=utf-8"
    more: Mapping[str, str] = field(default_factory=dict)


class HttpGuest:
    """A connection, as the lobby knows it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.gone = asyncio.Event()
        self.limit: asyncio.TimerHandle | None = None

    def left(self) -> None:
        """Its connection is closed."""
        self.gone.set()
        if self.limit is not None:
            self.limit.cancel()


class PageConnection(web.RequestHandler):
    """Reports to the lobby when it comes and when it goes."""

    __slots__ = ("_lobby", "guest")

    def __init__(self, manager: web.Server, lobby: Lobby, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            manager,
            loop=loop,
            access_log=cast("Any", None),
            logger=SILENT,
            keepalive_timeout=HEAD_S,
            lingering_time=1.0,
            max_line_size=MOST_LINE,
            max_field_size=MOST_LINE,
            max_headers=MOST_HEADERS,
            auto_decompress=False,
        )
        self._lobby = lobby
        self.guest: HttpGuest | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.guest = HttpGuest(cast("asyncio.Transport", transport))
        self._lobby.came(self.guest)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self.guest is not None:
            self.guest.left()
            self._lobby.gone(self.guest)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to something that is not HTTP, or after a bug; it repeats nothing of the request."""
        del request, exc, message
        return _response(PageAnswer(status, "edged cannot answer that.\n"))


class PageCall:
    """One request."""

    def __init__(self, request: web.BaseRequest, guest: HttpGuest) -> None:
        self._request, self._guest = request, guest
        guest.limit = asyncio.get_running_loop().call_later(WHOLE_S, guest.transport.abort)
        self.request = _facts(request, guest.transport)
        self.query = request.query
        self.authorizations = tuple(request.headers.getall("Authorization", ()))
        self.is_encrypted = request.headers.get("Origin", "").startswith("https://")

    def cookie(self, name: str) -> str:
        """The value of a cookie; empty if there is none."""
        return self._request.cookies.get(name, "")

    async def body(self) -> str:
        """Raises UnfitBodyError."""
        if (self._request.content_length or 0) > MOST_BODY:
            raise UnfitBodyError(413, f"at most {MOST_BODY} bytes")
        taken = bytearray()
        try:
            async with asyncio.timeout(BODY_S):
                async for piece in self._request.content.iter_any():
                    taken += piece
                    if len(taken) > MOST_BODY:
                        raise UnfitBodyError(413, f"at most {MOST_BODY} bytes")
            return taken.decode()
        except TimeoutError as error:
            raise UnfitBodyError(408, "too slow") from error
        except UnicodeDecodeError as error:
            raise UnfitBodyError(400, "send UTF-8") from error

    async def stream(self) -> "EventStream":
        """Begin to answer with a stream of events."""
        if self._guest.limit is not None:
            self._guest.limit.cancel()
        response = web.StreamResponse(headers={**SAFE, "X-Accel-Buffering": "no"})
        response.content_type, response.charset = "text/event-stream", "utf-8"
        response.force_close()
        async with asyncio.timeout(SEND_S):
            await response.prepare(self._request)
        return EventStream(response, self._guest)


class EventStream:
    """A stream of events to one browser. `gone` is set when its connection ends."""

    def __init__(self, response: web.StreamResponse, guest: HttpGuest) -> None:
        self.response, self._guest = response, guest
        self.gone = guest.gone

    async def send(self, text: str) -> None:
        """Raises TimeoutError if the browser does not take it, ConnectionError if it has gone."""
        try:
            async with asyncio.timeout(SEND_S):
                await self.response.write(text.encode())
        except TimeoutError:
            self._guest.transport.abort()
            raise


class PageServer:
    """Serves on one address while it is entered."""

    def __init__(
        self, answer: Callable[[PageCall], Awaitable[PageAnswer | EventStream]], host: str, port: int
    ) -> None:
        self._answer, self._host, self.port = answer, host, port
        self._lobby = Lobby("page", most=MOST_CONNECTIONS, deadline_s=HEAD_S)
        self._http: web.Server | None = None
        self._servers: list[asyncio.Server] = []

    async def __aenter__(self) -> "PageServer":
        """Raises AddressError."""
        loop = asyncio.get_running_loop()
        self._http = http = web.Server(self._serve)
        try:
            for where in await self._lobby.listening(self._host, self.port):
                server = await loop.create_server(lambda: PageConnection(http, self._lobby, loop), **where)
                self._servers.append(server)
        except OSError as error:
            raise AddressError(f"page: cannot listen on {self._host} port {self.port}: {error}") from error
        self.port = self._servers[0].sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for guest in self._lobby.present:
            guest.transport.abort()
        if self._http is not None:
            await self._http.shutdown(GOODBYE_S)
        for server in self._servers:
            await server.wait_closed()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        assert isinstance(connection, PageConnection)
        guest = connection.guest
        if guest is None or not self._lobby.let_in(guest):
            return _response(PageAnswer(503, "The page is busy.\n", more={"Retry-After": "10"}))
        with self._lobby.serving(guest):
            call = PageCall(request, guest)
            try:
                answer = await self._answer(call)
            except UnfitBodyError as error:
                answer = PageAnswer(error.status, f"{error}\n")
            except (ConnectionError, TimeoutError, asyncio.CancelledError):
                raise
            except Exception:  # aiohttp would log it without saying whose bug it is
                log.exception("a request to the page: a bug in edged")
                raise
            return answer.response if isinstance(answer, EventStream) else _response(answer)


def _facts(request: web.BaseRequest, transport: asyncio.Transport) -> PageRequest:
    """What access.py decides by."""

    def every(name: str) -> tuple[str, ...]:
        return tuple(request.headers.getall(name, ()))

    peer, local = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    return PageRequest(
        method=request.method,
        path=request.rel_url.raw_path,
        peer=str(peer[0]) if peer else "",
        local=str(local[0]) if local else "",
        hosts=every("Host"),
        origins=every("Origin"),
        marks=every(HEADER),
        site=",".join(every("Sec-Fetch-Site")),
        mode=",".join(every("Sec-Fetch-Mode")),
        is_passed_on=passed_on(request.headers),
    )


def _response(answer: PageAnswer) -> web.StreamResponse:
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    response = web.Response(
        status=answer.status, body=body, headers={**SAFE, "Content-Type": answer.kind, **answer.more}
    )
    response.force_close()
    return response
