"""What most programs do: `async for socket in connect(url)` and a queue of messages. For comparison."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from edged import wire
from edged.wire import Dialect, Settings
from instruments.lab.stamp import stamps

FRAME = 480  # samples: 20 ms


class Naive:
    """A microphone whose sound tells its own position, a button, and a socket. `links` is (when, up?)."""

    def __init__(self, url: str) -> None:
        self.links: list[tuple[float, bool]] = []
        self.windows: list[tuple[float, int, int]] = []  # (released at, first sample, last sample)
        self._url = url
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._at = 0

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        async for socket in connect(self._url, compression=None, proxy=None):
            self.links.append((loop.time(), True))
            listening = asyncio.ensure_future(self._listen(socket))
            try:
                await socket.send(wire.session_update(Settings(), Dialect.GA, "u"))
                while True:
                    await socket.send(await self._queue.get())
            except ConnectionClosed:
                self.links.append((loop.time(), False))
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def hold(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        first = self._at
        for _ in range(max(5, int(seconds / 0.02))):
            await asyncio.sleep(0.02)
            self._queue.put_nowait(wire.append(stamps(self._at, FRAME)))
            self._at += FRAME
        self._queue.put_nowait(wire.commit("c"))
        self._queue.put_nowait(wire.response_create("r"))
        self.windows.append((loop.time(), first, self._at))

    async def _listen(self, socket) -> None:
        with suppress(ConnectionClosed):
            async for _ in socket:
                pass
