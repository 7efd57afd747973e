"""Connections, over the `websockets` library: sends with a deadline, closes as codes. Decides nothing.

The library's own pings are off: they count against a connection that nobody reads from because the other side
is slow. Here silence counts only while somebody waits for a message, and any message is as good as a pong.
The library's own log names headers and keys: it is silenced here, and the relay's own lines are enough.
Redirects are not followed (they would carry the key along), and proxies of the environment are not taken by
surprise.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.http11 import Response

from edged import __version__
from edged.dial import meaning
from edged.dial.bodies import words_of
from edged.dial.http_answer import HttpAnswer
from edged.errors import LinkError
from edged.relay.closing import NO_GOODBYE, PROTOCOL_ERROR, TOO_BIG
from edged.relay.ports import ClosedError, Message, RefusedError, Side, StuckError, Upstream
from edged.tls import client_context
from edged.wire.words import Words

MAX_MESSAGE_BYTES = 16 * 2**20  # a whole retrieved item may come in one message
PING_AFTER_S = 5.0  # of silence
PONG_FROM_SERVICE_S = 5.0
PONG_FROM_CLIENT_S = 20.0  # it may come behind all the sound that a slow line has still to carry
OPEN_S = 10.0
SEND_S = 10.0
_LEAST = 8  # characters of what is sent to the service and may be secret
CLOSE_S = 10.0  # at most; who closes says how long

SILENT = logging.getLogger(f"{__name__}.library")
SILENT.setLevel(logging.CRITICAL + 1)

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Addresses of a host, at least one; raises LinkError."""


class Socket:
    """A Side: one open connection. One that is silent and answers no ping in `pong_within_s` is given up."""

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
        # The library waits behind what the socket has not taken yet, on a dead line for ever.
        try:
            async with asyncio.timeout(within_s):
                await self._connection.close(code, reason)
        except TimeoutError:
            self._connection.transport.abort()


def _of(closed: ConnectionClosed) -> ClosedError:
    if closed.rcvd is not None and closed.rcvd_then_sent is not False:
        return ClosedError(closed.rcvd.code, closed.rcvd.reason)
    if closed.sent is not None and closed.sent.code in (TOO_BIG, PROTOCOL_ERROR):  # found by the library
        return ClosedError(closed.sent.code, closed.sent.reason)
    return ClosedError(NO_GOODBYE, "")


class _RelayConnect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Dialler:
    """A Dial: looks the host (or that of the proxy) up with `resolve`, then tries its addresses in order.

    `ca_file` holds the only authorities to be trusted, in PEM; empty: the machine's. `proxy`: http://…, or empty.
    """

    def __init__(
        self, resolve: Resolve, *, ca_file: str = "", proxy: str = "", words: Words | None = None
    ) -> None:
        """`words` tells what of a refusal clients may have."""
        self._resolve, self._ca_file, self._proxy = resolve, ca_file, proxy
        self._words = words or Words()
        self._tls: ssl.SSLContext | None = None

    async def __call__(self, upstream: Upstream) -> Side:
        host = upstream.host
        try:
            if upstream.secure and self._tls is None:
                self._tls = self._context(host)
            async with asyncio.timeout(OPEN_S):
                return Socket(await self._open(upstream), PONG_FROM_SERVICE_S)
        except TimeoutError as error:
            raise RefusedError(f"{host} did not answer within {OPEN_S:.0f} s") from error
        except LinkError as error:
            raise RefusedError(f"{host} has no address") from error
        except InvalidStatus as error:
            raise self._refused(upstream, error.response) from error
        except ssl.SSLError as error:
            raise RefusedError(f"{host}: no secure connection ({error.reason or 'TLS'})") from error
        except InvalidHandshake as error:
            raise RefusedError(f"{host} does not speak WebSocket") from error
        except (OSError, WebSocketException, ValueError) as error:
            raise RefusedError(f"{host} can not be reached") from error

    def _refused(self, upstream: Upstream, response: Response) -> RefusedError:
        """A refusal, with the service's words as far as they say nothing that was sent there."""
        status, headers = response.status_code, response.headers.raw_items()
        said = words_of(HttpAnswer.read(status, response.reason_phrase, headers, bytes(response.body)))
        text = self._words.filtered(said.text)
        if any(
            part in text
            for value in upstream.headers.values()
            for part in (value, *value.split())
            if len(part) >= _LEAST
        ):
            text = ""
        words = f"{upstream.host} refused the handshake with HTTP {status}"
        return RefusedError(words, status, why=meaning.of_answer(status, said), said=text)

    def _context(self, host: str) -> ssl.SSLContext:
        try:
            return client_context(self._ca_file)
        except OSError as error:
            why = error.strerror or error
            raise RefusedError(f"{host}: no secure connection (provider.ca_file: {why})") from error

    async def _open(self, upstream: Upstream) -> Connection:
        failed: OSError = ConnectionRefusedError()
        first_stop = urlsplit(self._proxy or upstream.url)
        for address in await self._resolve(first_stop.hostname or "", first_stop.port or upstream.port):
            try:
                return await self._connect(upstream, address)
            except ssl.SSLError:
                raise
            except OSError as error:
                failed = error
        raise failed

    async def _connect(self, upstream: Upstream, address: str) -> Connection:
        way: dict[str, Any] = {"proxy": None, "host": address, "port": upstream.port}
        if self._proxy:
            way = {"proxy": _at(self._proxy, address)}
        return await _RelayConnect(
            upstream.url,
            **way,
            ssl=self._tls if upstream.secure else None,
            server_hostname=upstream.host if upstream.secure else None,
            additional_headers=dict(upstream.headers),
            user_agent_header=f"edged/{__version__}",
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            open_timeout=OPEN_S,
            close_timeout=CLOSE_S,
            ping_interval=None,
            logger=SILENT,
        )


def _at(proxy: str, address: str) -> str:
    """The proxy by its address, so that the library looks no name up: its way can hang the exit."""
    parts = urlsplit(proxy)
    credentials, at, _ = parts.netloc.rpartition("@")
    host = f"[{address}]" if ":" in address else address
    return urlunsplit(parts._replace(netloc=f"{credentials}{at}{host}:{parts.port or 80}"))
