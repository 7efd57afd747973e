"""The way to a connection, over the `websockets` library: one attempt, its failures as causes. Decides nothing.

The library's own reconnect loop is not used, redirects are not followed (they would carry the key along), names are
not looked up by it (its way can hang the exit), and proxies of the environment are not taken by surprise. Its pings
are off: they count against a connection that is narrow (keepalive.py), or that nobody reads from (the relay's).

The addresses race by asyncio's own `staggered_race`, which is what `loop.create_connection` races with; that function
itself would look the name up, and so is given one address a try. The race keeps the failure of each address, for where
none had a route the machine is offline; `aiohappyeyeballs` would make one text of them.
"""

import asyncio
import ssl
import sys
import time
import traceback
from asyncio.staggered import staggered_race
from collections.abc import Awaitable, Callable, Generator, Sequence
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
from edged.dial.happy_eyeballs import NEXT_AFTER_S, in_turn, no_route, telling
from edged.dial.http_answer import HttpAnswer
from edged.dial.ports import Resolver, Transport
from edged.dial.providers import Endpoint
from edged.dial.service_words import words_of
from edged.dial.transport import WatchedConnection, WebsocketTransport, with_remedy
from edged.errors import LinkError
from edged.tls import client_context

MAX_MESSAGE_BYTES = (
    16 * 2**20 + 2**16
)  # the sound of a whole answer may come in one message, and has a frame of words


@dataclass(frozen=True, slots=True)
class _Route:
    """How one attempt gets to the service: addresses of the host or of its proxy, in the order to try them."""

    addresses: Sequence[str]
    port: int
    host: str
    tls: ssl.SSLContext | None
    proxy: str

    @property
    def first_stop(self) -> str:
        return urlsplit(self.proxy).hostname or "" if self.proxy else self.host


class _Connect(connect):
    """The library's, but for the way to the service, and without following redirects."""

    route: _Route
    reached = ""  # the address that let us in
    made: WatchedConnection | None = None  # over which the handshake goes

    @property
    def refusal(self) -> HttpAnswer | None:
        """The answer that does not let us in, even where the library made nothing of it."""
        answer = self.made.answer if self.made is not None else None
        return answer if answer is not None and answer.refuses else None

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc

    async def open_tcp_connection(self) -> ClientConnection:
        route, connection = self.route, partial(self.factory, self.ws_uri)
        first: Callable[[], asyncio.BaseProtocol] = self._tunnel if route.proxy else connection
        self.reached, transport, protocol = await first_connected(first, route.addresses, route.port)
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
                # What waits, waits above: else it would be 64 KiB more than on a connection without TLS.
                transport.set_write_buffer_limits(0)
                secured = await asyncio.get_running_loop().start_tls(
                    transport, protocol, route.tls, server_hostname=route.host
                )
                assert secured is not None
                protocol.connection_made(secured)
        except BaseException:  # cancelled, too: nothing is to stay open that nobody has
            transport.abort()
            raise
        return protocol

    def _tunnel(self) -> HTTPProxyConnection:
        return HTTPProxyConnection(self.ws_uri, parse_proxy(self.route.proxy), self.user_agent_header)


async def first_connected(
    new: Callable[[], asyncio.BaseProtocol], addresses: Sequence[str], port: int
) -> tuple[str, asyncio.Transport, asyncio.BaseProtocol]:
    """The address that won, and a new protocol on the connection to it; all others are given up.

    Raises:
        OSError: of all that failed, the one that tells most.
    """
    loop = asyncio.get_running_loop()
    made: list[tuple[str, asyncio.Transport, asyncio.BaseProtocol]] = []

    async def connect_to(address: str) -> None:
        made.append((address, *await loop.create_connection(new, address, port)))

    def begin_each() -> Generator[Callable[[], Awaitable[None]], None, None]:
        for address in addresses:
            if made:  # Python 3.11 may begin one more in the moment in which one wins, and would wait for it
                return
            yield partial(connect_to, address)

    tries = begin_each()
    try:
        *_, errors = await staggered_race(tries, NEXT_AFTER_S)
        failures = _failures(errors)
    except BaseException:  # cancelled, too, perhaps in the moment in which one has won
        tries.close()  # or has failed: Python 3.11 would begin the next all the same, and nobody would have it
        for _, transport, _ in made:
            transport.abort()
        raise
    if not made:
        raise telling(failures)
    return made[0]


def _failures(errors: Sequence[BaseException | None]) -> list[OSError]:
    """Of the addresses that could not be reached; raises what is no such failure, though another may have won."""
    for error in errors:
        if isinstance(error, Exception) and not isinstance(error, OSError):
            raise error
    return [error for error in errors if isinstance(error, OSError)]  # the rest were cancelled


def _check_silent(connection: WatchedConnection) -> None:
    if connection.answer is not None or connection.transport.is_closing():
        raise InvalidMessage("it spoke first, or hung up")


def _raised_here(error: Exception) -> bool:
    """In code of ours, and not in a library that it calls."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    root = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return root not in sys.stdlib_module_names and root != "websockets"


class WebsocketDial:
    """Dials by name: looks the host up with the given resolver, then races its addresses.

    `kind` is the connection that is made, and tells how patient it is; `wall` is the time of day, only to tell a wrong
    clock from a wrong certificate.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        kind: type[WatchedConnection] = WatchedConnection,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._resolver, self._kind, self._wall = resolver, kind, wall
        self._tls: tuple[str, ssl.SSLContext] | None = None  # for which ca_file
        self._clock_check = ClockCheck(datetime.fromisoformat(f"{__made__}T00:00:00+00:00").timestamp())
        self._silent = ""  # the address that let us in the last time, and then said nothing

    def prepare(self, endpoint: Endpoint) -> None:
        """Build the TLS context before anybody waits for it (tens of milliseconds, more on a Pi)."""
        with suppress(LinkError):  # the first attempt will tell
            self._context(endpoint)

    async def __call__(self, endpoint: Endpoint, timeout_s: float) -> Transport:
        return WebsocketTransport(await self.connected(endpoint, timeout_s), endpoint.provider.remedies)

    async def connected(self, endpoint: Endpoint, timeout_s: float) -> WatchedConnection:
        """The bare connection, for whoever looks after it himself. Raises LinkError as a Dial does."""
        now_s = asyncio.get_running_loop().time()
        if endpoint.secure and self._clock_check.waits(now_s, self._wall()):
            raise LinkError("the clock is not set; no certificate can be checked before it is", "clock_unset")
        tls = self._context(endpoint)
        stop = urlsplit(endpoint.proxy) if endpoint.proxy else None
        host, port = (stop.hostname or "", stop.port or 80) if stop else (endpoint.host, endpoint.port)
        addresses = in_turn(await self._resolver.resolve(host, port), last=self._silent)
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
        attempt.route = _Route(addresses, port, endpoint.host, tls, endpoint.proxy)
        return await self._shaken(attempt, endpoint)

    async def _shaken(self, attempt: _Connect, endpoint: Endpoint) -> WatchedConnection:
        try:
            connection = await attempt
            assert isinstance(connection, WatchedConnection)
        except (OSError, WebSocketException, ValueError) as error:
            if isinstance(error, ValueError) and _raised_here(error):
                raise  # a bug; of a library it is a name or an address that cannot be
            if isinstance(error, TimeoutError) and attempt.reached:
                self._silent = attempt.reached
            raise self._failure(error, attempt, endpoint) from error
        self._silent = ""
        self._clock_check.cleared()
        connection.answer = None
        return connection

    def _failure(self, error: Exception, attempt: _Connect, endpoint: Endpoint) -> LinkError:
        wall, answer = self._wall(), attempt.refusal
        wait_s = status = None
        said: str | tuple[str, ...] = _said(error)
        if isinstance(error, ssl.SSLCertVerificationError):
            self._tls = None  # the files of authorities may be other ones the next time
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
                context = client_context(endpoint.ca_file)
            except OSError as error:
                why = error.strerror or error
                raise LinkError(f"provider.ca_file: {endpoint.ca_file}: {why}", "tls_failed") from error
            self._tls = (endpoint.ca_file, context)
        return self._tls[1]


def _said(error: Exception) -> str:
    """What of the library's words quotes the far end."""
    if isinstance(error, InvalidMessage) and error.__cause__ is not None:
        return str(error.__cause__)
    return str(error) if isinstance(error, InvalidHandshake | ProxyError) else ""


def _refusal(error: Exception) -> tuple[str, str]:  # noqa: PLR0911 one return a kind
    """What an attempt failed of: cause and words. Certificates and answers stand elsewhere."""
    match error:
        case TimeoutError():
            return "handshake_timeout", "no answer in time"
        case ssl.SSLError():
            return refusals.of_tls(error.reason or "")
        case InvalidProxyStatus():
            return refusals.of_proxy(error.response.status_code)
        case ProxyError() | InvalidProxy():
            return "proxy_refused", f"this is not the proxy of `provider.proxy` ({error})"
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
