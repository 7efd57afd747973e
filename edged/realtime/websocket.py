"""The connection, over the `websockets` library: one attempt, its failures as causes. Decides nothing.

The library's own reconnect loop is not used, redirects are not followed (they would carry the key along),
and proxies of the environment are not taken by surprise.
"""

import asyncio
import errno
import socket
import ssl
import time
from email.utils import parsedate_to_datetime

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from edged import __version__
from edged.errors import LinkError
from edged.realtime import faults
from edged.realtime.outq import unacknowledged
from edged.realtime.ports import Resolver, Transport
from edged.realtime.providers import Endpoint

MAX_MESSAGE_BYTES = 16 * 2**20  # a whole retrieved item may come in one message
PING_EVERY_S, PONG_WITHIN_S = 5.0, 2.5  # an idle half-open line is noticed within 7.5 s
GOODBYE_S = 0.5
NOT_YET_VALID = 9  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID: the clock is behind the certificate
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}


class _Connect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebsocketDial:
    """Dials by name: looks the host up with the given resolver, then tries its addresses in order."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._tls: ssl.SSLContext | None = None

    def prepare(self, *, secure: bool) -> None:
        """Build the TLS context before anybody waits for it (tens of milliseconds, more on a Pi)."""
        if secure and self._tls is None:
            self._tls = ssl.create_default_context()

    async def __call__(self, endpoint: Endpoint, timeout_s: float) -> Transport:
        self.prepare(secure=endpoint.secure)
        addresses = await self._resolver.resolve(endpoint.host, endpoint.port)
        error = LinkError(f"no address for {endpoint.host}", "dns_failed")
        for address in addresses:
            try:
                return await self._connect(endpoint, address, timeout_s)
            except LinkError as failed:
                error = failed
                if failed.cause not in ("offline", "unreachable", "handshake_timeout"):
                    break  # it answered; its other addresses would say the same
        raise error

    async def _connect(self, endpoint: Endpoint, address: str, timeout_s: float) -> Transport:
        try:
            connection = await _Connect(
                endpoint.url,
                host=address,
                port=endpoint.port,
                ssl=self._tls if endpoint.secure else None,
                server_hostname=endpoint.host if endpoint.secure else None,
                additional_headers=dict(endpoint.headers),
                user_agent_header=f"edged/{__version__}",
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=timeout_s,
                close_timeout=GOODBYE_S,
                ping_interval=PING_EVERY_S,
                ping_timeout=PONG_WITHIN_S,
                proxy=None,
            )
        except (OSError, WebSocketException, ValueError) as error:
            raise _translated(error, endpoint.host) from error
        return WebsocketTransport(connection)


class WebsocketTransport:
    """One open connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._given = 0

    def flow(self) -> tuple[int, int] | None:
        transport = self._connection.transport
        kernel = unacknowledged(transport)
        return None if kernel is None else (self._given, transport.get_write_buffer_size() + kernel)

    async def send(self, text: str) -> None:
        self._given += len(text)
        try:
            await self._connection.send(text)
        except ConnectionClosed as closed:
            raise _of_close(closed) from closed

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise _of_close(closed) from closed

    async def close(self) -> None:
        # The library waits behind what the socket has not taken yet, on a dead line for ever.
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._connection.close()
        except TimeoutError:
            self._connection.transport.abort()


def _of_close(closed: ConnectionClosed) -> LinkError:
    if closed.rcvd is not None:
        code, reason = closed.rcvd.code, closed.rcvd.reason
        return LinkError(f"closed by the service: {code} {reason}".rstrip(), faults.of_close(code, reason))
    if closed.sent is not None and closed.sent.code == 1011:
        return LinkError("no answer to a ping", "link_silent")
    if closed.sent is not None:
        return LinkError(f"given up: {closed.sent.code} {closed.sent.reason}".rstrip(), "link_closed")
    return LinkError("the connection broke without a goodbye", "link_closed")


def _translated(error: Exception, host: str) -> LinkError:  # noqa: PLR0911 one return a kind of failure
    match error:
        case TimeoutError():
            return LinkError(f"{host} did not answer in time", "handshake_timeout")
        case ssl.SSLCertVerificationError(verify_code=code) if code == NOT_YET_VALID:
            return LinkError(f"{host}: the certificate is not valid yet; the clock is wrong", "clock_unset")
        case ssl.SSLError():
            return LinkError(f"{host}: {error}", "tls_failed")
        case socket.gaierror():
            return LinkError(f"{host}: {error}", "dns_failed")
        case InvalidStatus():
            status = error.response.status_code
            wait_s = retry_after_s(error.response.headers.get("Retry-After"), time.time())
            return LinkError(f"{host} answered HTTP {status}", faults.of_status(status), wait_s)
        case InvalidURI():
            return LinkError(str(error), "model_refused")
        case InvalidMessage():
            return LinkError(f"{host} does not speak HTTP: {error}", "unreachable")
        case InvalidHandshake():
            return LinkError(f"{host}: {error}", "captive_portal")
        case OSError() if error.errno in _NO_ROUTE:
            return LinkError(f"{host}: {error}", "offline")
        case _:
            return LinkError(f"{host}: {error}", "unreachable")


def retry_after_s(value: str | None, wall: float) -> float | None:
    """Seconds that a Retry-After header asks for (a number or a date); None where it says nothing of use."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - wall)
    except (ValueError, OverflowError):
        return None
