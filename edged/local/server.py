"""The embedded service on a socket: one task a client, nothing but asyncio, so that it runs in virtual time too."""

import asyncio
import contextlib
import itertools
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from edged.local.bill import Billed, Ledger, Taken
from edged.local.session import LocalSession
from edged.local.voice import Voice
from edged.wire import Dialect

PATH = "/v1/realtime"
MAX_MESSAGE_BYTES = 16 * 2**20
SESSION_S = 3600


class LocalServer:
    """An async context manager; `url` is where it serves. Loopback unless told otherwise."""

    def __init__(
        self,
        *,
        voice: Voice,
        host: str = "127.0.0.1",
        port: int = 0,
        pace: float = 4.0,
        delta_ms: int = 200,
        think_ms: int = 150,
        keep_audio: bool = False,
    ) -> None:
        """`pace` is times real time, 0 for all at once; `port` 0 takes a free one."""
        self.ledger = Ledger(keep_audio=keep_audio)
        self._voice, self._host, self._port = voice, host, port
        self._pace, self._delta_ms, self._think_ms = pace, delta_ms, think_ms
        self._numbers = itertools.count(1)
        self._server: Server | None = None

    async def __aenter__(self) -> "LocalServer":
        self._server = await serve(
            self._client,
            self._host,
            self._port,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            ping_interval=None,
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"ws://{self._host}:{self._port}{PATH}"

    @property
    def bill(self) -> list[Billed]:
        """Every `response.done`."""
        return self.ledger.bill

    @property
    def audit(self) -> list[Taken]:
        """Every committed utterance."""
        return self.ledger.audit

    async def _client(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        beta = request.headers.get("OpenAI-Beta", "").strip() == "realtime=v1"
        model = parse_qs(urlsplit(request.path).query).get("model", ["local"])[0]
        session = LocalSession(
            session_id=self._new_id("sess"),
            model=model,
            dialect=Dialect.BETA if beta else Dialect.GA,
            voice=self._voice,
            ledger=self.ledger,
            new_id=self._new_id,
            think_s=self._think_ms / 1000,
            delta_ms=self._delta_ms,
            pace=self._pace,
        )
        with contextlib.suppress(ConnectionClosed):  # a client may go when it likes
            await self._talk(connection, session)

    async def _talk(self, connection: ServerConnection, session: LocalSession) -> None:
        loop = asyncio.get_running_loop()
        await _send(connection, session.greet())
        receiving = asyncio.ensure_future(connection.recv())
        try:
            while True:
                due = session.due()
                await asyncio.wait({receiving}, timeout=None if due is None else max(0.0, due - loop.time()))
                if receiving.done():
                    await _send(connection, session.receive(receiving.result(), loop.time()))
                    receiving = asyncio.ensure_future(connection.recv())
                await _send(connection, session.advance(loop.time()))
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):06d}"


async def _send(connection: ServerConnection, messages: list[str]) -> None:
    for message in messages:
        await connection.send(message)
