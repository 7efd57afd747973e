"""A proxy with TLS, as users put one in front of the relay: for the clients that connect by TLS only."""

import asyncio
import contextlib
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

from edged.local.throwaway import certificate

PIECE = 2**16


class Proxy:
    """A context manager. `cert` is the certificate that clients have to trust."""

    cert: Path

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> "Proxy":
        self.cert, self._tls = self._stack.enter_context(certificate())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._stack.close()

    def before(self, url: str) -> str:
        """The wss:// URL at which this proxy leads to `url`."""
        there = urlsplit(url)
        listening = self._listen(there.hostname or "", there.port or 0, self._tls)
        port = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        return there._replace(scheme="wss", netloc=f"localhost:{port}").geturl()

    async def _listen(self, host: str, port: int, tls: ssl.SSLContext) -> int:
        async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection(host, port)
            await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))

        server = await asyncio.start_server(through, "127.0.0.1", 0, ssl=tls)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        carrying = asyncio.all_tasks() - {asyncio.current_task()}
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Everything in one direction, until either side ends."""
    try:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                writer.write(piece)
                await writer.drain()
    finally:
        writer.close()
