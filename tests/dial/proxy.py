"""A small HTTP proxy on loopback."""

import asyncio
from contextlib import asynccontextmanager

LOOPBACK = "127.0.0.1"


class Proxy:
    """Forwards every CONNECT, whatever the name, to `port`; or answers with `status`."""

    def __init__(self, port=0, *, status=200):
        self.requests, self._port, self._status = [], port, status
        self._tasks = []

    @asynccontextmanager
    async def running(self, credentials="name:pass%20word@"):
        async with await asyncio.start_server(self._serve, LOOPBACK, 0) as server:
            yield f"http://{credentials}proxy.lan:{server.sockets[0].getsockname()[1]}"
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        self._tasks.append(asyncio.current_task())
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"HTTP/1.1 {self._status} Told\r\n\r\n".encode())
        if self._status == 200:
            onward_reader, onward = await asyncio.open_connection(LOOPBACK, self._port)
            await asyncio.gather(self._pump(reader, onward), self._pump(onward_reader, writer))
        writer.close()

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()
