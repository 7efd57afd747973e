"""The embedded service on a socket. It uses asyncio only, so that it runs in virtual time too.

Rules:
1. A header or a subprotocol says which dialect a client speaks.
2. A missing or wrong key is refused with HTTP 401. A web page that sends its key as a subprotocol cannot see that
   status. Its handshake succeeds; then an `error` and a close code say why, as at OpenAI. The same holds for a model
   or a dialect that is not served.
3. A client without a valid key gets no faults.
4. A server without keys refuses foreign web pages, because it serves everybody who can reach it.
5. Messages are sent in the order in which they were made. The server stops reading from a client that does not read.
"""

import asyncio
import itertools
import secrets
import ssl
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from edged import wire
from edged.hosts import asks_for_loopback, is_loopback
from edged.lobby import Lobby, by_way_of
from edged.local import bent, faults, http, refusing
from edged.local.answer import Tempo
from edged.local.bill import Billed, Ledger, Taken
from edged.local.caller import Caller, keys_at
from edged.local.connection import ClientConnection
from edged.local.entrance import Entrance, Visit
from edged.local.faults import InjectedFault
from edged.local.faulty import Faulty
from edged.local.likeness import like_of
from edged.local.planner import Planner, VoicePlanner
from edged.local.session import LocalSession
from edged.local.talk import Talk
from edged.local.unwelcome import NO_CLOSE_FRAME, Unwelcome
from edged.local.voice import Voice
from edged.wire import SUBPROTOCOL, Dialect

MAX_MESSAGE_BYTES = 16 * 2**20
OPEN_S = 60  # for a handshake, including one that a fault delays
ASKED_WITHIN_S = 10.0  # from the connection to a request that is let in
MOST_CLIENTS = 1000
GOODBYE_S = 0.7
MOST_USED = 10_000  # values of a parameter that each connection has to have for itself
UNLIMITED_S = 1e7


class LocalServer:
    """An async context manager; `url` is its address. It serves loopback by default."""

    def __init__(  # noqa: PLR0913 all are given by name, and only one is required
        self,
        *,
        voice: Voice,
        planner: Callable[[], Planner] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        pace: float = 4.0,
        delta_ms: int = 200,
        think_ms: float = 150,
        keep_audio: bool = False,
        session_s: float | None = None,
        door: http.Admission | None = None,
        fault_lines: Sequence[str] = (),
        url_faults: bool = False,
        most_clients: int = MOST_CLIENTS,
        tls: ssl.SSLContext | None = None,
        like: str = "",
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`pace` is a multiple of real time, 0 sends everything at once; `port` 0 takes a free port.

        `planner()` makes the planner of one session, which replaces the voice. `fault_lines` are the faults of every
        connection (faults.py); with `url_faults`, a client may ask for more in its URL. `most_clients` is the limit
        of clients at a time; it is lower if this process may open too few files. With `tls`, clients connect by TLS.
        `like` names a service to imitate (likeness.py); `session_s` and the values of `door` take precedence.

        Raises:
            KeyError: There is no service `like`.
            ValueError: One of the `fault_lines` is not a fault.
        """
        self._like = like_of(like)
        self.ledger = Ledger(keep_audio=keep_audio, charged_for=self._like.billed)
        self._planner = planner or (lambda: VoicePlanner(voice))
        self._host, self._port = host, port
        self._tempo = Tempo(think_ms / 1000, delta_ms, pace)
        life_s = self._like.ending.life_s if session_s is None else session_s
        self._session_s, self._wall = UNLIMITED_S if life_s is None else life_s, wall
        self._door = door or http.Admission()
        self._entrance = Entrance(self._like, self._door)
        if self._door.names_models:
            self._like = self._like.deployed(tuple(self._door.models))
        self._used: dict[str, None] = {}  # the oldest first
        self._faults = [faults.parse(line) for line in fault_lines]
        self._url_faults = url_faults
        self._numbers = itertools.count(1)
        self._connections = 0
        self._talks: dict[Talk, None] = {}  # the oldest first
        self._lobby = Lobby("serve", most=most_clients, deadline_s=ASKED_WITHIN_S)
        self._servers: list[Server] = []
        self._tls = tls

    async def __aenter__(self) -> "LocalServer":
        by_tls: dict[str, Any] = {}
        if self._tls is not None:
            by_tls = {"ssl": self._tls, "ssl_handshake_timeout": ASKED_WITHIN_S}
        for where in await self._lobby.listening(self._host, self._port):
            server = await serve(
                self._client,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=OPEN_S,
                close_timeout=GOODBYE_S,
                ping_interval=None,
                process_request=self._request,
                select_subprotocol=self._subprotocol,
                create_connection=by_way_of(self._lobby, ClientConnection),
                **by_tls,
                **where,
            )
            self._servers.append(server)
        self._port = next(iter(self._servers[0].sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for talk in tuple(self._talks):
            talk.leave()
        for server in self._servers:
            server.close()
        ended = asyncio.gather(*(server.wait_closed() for server in self._servers))
        await asyncio.wait({ended}, timeout=GOODBYE_S)
        for guest in self._lobby.present:  # clients that have not closed in time
            guest.transport.abort()
        await ended

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        scheme = "ws" if self._tls is None else "wss"
        return f"{scheme}://{host}:{self._port}{self._entrance.path}"

    @property
    def bill(self) -> list[Billed]:
        """Every `response.done`."""
        return list(self.ledger.bill)

    @property
    def audit(self) -> list[Taken]:
        """Every committed utterance."""
        return list(self.ledger.audit)

    def speak(self) -> None:
        """Begin an answer that nobody asked for in each session that has none under way, the oldest first."""
        for talk in self._talks:
            talk.speak()

    # -- before the handshake ------------------------------------------------------------------------

    async def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP and refusals before the handshake, and apply the faults of the handshake."""
        assert isinstance(connection, ClientConnection)
        if connection.trouble is not None:
            words = "A request with a body needs exactly one Content-Length, of 1 MiB at most."
            return refusing.refusal(HTTPStatus(connection.trouble), None, words)
        try:
            caller = _caller(request)
        except ValueError:
            return refusing.refusal(HTTPStatus.BAD_REQUEST, None, "The path is not a valid URL path.")
        if is_loopback(self._host) and not asks_for_loopback(caller.headers.get("host", [])):
            words = "This server serves this machine only: Host must be localhost, 127.0.0.1 or [::1]."
            return refusing.refusal(HTTPStatus.FORBIDDEN, None, words)
        if caller.is_foreign and not self._door.is_locked:
            return refusing.refusal(
                HTTPStatus.FORBIDDEN, None, "A server without keys does not serve web pages from elsewhere."
            )
        return await self._answered(connection, request, caller)

    async def _answered(
        self, connection: ClientConnection, request: Request, caller: Caller
    ) -> Response | None:
        if not caller.opens:
            reply = http.respond(
                caller.method,
                caller.path,
                connection.body,
                keys=(*caller.keys, *keys_at(caller, self._like.doorway.keys)),
                door=self._door,
                ledger=self.ledger,
                wall=self._wall(),
                new_id=self._new_id,
                now=asyncio.get_running_loop().time(),
            )
            return refusing.as_json(reply.status, reply.body)
        entry = self._entrance.entry(caller, self._wall(), self._used)
        why = entry.refused or self._no_room()
        if why is not None and why.status:
            return refusing.refused(why)
        connection.entry = entry
        if not entry.is_known:
            return None
        if not self._lobby.let_in(connection):
            words = f"This server is full: it serves {self._lobby.most} clients at a time. Try again later."
            return refusing.refusal(HTTPStatus.SERVICE_UNAVAILABLE, None, words)
        try:
            connection.faults = self._suffered(caller.query.get("fault", []))
        except ValueError as error:
            return refusing.refusal(HTTPStatus.BAD_REQUEST, "invalid_fault", str(error))
        if (value := self._entrance.fresh_value(caller)) and entry.refused is None:
            self._used[value] = None
            if len(self._used) > MOST_USED:
                del self._used[next(iter(self._used))]
        return await refusing.before(connection, request, connection.faults)

    def _suffered(self, lines: list[str]) -> tuple[InjectedFault, ...]:
        """Count one more connection and return its faults."""
        if lines and not self._url_faults:
            raise ValueError("this server takes no faults from a URL; start it with --url-faults")
        self._connections += 1
        mine = [
            fault for fault in self._faults if (fault.connections or self._connections) >= self._connections
        ]
        return (*mine, *(faults.parse(line) for line in lines))

    def _subprotocol(self, _: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """`realtime`; or the key, from a client that offers nothing else, because browsers need a selection."""
        if SUBPROTOCOL in offered:
            return Subprotocol(SUBPROTOCOL)
        key = self._entrance.key_protocol(offered)
        return None if key is None else Subprotocol(key)

    # -- after it ------------------------------------------------------------------------------------

    async def _client(self, connection: ServerConnection) -> None:
        assert isinstance(connection, ClientConnection)
        entry = connection.entry
        assert isinstance(entry, Visit)
        refused = entry.refused or self._no_room()
        if refused is not None:
            await self._see_off(connection, entry.dialect, refused)
            return
        session = LocalSession(
            session_id=self._new_id("sess"),
            model=entry.model,
            dialect=entry.dialect,
            planner=self._planner(),
            ledger=self.ledger,
            new_id=self._new_id,
            expires_at=int(self._wall() + self._session_s),
            tempo=self._tempo,
            life_s=self._session_s,
            settings=entry.settings,
            like=self._like,
            transcribes=entry.transcribes,
            undecided=entry.undecided,
        )
        talk = Talk(connection, session, Faulty(connection.faults), self._session_s)
        self._talks[talk] = None
        try:
            with self._lobby.serving(connection):
                await talk.run()
        finally:
            del self._talks[talk]
            session.close(asyncio.get_running_loop().time())

    def _no_room(self) -> Unwelcome | None:
        """The refusal of one more session; None if there is room."""
        slots = self._like.doorway.slots
        full = slots and len(self._talks) >= slots
        return self._like.doorway.no_room.about(slots=str(slots)) if full else None

    async def _see_off(self, connection: ClientConnection, dialect: Dialect, why: Unwelcome) -> None:
        if not why.silent:
            error = wire.ServerError(why.message, type=why.type, code=why.code)
            message = wire.encode(wire.ErrorEvent(error), dialect, self._new_id("event"))
            await connection.send(bent.bare(message, code_in_type=False) if why.bare else message)
        if why.close_code == NO_CLOSE_FRAME:
            connection.transport.close()
        else:
            await connection.close(why.close_code, why.close_reason)

    def _new_id(self, prefix: str) -> str:
        if prefix == http.SHORT_LIVED:
            return f"{prefix}_{secrets.token_hex(16)}"
        return f"{prefix}_{next(self._numbers):06d}"


def _caller(request: Request) -> Caller:
    return Caller.of(request.method, request.path, request.headers.raw_items())
