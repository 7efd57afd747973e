"""One client on a socket: moves messages between the socket and the session, with the faults in between.

One task reads and one task writes, so that messages are sent in the order in which they were made. Once
`MOST_WAITING` messages or `MOST_WAITING_BYTES` wait for a client, nothing more is read from it. A client that accepts
nothing for `STUCK_S` is dropped.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from edged.local.faulty import (
    Action,
    BreakFraming,
    ChangeSettings,
    EndConnection,
    Faulty,
    SendMessage,
    SpeakUnasked,
)
from edged.local.later import Later
from edged.local.session import LocalSession

MOST_WAITING, MOST_WAITING_BYTES = 1000, 4 * 2**20
STUCK_S = 30.0
HALF_OPEN_S = 600.0  # longer than any client waits
NO_CODE = 1005


class Talk:
    def __init__(
        self, connection: ServerConnection, session: LocalSession, faulty: Faulty, session_s: float
    ) -> None:
        self._connection, self._session, self._faulty = connection, session, faulty
        self._loop = asyncio.get_running_loop()
        self._expires_at = self._loop.time() + session_s
        self._waiting: deque[SendMessage | BreakFraming | EndConnection | SpeakUnasked] = deque()
        self._waiting_bytes = 0
        self._news = asyncio.Event()  # set when there is something to write, or the timer has to change
        self._room = asyncio.Event()  # set when there is room for more messages
        self._left = asyncio.Event()  # set when the server stops
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    async def run(self) -> None:
        """Returns when the client has left, or the server has closed the connection."""
        self._put(self._faulty.opened())
        self._say(self._session.greet(self._loop.time()))
        writing = asyncio.ensure_future(self._write())
        reading = asyncio.ensure_future(self._read())
        writing.add_done_callback(lambda task: _failed(task) and reading.cancel())  # a bug ends the talk
        try:
            await asyncio.wait({reading})
        finally:
            if self._timer is not None:
                self._timer.cancel()
            for task in (reading, writing):
                task.cancel()
            results = await asyncio.gather(reading, writing, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, ConnectionClosed):
                raise result

    def leave(self) -> None:
        """The server stops: release a client that a fault keeps waiting."""
        self._left.set()

    def speak(self) -> None:
        """Begin an answer that nobody asked for."""
        if not self._over:
            self._put([SpeakUnasked()])
            self._news.set()

    async def _read(self) -> None:
        while True:
            message = await self._connection.recv()
            if self._over:
                continue  # a dead service behind a live socket answers pings and nothing else
            taken, actions = self._faulty.came(message)
            self._put(actions)
            if taken:
                self._say(self._session.receive(self._faulty.understood(message), self._loop.time()))
            if self._waiting or self._due_changed():
                self._news.set()
            while len(self._waiting) > MOST_WAITING or self._waiting_bytes > MOST_WAITING_BYTES:
                self._room.clear()
                await self._room.wait()

    async def _write(self) -> None:
        try:
            while (end := await self._write_until_end()) is None:
                pass
            await self._end(end)
        finally:  # otherwise the reader would wait for room forever
            self._over = True
            self._clear()
            self._room.set()

    async def _write_until_end(self) -> EndConnection | None:
        """Send what is due, then sleep until there is more. Returns the reason when the connection must end."""
        while self._waiting:
            action = self._waiting.popleft()
            if isinstance(action, EndConnection):
                return action
            if isinstance(action, SpeakUnasked):
                self._say(self._session.speak(self._loop.time()))
                continue
            if isinstance(action, BreakFraming):
                self._connection.transport.write(action.frames)
                continue
            self._waiting_bytes -= len(action.message)
            try:
                async with asyncio.timeout(STUCK_S):
                    await self._connection.send(action.message)
            except TimeoutError:
                return EndConnection("drop")
        self._room.set()
        self._say(self._session.advance(self._loop.time()))
        if self._waiting:
            return None
        if self._loop.time() >= self._expires_at:
            return EndConnection("expire")
        self._set_timer()
        self._news.clear()
        await self._news.wait()
        return None

    def _say(self, messages: list[str]) -> None:
        if messages:
            self._put(self._faulty.goes(messages))

    def _put(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case ChangeSettings():  # at once, so that its confirmation goes before the next messages
                    self._say(self._session.changed(action.what))
                case Later():
                    self._loop.call_later(action.seconds, self._put_late, SendMessage(action.message))
                case _:
                    self._waiting.append(action)
                    self._waiting_bytes += len(action.message) if isinstance(action, SendMessage) else 0

    def _put_late(self, action: SendMessage) -> None:
        if not self._over:
            self._put([action])
            self._news.set()

    def _clear(self) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0

    def _due_changed(self) -> bool:
        due = self._session.due()
        return due is not None and (self._timer is None or due < self._timer.when())

    def _set_timer(self) -> None:
        due = self._session.due()
        when = self._expires_at if due is None else min(due, self._expires_at)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._news.set)

    async def _end(self, end: EndConnection) -> None:
        self._over = True
        self._clear()
        self._room.set()  # the reader goes on, and discards what still arrives
        transport = self._connection.transport
        match end.do:
            case "close" if end.code == NO_CODE:
                await self._connection.close(None)  # type: ignore[arg-type]  # a close frame may be empty
            case "close":
                await self._connection.close(end.code, end.reason)
            case "drop":
                transport.abort()
            case "expire":
                for text in self._session.expire():
                    await self._connection.send(text)
                await self._connection.close(self._session.close_code, self._session.time_is_up)
            case "half_open":
                transport.pause_reading()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HALF_OPEN_S):
                        await self._left.wait()
                transport.abort()
            case _:  # stall
                await self._left.wait()


def _failed(task: "asyncio.Future[None]") -> bool:
    return not task.cancelled() and task.exception() is not None
