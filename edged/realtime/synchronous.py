"""The client without asyncio: the same as asynchronous.py, on the threads of the `websockets` library."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

from websockets.exceptions import ConcurrencyError, ConnectionClosed
from websockets.sync.client import ClientConnection, reconnect

from edged.dial.dialects import Refusal
from edged.realtime import messages, sockets
from edged.realtime.errors import APIStatusError, RealtimeClosedError
from edged.realtime.events import RealtimeEvent
from edged.realtime.exchange import Exchange
from edged.realtime.plan import ConnectionPlan, PlannedAttempt
from edged.realtime.threads_tls import shareable
from edged.tls import client_context
from edged.wire import Dialect

# Nothing can wake a thread that waits for the socket, so it looks for answers that are made here.
LOOK_S = 0.05


class Events:
    """Events until the connection ends normally."""

    def __init__(self, recv: Callable[[], RealtimeEvent]) -> None:
        self._recv = recv

    def __iter__(self) -> Iterator[RealtimeEvent]:
        return self

    def __next__(self) -> RealtimeEvent:
        try:
            return self._recv()
        except RealtimeClosedError as closed:
            if closed.normal:
                raise StopIteration from None
            raise


class RealtimeConnection(sockets.ConnectionCore[None]):
    """One open connection. Several threads may send at a time; one thread at a time may read.

    `session`, `input_audio_buffer`, `response` and `conversation.item` have a method for each client event. A message
    from the service that is not a valid event is skipped and counted in `skipped`; `recv_bytes` returns it unchanged.
    """

    def __init__(self, socket: ClientConnection, exchange: Exchange) -> None:
        super().__init__(socket, exchange, self.send)
        self._socket = socket
        self._dropping: threading.Thread | None = None

    def send(self, event: Mapping[str, Any] | str) -> None:
        """Send an event, given as a dict or as JSON text. Waits until the socket has accepted it.

        Raises:
            RealtimeClosedError: The connection has ended.
            TypeError, ValueError: The argument is not an event.
        """
        for text in self._exchange.up(event):
            self._write(text)

    def send_audio_data(self, audio_bytes: bytes) -> None:
        """Append sound: PCM16, 24 kHz, mono, unless the session has another input format."""
        for text in messages.sound(audio_bytes):
            self.send(text)

    def recv(self) -> RealtimeEvent:
        """The next event.

        Raises:
            RealtimeClosedError: The connection has ended, normally or not.
        """
        while (event := self._exchange.take_event()) is None:
            self._more()
        return event

    def recv_bytes(self) -> bytes:
        """The next message, in the program's dialect but not parsed; `parse_event` makes an event of it."""
        while (message := self._exchange.take()) is None:
            self._more()
        return message.encode() if isinstance(message, str) else message

    def __iter__(self) -> Iterator[RealtimeEvent]:
        return Events(self.recv)

    def listen(self) -> Iterator[RealtimeEvent]:
        """Events until the connection ends normally; raises RealtimeClosedError if it ends abnormally."""
        return Events(self.recv)

    def close(self, code: int = sockets.NORMAL, reason: str = "") -> None:
        """Close the connection and drop all messages that are not read yet.

        May be called again, and from another thread. If the service does not answer the close within two seconds, the
        connection is aborted.
        """
        frame = self._frame(code, reason)
        self._dropping = threading.Thread(target=self._drop, name="edged-realtime-close", daemon=True)
        self._dropping.start()
        self._socket.close(*frame)
        self._dropping.join()

    def greet(self, within_s: float) -> Refusal:
        """Wait up to `within_s` for the greeting. Returns the refusal, if the service sent one instead."""
        end = time.monotonic() + within_s
        with contextlib.suppress(TimeoutError, RealtimeClosedError):
            while not self._exchange.settled:
                self._exchange.receive(self._read(end - time.monotonic()))
        return self._exchange.refusal

    def _more(self) -> None:
        """Wait for a message from the service, or, where answers may be made here, for a short time."""
        with contextlib.suppress(TimeoutError):
            self._exchange.receive(self._read(LOOK_S if self._exchange.answers_itself else None))

    def _write(self, text: str) -> None:
        try:
            self._socket.send(text)
        except ConnectionClosed as closed:
            raise self._end(closed) from closed

    def _drop(self) -> None:
        """Keep reading: otherwise the service's close frame waits behind messages that nobody reads any more."""
        with contextlib.suppress(ConnectionClosed, ConcurrencyError):
            while True:
                self._socket.recv()

    def _read(self, within_s: float | None) -> str | bytes:
        try:
            try:
                return self._socket.recv(within_s)
            except ConcurrencyError:
                if self._dropping is None:
                    raise
                self._dropping.join()
                return self._socket.recv(within_s)
        except ConnectionClosed as closed:
            raise self._end(closed) from closed


class RealtimeConnectionManager:
    """What `connect` returns. `with` opens and closes a connection.

    Without `with`, the first use opens the connection and `close` closes it. Nothing happens before the first use.
    """

    def __init__(self, plan: ConnectionPlan) -> None:
        self._plan = plan
        self._connection: RealtimeConnection | None = None
        self._closed = False
        self._opening = threading.Lock()

    def enter(self) -> RealtimeConnection:
        """Open a connection; the caller closes it.

        Raises:
            APIStatusError: The service refused the handshake.
            APIConnectionError: The service cannot be reached, or did not answer in time.
        """
        self._connection, self._closed = _opened(self._plan), False
        return self._connection

    def __enter__(self) -> RealtimeConnection:
        return self.enter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send_audio_data(self, audio_bytes: bytes) -> None:
        """Append sound; opens the connection if it is not open yet."""
        self._entered().send_audio_data(audio_bytes)

    def listen(self) -> Iterator[RealtimeEvent]:
        """Events until the connection ends normally; opens the connection if it is not open yet."""
        return Events(lambda: self._entered().recv())

    def close(self, code: int = sockets.NORMAL, reason: str = "") -> None:
        """Close the connection, if one is open; may be called again."""
        self._closed = True
        if self._connection is not None:
            self._connection.close(code, reason)

    def _entered(self) -> RealtimeConnection:
        if self._connection is None and self._closed:
            raise RealtimeClosedError("closed by this program", code=sockets.NO_GOODBYE, normal=True)
        with self._opening:
            return self._connection or self.enter()


class _SyncConnect(reconnect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def _opened(plan: ConnectionPlan) -> RealtimeConnection:
    """A connection on which the service has sent its greeting, or had the time to do so."""
    attempt = PlannedAttempt(plan)
    while True:
        try:
            connection = _dialled(plan, attempt.asked)
        except APIStatusError as error:
            if not attempt.refused(error):
                raise
            continue
        try:
            if not attempt.refused(connection.greet(plan.greeting_s)):
                return connection
            connection.close()
        except BaseException:  # also on Ctrl-C: nobody else could close this connection
            connection.close()
            raise


def _dialled(plan: ConnectionPlan, asked: Dialect) -> RealtimeConnection:
    options = sockets.options(plan, asked)
    try:
        if plan.url.startswith("wss:"):
            options["ssl"] = shareable(options.get("ssl") or client_context())
        socket = _SyncConnect(plan.address(), **options).__enter__()
    except sockets.TROUBLE as error:
        raise sockets.translated(error, plan) from error
    return RealtimeConnection(socket, Exchange(plan.speaks, asked, plan.shape, plan.model))
