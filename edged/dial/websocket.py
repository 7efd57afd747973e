"""One attempt to connect, over the `websockets` library, with its failures as causes. Decides nothing.

edged does not use these parts of the library: its reconnect loop (retry.py has the only one), redirects (they would
send the key along), its look-up of names (it can hang the exit), proxies from the environment, and its pings. The pings
would declare a slow connection dead (keepalive.py), or one that nobody reads from (the relay's).
"""

import asyncio
import ssl
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, HTTPProxyConnection, connect
from websockets.exceptions import (
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
    ProxyError,
    WebSocketException,
)
from websockets.proxy import parse_proxy

from edged import __made__, __version__
from edged.dial import refusals
from edged.dial.clock_check import ClockCheck
from edged.dial.endpoint import Endpoint
from edged.dial.happy_eyeballs import in_turn, no_route
from edged.dial.http_answer import HttpAnswer
from edged.dial.ports import Resolver, Transport, WireTap
from edged.dial.provider import with_remedy
from edged.dial.race import Newer, first_connected
from edged.dial.service_words import words_of
from edged.dial.transport import WatchedConnection, WebsocketTransport
from edged.errors import LinkError
from edged.tls import client_context, resuming

# The sound of a whole answer may come in one message, with some JSON around it.
MAX_MESSAGE_BYTES = 16 * 2**20 + 2**16


@dataclass(frozen=True, slots=True)
class _Route:
    """How one attempt reaches the service: the addresses of the host or of its proxy, in the order to try them.

    `newer()` asks the name service where the addresses are of before; None: they are new.
    """

    addresses: Sequence[str]
    newer: Newer | None
    port: int
    host: str
    tls: ssl.SSLContext | None
    proxy: str

    @property
    def first_stop(self) -> str:
        return urlsplit(self.proxy).hostname or "" if self.proxy else self.host


class _Connect(connect):
    """The library's attempt, but with our own route to the service, and without redirects."""

    route: _Route
    reached = ""  # the address that accepted the connection
    made: WatchedConnection | None = None  # the connection of the handshake

    @property
    def refusal(self) -> HttpAnswer | None:
        """The answer that refuses the handshake, even if the library could not read it."""
        answer = self.made.answer if self.made is not None else None
        return answer if answer is not None and answer.refuses else None

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc

    async def open_tcp_connection(self) -> ClientConnection:
        route, connection = self.route, partial(self.factory, self.ws_uri)
        first: Callable[[], asyncio.BaseProtocol] = self._tunnel if route.proxy else connection
        self.reached, transport, protocol = await first_connected(
            first, route.addresses, route.port, route.newer
        )
        try:
            if isinstance(protocol, HTTPProxyConnection):
                await protocol.response
                protocol = connection()
                transport.set_protocol(protocol)
                protocol.connection_made(transport)
            assert isinstance(protocol, WatchedConnection)
            self.made = protocol
            _check_silent(protocol)
            if route.tls is not None:
                protocol.below = transport
                # Bytes wait above TLS only: else there would be 64 KiB more than on a connection without TLS.
                transport.set_write_buffer_limits(0)
                secured = await asyncio.get_running_loop().start_tls(
                    transport, protocol, route.tls, server_hostname=route.host
                )
                assert secured is not None
                protocol.connection_made(secured)
        except BaseException:  # also when cancelled: a connection that nobody holds must not stay open
            transport.abort()
            raise
        return protocol

    def _tunnel(self) -> HTTPProxyConnection:
        return HTTPProxyConnection(self.ws_uri, parse_proxy(self.route.proxy), self.user_agent_header)


def _check_silent(connection: WatchedConnection) -> None:
    if connection.answer is not None or connection.transport.is_closing():
        raise InvalidMessage("it sent data before the handshake, or hung up")


def _raised_here(error: Exception) -> bool:
    """Whether our own code raised it, and not a library."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    root = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return root not in sys.stdlib_module_names and root != "websockets"


class WebsocketDial:
    """Dials by name: looks up the host with the given resolver, then races its addresses.

    `kind` is the class of the connection, which sets the time to wait for a close. `wall` is the wall clock; it serves
    only to tell a wrong clock from a wrong certificate. `tap` hears the messages of all connections.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        kind: type[WatchedConnection] = WatchedConnection,
        wall: Callable[[], float] = time.time,
        tap: WireTap | None = None,
    ) -> None:
        self._tap = tap
        self._resolver, self._kind, self._wall = resolver, kind, wall
        self._tls: tuple[str, ssl.SSLContext] | None = None  # the ca_file and its context
        self._clock_check = ClockCheck(datetime.fromisoformat(f"{__made__}T00:00:00+00:00").timestamp())
        self._silent = ""  # the address that accepted the last connection and then stayed silent
        # the address and the connection that was opened last
        self._last: tuple[str, WatchedConnection] | None = None

    def prepare(self, endpoint: Endpoint) -> None:
        """Build the TLS context in advance: it takes tens of milliseconds, more on a Pi."""
        with suppress(LinkError):  # the first attempt reports it
            self._context(endpoint)

    async def __call__(self, endpoint: Endpoint, timeout_s: float) -> Transport:
        connection = await self.connected(endpoint, timeout_s)
        return WebsocketTransport(connection, endpoint.provider.remedies, self._tap)

    async def connected(self, endpoint: Endpoint, timeout_s: float) -> WatchedConnection:
        """The bare connection, for a caller that reads and pings itself. Raises LinkError as a Dial does."""
        now_s = asyncio.get_running_loop().time()
        if endpoint.secure and self._clock_check.waits(now_s, self._wall()):
            raise LinkError("the clock is not set; until it is, no certificate can be checked", "clock_unset")
        tls = self._context(endpoint)
        stop = urlsplit(endpoint.proxy) if endpoint.proxy else None
        host, port = (stop.hostname or "", stop.port or 80) if stop else (endpoint.host, endpoint.port)
        at = self._where_it_was_good()
        found = await self._resolver.resolve(host, port, known=bool(at))
        addresses = sorted(in_turn(found, last=self._silent), key=at.__ne__)
        if not addresses:
            raise LinkError(f"no address for {host}", "dns_failed")
        attempt = _Connect(
            endpoint.url,
            additional_headers=dict(endpoint.headers),
            user_agent_header=f"edged/{__version__}",
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            open_timeout=timeout_s,
            close_timeout=self._kind.goodbye_s,
            ping_interval=None,
            create_connection=self._kind,
            proxy=None,
        )
        newer = partial(self._resolver.resolve, host, port) if at else None
        attempt.route = _Route(addresses, newer, port, endpoint.host, tls, endpoint.proxy)
        return await self._handshake(attempt, endpoint)

    def _where_it_was_good(self) -> str:
        """The address of the last connection if it was good until edged closed it; else empty."""
        address, connection = self._last or ("", None)
        self._last = None
        was_good = connection is not None and connection.protocol.close_rcvd_then_sent is False
        return address if was_good else ""

    async def _handshake(self, attempt: _Connect, endpoint: Endpoint) -> WatchedConnection:
        try:
            connection = await attempt
            assert isinstance(connection, WatchedConnection)
        except (OSError, WebSocketException, ValueError) as error:
            # A ValueError of our own code is a bug. A library raises one for an impossible name or address.
            if isinstance(error, ValueError) and _raised_here(error):
                raise
            if isinstance(error, TimeoutError) and attempt.reached:
                self._silent = attempt.reached
            raise self._failure(error, attempt, endpoint) from error
        self._silent, self._last = "", (attempt.reached, connection)
        self._clock_check.cleared()
        connection.answer = None
        return connection

    def _failure(self, error: Exception, attempt: _Connect, endpoint: Endpoint) -> LinkError:
        wall, answer = self._wall(), attempt.refusal
        wait_s = status = None
        said: str | tuple[str, ...] = _said(error)
        if isinstance(error, ssl.SSLCertVerificationError):
            self._tls = None  # the files of authorities may have changed by the next attempt
            behind = self._clock_check.behind(wall)
            cause, words = refusals.of_certificate(
                error.verify_code, error.verify_message, clock_behind=behind
            )
            if cause == "clock_unset":
                self._clock_check.failed(asyncio.get_running_loop().time(), wall)
        elif answer is not None:
            own = words_of(answer, whole=isinstance(error, InvalidStatus))
            status, location = answer.status or 0, answer.header("location")
            cause, words = refusals.of_answer(status, location, secure=endpoint.secure, said=own)
            said = (own.text, refusals.origin(location))
            wait_s = refusals.retry_after_s(answer.header("retry-after") or None, wall)
        else:
            cause, words = _refusal(error)
        arrived = attempt.reached and not isinstance(error, ProxyError)
        who = endpoint.host if arrived else attempt.route.first_stop
        text = with_remedy(f"{who}: {words}", cause, endpoint.provider.remedies)
        return LinkError(text, cause, wait_s, said=said, status=status)

    def _context(self, endpoint: Endpoint) -> ssl.SSLContext | None:
        if not endpoint.secure:
            return None
        if self._tls is None or self._tls[0] != endpoint.ca_file:
            try:
                context = resuming(client_context(endpoint.ca_file))
            except OSError as error:
                why = error.strerror or error
                raise LinkError(f"provider.ca_file: {endpoint.ca_file}: {why}", "tls_failed") from error
            self._tls = (endpoint.ca_file, context)
        return self._tls[1]


def _said(error: Exception) -> str:
    """The part of the library's text that quotes the far end."""
    if isinstance(error, InvalidMessage) and error.__cause__ is not None:
        return str(error.__cause__)
    return str(error) if isinstance(error, InvalidHandshake | ProxyError) else ""


def _refusal(error: Exception) -> tuple[str, str]:  # noqa: PLR0911 one return per kind
    """The cause and the text of a failed attempt. `_failure` handles certificates and HTTP answers."""
    match error:
        case TimeoutError():
            return "handshake_timeout", "no answer in time"
        case ssl.SSLError():
            return refusals.of_tls(error.reason or "")
        case InvalidProxyStatus():
            return refusals.of_proxy(error.response.status_code)
        case ProxyError() | InvalidProxy():
            return "proxy_refused", f"`provider.proxy` does not answer as an HTTP proxy ({error})"
        case InvalidURI():
            return "model_refused", str(error)
        case InvalidMessage():
            return "unreachable", f"does not speak HTTP ({_said(error)})"
        case InvalidHandshake():
            return "protocol_broken", f"the service broke the WebSocket protocol: {error}"
        case OSError() if no_route(error):
            return "offline", str(error)
        case _:
            return "unreachable", str(error)
