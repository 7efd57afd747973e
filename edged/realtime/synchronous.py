"""The client without asyncio: the same as asynchronous.py, over the library's threads."""

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
from edged.wire import Dialect


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
    """One open connection. Messages may be sent by several threads, and are read by one at a time.

    `session`, `input_audio_buffer`, `response`, `conversation.item` send by name. A message of the service that
    is not of the protocol is left out of the events and counted in `skipped`; `recv_bytes` gives it as it came.
    """

    def __init__(self, socket: ClientConnection, exchange: Exchange) -> None:
        super().__init__(socket, exchange, self.send)
        self._socket = socket
        self._dropping: threading.Thread | None = None

    def send(self, event: Mapping[str, Any] | str) -> None:
        """Send an event, a dict or JSON text; waits until the socket took it.

        Raises:
            RealtimeClosedError: the connection has ended.
            TypeError, ValueError: it is no event.
        """
        for text in self._exchange.up(event):
            self._write(text)

    def send_audio_data(self, audio_bytes: bytes) -> None:
        """Add sound: PCM16, 24 kHz, mono, unless the session was set to another input format."""
        for text in messages.sound(audio_bytes):
            self._write(text)

    def recv(self) -> RealtimeEvent:
        """The next event.

        Raises:
            RealtimeClosedError: the connection has ended, normally or not.
        """
        while (event := self._exchange.take_event()) is None:
            self._exchange.receive(self._read(None))
        return event

    def recv_bytes(self) -> bytes:
        """The next message, in the program's dialect but unread: `parse_event` makes an event of it."""
        while (message := self._exchange.take()) is None:
            self._exchange.receive(self._read(None))
        return message.encode() if isinstance(message, str) else message

    def __iter__(self) -> Iterator[RealtimeEvent]:
        return Events(self.recv)

    def listen(self) -> Iterator[RealtimeEvent]:
        """Events until the connection ends normally; raises RealtimeClosedError when it ends otherwise."""
        return Events(self.recv)

    def close(self, code: int = sockets.NORMAL, reason: str = "") -> None:
        """Say goodbye; may be called again, and from another thread. What has not been read by then is dropped.

        A service that does not answer is left after two seconds.
        """
        frame = self._frame(code, reason)
        self._dropping = threading.Thread(target=self._drop, name="edged-realtime-close", daemon=True)
        self._dropping.start()
        self._socket.close(*frame)
        self._dropping.join()

    def greet(self, within_s: float) -> Refusal:
        """Wait for the greeting; gives what the service refused in its place, if it did."""
        end = time.monotonic() + within_s
        with contextlib.suppress(TimeoutError, RealtimeClosedError):
            while not self._exchange.settled:
                self._exchange.receive(self._read(end - time.monotonic()))
        return self._exchange.refusal

    def _write(self, text: str) -> None:
        try:
            self._socket.send(text)
        except ConnectionClosed as closed:
            raise self._end(closed) from closed

    def _drop(self) -> None:
        """Read on, or the service's goodbye would wait behind what nobody reads any more."""
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
    """What `connect` gives: `with` opens and closes; so does using it, and `close`. Nothing happens before."""

    def __init__(self, plan: ConnectionPlan) -> None:
        self._plan = plan
        self._connection: RealtimeConnection | None = None
        self._closed = False
        self._opening = threading.Lock()

    def enter(self) -> RealtimeConnection:
        """Open a connection; the caller closes it.

        Raises:
            APIStatusError: the service refused the handshake.
            APIConnectionError: it cannot be reached, or did not answer in time.
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
        """Add sound, on a connection that is opened where it is not yet."""
        self._entered().send_audio_data(audio_bytes)

    def listen(self) -> Iterator[RealtimeEvent]:
        """Events, on a connection that is opened where it is not yet."""
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
    """A connection on which the service has greeted, or was given the time to."""
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
        except BaseException:  # Ctrl-C, too: nothing is to stay open that nobody has
            connection.close()
            raise


def _dialled(plan: ConnectionPlan, asked: Dialect) -> RealtimeConnection:
    try:
        socket = _SyncConnect(plan.url, **sockets.options(plan, asked)).__enter__()
    except sockets.TROUBLE as error:
        raise sockets.translated(error, plan) from error
    return RealtimeConnection(socket, Exchange(plan.speaks, asked))
