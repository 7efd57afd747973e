"""The client with asyncio: a connection, and the manager that opens it. The rules are in exchange.py."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Mapping
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConcurrencyError, ConnectionClosed

from edged.dial.dialects import Refusal
from edged.realtime import messages, sockets
from edged.realtime.errors import APIStatusError, RealtimeClosedError
from edged.realtime.events import RealtimeEvent
from edged.realtime.exchange import Exchange
from edged.realtime.plan import CLOSE_S, ConnectionPlan, PlannedAttempt
from edged.wire import Dialect


class AsyncEvents:
    """Events until the connection ends normally. `async for` accepts it directly or awaited."""

    def __init__(self, recv: Callable[[], Awaitable[RealtimeEvent]]) -> None:
        self._recv = recv

    def __aiter__(self) -> AsyncIterator[RealtimeEvent]:
        return self

    async def __anext__(self) -> RealtimeEvent:
        try:
            return await self._recv()
        except RealtimeClosedError as closed:
            if closed.normal:
                raise StopAsyncIteration from None
            raise

    def __await__(self) -> Generator[Any, None, "AsyncEvents"]:
        yield from ()
        return self


class AsyncRealtimeConnection(sockets.ConnectionCore[Coroutine[Any, Any, None]]):
    """One open connection. Several tasks may send at a time; one task at a time may read.

    `session`, `input_audio_buffer`, `response` and `conversation.item` have a method for each client event. A message
    from the service that is not a valid event is skipped and counted in `skipped`; `recv_bytes` returns it unchanged.
    """

    def __init__(self, socket: ClientConnection, exchange: Exchange) -> None:
        super().__init__(socket, exchange, self.send)
        self._socket = socket
        self._dropping: asyncio.Future[None] | None = None
        self._answered: asyncio.Future[None] | None = None  # a reader waits for an answer that is made here

    async def send(self, event: Mapping[str, Any] | str) -> None:
        """Send an event, given as a dict or as JSON text. Waits until the socket has accepted it.

        Raises:
            RealtimeClosedError: The connection has ended.
            TypeError, ValueError: The argument is not an event.
        """
        texts = self._exchange.up(event)
        if self._exchange.has_more and self._answered is not None and not self._answered.done():
            self._answered.set_result(None)
        for text in texts:
            await self._write(text)

    async def send_audio_data(self, audio_bytes: bytes) -> None:
        """Append sound: PCM16, 24 kHz, mono, unless the session has another input format."""
        for text in messages.sound(audio_bytes):
            await self.send(text)

    async def recv(self) -> RealtimeEvent:
        """The next event. Cancelling it loses nothing.

        Raises:
            RealtimeClosedError: The connection has ended, normally or not.
        """
        while (event := self._exchange.take_event()) is None:
            await self._more()
        return event

    async def recv_bytes(self) -> bytes:
        """The next message, in the program's dialect but not parsed; `parse_event` makes an event of it."""
        while (message := self._exchange.take()) is None:
            await self._more()
        return message.encode() if isinstance(message, str) else message

    def __aiter__(self) -> AsyncIterator[RealtimeEvent]:
        return AsyncEvents(self.recv)

    def listen(self) -> AsyncEvents:
        """Events until the connection ends normally; raises RealtimeClosedError if it ends abnormally."""
        return AsyncEvents(self.recv)

    async def close(self, code: int = sockets.NORMAL, reason: str = "") -> None:
        """Close the connection and drop all messages that are not read yet. May be called again.

        If the service does not answer the close within two seconds, the connection is aborted.
        """
        frame = self._frame(code, reason)
        self._dropping = asyncio.ensure_future(self._drop())
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._socket.close(*frame)
        except TimeoutError:
            self._socket.transport.abort()  # the service has not even accepted what was sent before the close
        finally:
            self._dropping.cancel()
            await asyncio.wait({self._dropping})

    async def greet(self, within_s: float) -> Refusal:
        """Wait up to `within_s` for the greeting. Returns the refusal, if the service sent one instead."""
        with contextlib.suppress(TimeoutError, RealtimeClosedError):
            async with asyncio.timeout(within_s):
                while not self._exchange.settled:
                    self._exchange.receive(await self._read())
        return self._exchange.refusal

    async def _more(self) -> None:
        """Wait for a message from the service, or for an answer that is made here."""
        if not self._exchange.answers_itself:
            self._exchange.receive(await self._read())
            return
        reading = asyncio.ensure_future(self._read())
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answered = answered
        waiting: set[asyncio.Future[Any]] = {reading, answered}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._answered = None
            if not reading.done():
                reading.cancel()
                await asyncio.wait({reading})
            if not reading.cancelled() and reading.exception() is None:
                self._exchange.receive(reading.result())
        if not reading.cancelled():
            reading.result()  # raises what ended the reading

    async def _write(self, text: str) -> None:
        try:
            await self._socket.send(text)
        except ConnectionClosed as closed:
            raise self._end(closed) from closed

    async def _drop(self) -> None:
        """Keep reading: otherwise the service's close frame waits behind messages that nobody reads any more."""
        with contextlib.suppress(ConnectionClosed, ConcurrencyError):
            while True:
                await self._socket.recv()

    async def _read(self) -> str | bytes:
        try:
            try:
                return await self._socket.recv()
            except ConcurrencyError:
                if self._dropping is None:
                    raise
                await asyncio.wait({self._dropping})
                return await self._socket.recv()
        except ConnectionClosed as closed:
            raise self._end(closed) from closed


class AsyncRealtimeConnectionManager:
    """What `connect` returns. `async with` opens and closes a connection.

    Without `async with`, the first use opens the connection and `close` closes it. Nothing happens before the first
    use. The manager may be made on one loop and used on another.
    """

    def __init__(self, plan: ConnectionPlan) -> None:
        self._plan = plan
        self._connection: AsyncRealtimeConnection | None = None
        self._closed = False
        self._opening: asyncio.Lock | None = None

    async def enter(self) -> AsyncRealtimeConnection:
        """Open a connection; the caller closes it.

        Raises:
            APIStatusError: The service refused the handshake.
            APIConnectionError: The service cannot be reached, or did not answer in time.
        """
        self._connection, self._closed = await _opened(self._plan), False
        return self._connection

    async def __aenter__(self) -> AsyncRealtimeConnection:
        return await self.enter()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def send_audio_data(self, audio_bytes: bytes) -> None:
        """Append sound; opens the connection if it is not open yet."""
        await (await self._entered()).send_audio_data(audio_bytes)

    def listen(self) -> AsyncEvents:
        """Events until the connection ends normally; opens the connection if it is not open yet."""
        return AsyncEvents(self._recv)

    async def close(self, code: int = sockets.NORMAL, reason: str = "") -> None:
        """Close the connection, if one is open; may be called again."""
        self._closed = True
        if self._connection is not None:
            await self._connection.close(code, reason)

    async def _recv(self) -> RealtimeEvent:
        return await (await self._entered()).recv()

    async def _entered(self) -> AsyncRealtimeConnection:
        if self._connection is None and self._closed:
            raise RealtimeClosedError("closed by this program", code=sockets.NO_GOODBYE, normal=True)
        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            return self._connection or await self.enter()


class _AsyncConnect(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def _opened(plan: ConnectionPlan) -> AsyncRealtimeConnection:
    """A connection on which the service has sent its greeting, or had the time to do so."""
    attempt = PlannedAttempt(plan)
    while True:
        try:
            connection = await _dialled(plan, attempt.asked)
        except APIStatusError as error:
            if not attempt.refused(error):
                raise
            continue
        try:
            if not attempt.refused(await connection.greet(plan.greeting_s)):
                return connection
            await connection.close()
        except BaseException:  # also when cancelled: nobody else could close this connection
            await connection.close()
            raise


async def _dialled(plan: ConnectionPlan, asked: Dialect) -> AsyncRealtimeConnection:
    try:
        socket = await _AsyncConnect(plan.address(), **sockets.options(plan, asked))
    except sockets.TROUBLE as error:
        raise sockets.translated(error, plan) from error
    return AsyncRealtimeConnection(socket, Exchange(plan.speaks, asked, plan.shape, plan.model))
