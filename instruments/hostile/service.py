"""A service on loopback that confirms any session, accepts any question, and sends whatever a test gives it."""

import asyncio
import json
import threading
from collections.abc import Iterable
from concurrent.futures import Future

from websockets.asyncio.server import ServerConnection, serve


class Service:
    """A context manager: serves in a thread of its own."""

    def __enter__(self) -> "Service":
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._ready: Future[int] = Future()
        self._thread.start()
        self.url = f"ws://127.0.0.1:{self._ready.result(30)}/v1/realtime"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)
        self._loop.close()

    async def _serve(self) -> None:
        self._end, self._asked = asyncio.Event(), asyncio.Event()
        async with serve(
            self._talk, "127.0.0.1", 0, compression=None, max_size=None, ping_interval=None
        ) as server:
            self._ready.set_result(server.sockets[0].getsockname()[1])
            await self._end.wait()

    async def _talk(self, socket: ServerConnection) -> None:
        self.connections += 1
        self._socket = socket
        await socket.send(json.dumps({"type": "session.created", "session": {"type": "realtime", "id": "s"}}))
        async for text in socket:
            event = json.loads(text)
            match event["type"]:
                case "session.update":
                    await socket.send(json.dumps({"type": "session.updated", "session": event["session"]}))
                case "input_audio_buffer.commit":
                    await socket.send(
                        json.dumps({"type": "input_audio_buffer.committed", "item_id": "item_u"})
                    )
                case "conversation.item.retrieve":
                    error = {
                        "type": "invalid_request_error",
                        "event_id": event["event_id"],
                        "message": "no such item",
                    }
                    await socket.send(json.dumps({"type": "error", "error": error}))
                case "response.create":
                    self._asked.set()
                case _:
                    pass

    # -- from any thread -------------------------------------------------------------------------------

    def send(self, messages: Iterable[str | Iterable[str]]) -> None:
        """Send them, and wait until the other end has received everything; an iterable is one message in fragments."""
        asyncio.run_coroutine_threadsafe(self._send(messages), self._loop).result(300)

    async def _send(self, messages: Iterable[str | Iterable[str]]) -> None:
        for message in messages:
            await self._socket.send(message)
        async with asyncio.timeout(120):
            await (await self._socket.ping())

    def asked(self) -> None:
        """Wait for the next question."""
        asyncio.run_coroutine_threadsafe(self._wait(), self._loop).result(120)

    async def _wait(self) -> None:
        async with asyncio.timeout(60):
            await self._asked.wait()
        self._asked.clear()

    def begin(self, message: str, pieces: int) -> None:
        """Begin a message that never ends, with this many fragments."""
        asyncio.run_coroutine_threadsafe(self._begin(message, pieces), self._loop).result(300)

    async def _begin(self, piece: str, count: int) -> None:
        protocol = self._socket.protocol
        protocol.send_text(piece.encode(), fin=False)
        for _ in range(count):
            protocol.send_continuation(piece.encode(), fin=False)
            self._socket.send_data()
            await self._socket.drain()
