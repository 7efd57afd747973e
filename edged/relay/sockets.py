"""Connections on the `websockets` library: sends with a deadline, and closes as codes. It decides nothing.

The pings of the library are off. They would end a healthy connection that nobody reads while the other side is slow.
Here silence counts only while somebody waits for a message, and any message counts like a pong. The log of the
library names headers and keys, so it is silenced for clients; the relay's own log is enough.
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping

from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from edged.dial.diagnosis import DIALECT_REFUSED
from edged.dial.ports import Resolver
from edged.dial.transport import MOST_UNSENT, WatchedConnection
from edged.dial.websocket import MAX_MESSAGE_BYTES, WebsocketDial
from edged.errors import LinkError
from edged.relay.closing import NO_GOODBYE, PROTOCOL_ERROR, TOO_BIG
from edged.relay.ports import ClosedError, Message, RefusedError, Side, StuckError, Upstream
from edged.wire.words import Words

log = logging.getLogger(__name__)

PING_AFTER_S = 5.0  # after this much silence
PONG_FROM_SERVICE_S = 5.0
PONG_FROM_CLIENT_S = 20.0  # on a slow connection, the pong comes behind all sound that is still to be sent
OPEN_S = 10.0
SEND_S = 10.0
_LEAST = 8  # characters; a shorter part of a header is not a secret
CLOSE_S = 10.0  # at most; the caller of `close` sets the actual limit

SILENT = logging.getLogger(f"{__name__}.library")
SILENT.setLevel(logging.CRITICAL + 1)


class Socket:
    """A `Side`. It aborts a silent connection that does not answer a ping within `pong_within_s`."""

    def __init__(self, connection: Connection, pong_within_s: float = PONG_FROM_CLIENT_S) -> None:
        self._connection, self._pong_within_s = connection, pong_within_s

    async def receive(self) -> Message:
        pong: Awaitable[float] | None = None
        try:
            while True:
                try:
                    async with asyncio.timeout(PING_AFTER_S if pong is None else self._pong_within_s):
                        return await self._connection.recv()
                except TimeoutError:
                    if pong is not None and not asyncio.ensure_future(pong).done():
                        self._connection.transport.abort()
                        raise ClosedError(NO_GOODBYE, "") from None
                pong = await self._connection.ping()
        except ConnectionClosed as closed:
            raise _of(closed) from closed

    async def send(self, message: Message) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await self._connection.send(message)
        except TimeoutError as error:
            raise StuckError("does not read") from error
        except ConnectionClosed as closed:
            raise _of(closed) from closed

    async def left(self) -> ClosedError:
        await self._connection.wait_closed()
        return _of(self._connection.protocol.close_exc)

    async def close(self, code: int, reason: str, within_s: float) -> None:
        # The library first sends what the socket has not accepted yet; on a dead connection, that takes forever.
        try:
            async with asyncio.timeout(within_s):
                await self._connection.close(code, reason)
        except TimeoutError:
            self._connection.transport.abort()


def _of(closed: ConnectionClosed) -> ClosedError:
    if closed.rcvd is not None and closed.rcvd_then_sent is not False:
        return ClosedError(closed.rcvd.code, closed.rcvd.reason)
    if closed.sent is not None and closed.sent.code in (TOO_BIG, PROTOCOL_ERROR):  # the library closed it
        return ClosedError(closed.sent.code, closed.sent.reason)
    return ClosedError(NO_GOODBYE, "")


class UpstreamConnection(WatchedConnection):
    """A connection to the service.

    Clients send messages as long as those of the service, so more bytes may wait until the service has read them.
    """

    goodbye_s = CLOSE_S
    most_unsent = MOST_UNSENT + MAX_MESSAGE_BYTES


class WebsocketUpstreamDial:
    """Dials as the daemon does (dial/websocket.py). The log gets all details of a failure; clients get fewer."""

    def __init__(self, resolver: Resolver, words: Words | None = None) -> None:
        """`words` filters what clients may see of a refusal."""
        self._dial = WebsocketDial(resolver, kind=UpstreamConnection)
        self._words = words or Words()

    async def __call__(self, to: Upstream) -> Side:
        try:
            async with asyncio.timeout(OPEN_S):
                connection = await self._dial.connected(to.endpoint, OPEN_S)
        except TimeoutError as error:  # the name look-up was slow
            raise RefusedError(_words(to.host, "handshake_timeout"), "handshake_timeout") from error
        except LinkError as error:
            # A second dial may remedy a refused dialect, so that is not worth a warning.
            level = logging.INFO if error.cause == DIALECT_REFUSED else logging.WARNING
            log.log(level, "%s", self._words.failure(error))
            said = self._passed_on(error.said, to.endpoint.headers) if error.status else ""
            raise RefusedError(_words(to.host, error.cause, error.status), error.cause, said) from error
        return Socket(connection, PONG_FROM_SERVICE_S)

    def _passed_on(self, said: str | tuple[str, ...], headers: Mapping[str, str]) -> str:
        """The service's words; empty if they repeat something that was sent to it."""
        text = self._words.filtered(said if isinstance(said, str) else said[0])
        sent = [part for value in headers.values() for part in (value, *value.split())]
        return "" if any(part in text for part in sent if len(part) >= _LEAST) else text


def _words(host: str, cause: str, status: int | None = None) -> str:
    """The text for clients when the service cannot be reached or refuses."""
    if status is not None:
        return f"{host} refused the handshake with HTTP {status}"
    match cause:
        case "handshake_timeout":
            return f"{host} did not answer within {OPEN_S:.0f} s"
        case "dns_failed":
            return f"{host} has no address"
        case "tls_failed" | "clock_unset" | "captive_portal":
            return f"{host}: no secure connection"
        case "protocol_broken":
            return f"{host} does not speak WebSocket"
        case _:
            return f"{host} cannot be reached"
