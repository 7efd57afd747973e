"""The control socket: JSON lines over a Unix socket, for local users and programs. docs/control-socket.md.

Rules:
1. A client first hears `hello`, then `snapshot`, then events as they happen; it may send commands at any time.
2. Whom the socket's file mode lets in may act; there is no remote way in. Who it is, the kernel says (SO_PEERCRED).
3. A press belongs to the client that made it: gone without a release, it is released for it. A command may say
   `"keep": true` to leave it pressed; another client or the longest hold ends it then. Of a press that was ignored the
   release is, too.
4. Bounds: `MOST_CLIENTS` clients, `MOST_LINE` bytes a line, `MOST_OUTBOX` bytes waiting for a client. A client
   that does not keep up is dropped, and counted. Nobody here can hold up a turn.
5. What is said is put into words two rounds of the loop later, and leaves in one piece: the sound of a press goes
   before the news of it.
"""

import asyncio
import contextlib
import logging
import os
import socket
import struct
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from edged import __version__
from edged.errors import CommandError, ConfigError
from edged.system.control_lines import MOST_LINE, Line, number_of, request_of

log = logging.getLogger(__name__)

PROTOCOL = 1
MOST_CLIENTS = 16
MOST_OUTBOX = 64 * 1024
AGAIN_S = 0.25  # after a connection that could not be accepted
GOODBYE_S = 0.1  # what the kernel has taken by then can be read later all the same
SWITCHES = frozenset({"mute", "unmute"})
ACTS = frozenset({"press", "release", "interrupt", "mute", "unmute", "volume", "reload"})


class Peer(NamedTuple):
    """Who is at the other end."""

    pid: int
    uid: int
    gid: int


class Controlled(Protocol):
    """What is controlled."""

    def snapshot(self) -> dict[str, object]:
        """The whole state."""
        ...

    def command(self, name: str, peer: Peer, by: object = None) -> dict[str, object]:
        """Carry out; raises CommandError. `by` holds what it presses; None: whoever comes next may release it."""
        ...

    async def kept(self) -> dict[str, object]:
        """The state, once what was switched is kept, or it is known that it is not."""

    def let_go(self, by: object) -> None:
        """Release what `by` has pressed, and nothing else."""
        ...

    async def set_volume(self, level: object) -> dict[str, object]:
        """Speak as loud as this, 0 to 100; raises CommandError."""
        ...

    async def reload(self) -> dict[str, object]:
        """Read the configuration again and say what follows; raises ConfigError or CommandError."""
        ...


class ControlServer:
    """Serves on `path`, or on a socket that is listening already."""

    def __init__(self, path: Path, target: Controlled) -> None:
        self.dropped = 0
        self._path, self._target = path, target
        self._clients: set[_Client] = set()
        self._connections: set[socket.socket] = set()
        self._listening: socket.socket | None = None
        self._owns_path = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, listening: socket.socket | None = None) -> None:
        """Begin to serve; `listening` was made by who starts us, and is taken as it is. Raises OSError."""
        if listening is None:
            listening = self._listen()
        elif (given := str(listening.getsockname())) != str(self._path):
            log.warning(
                "control.socket is %s, and systemd gave %s, which is served: ListenStream= of edged.socket decides",
                self._path,
                given,
            )
        listening.setblocking(False)
        self._listening = listening
        self._spawn(self._accept(listening))

    def _listen(self) -> socket.socket:
        if _answers(self._path):
            raise OSError(f"another edged serves {self._path}")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            before = os.umask(0o117)  # the socket is 0660 from its first moment
            try:
                listening.bind(str(self._path))
            finally:
                os.umask(before)
            listening.listen(MOST_CLIENTS)
        except OSError:
            listening.close()
            raise
        self._owns_path = True
        return listening

    def publish(self, event: dict[str, Any]) -> None:
        """Tell every client; returns at once."""
        if self._clients:
            line = Line({"type": "event", **event})
            for client in list(self._clients):
                client.send(line)

    async def close(self) -> None:
        """Say goodbye to all and leave nothing behind; takes little more than GOODBYE_S, whoever does not read."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._listening is not None:
            self._listening.close()
        self.abandon()

    def abandon(self) -> None:
        """Leave no socket behind where the process ends at once; its connections end with it. Any thread."""
        if self._owns_path:
            self._path.unlink(missing_ok=True)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "control socket", "exception": task.exception(), "task": task}
            )

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        failing = False
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError as error:  # too many files are open, most likely, and that passes
                if not failing:
                    log.warning("control socket: nobody can be let in: %s; it is tried again", error)
                failing = True
                await asyncio.sleep(AGAIN_S)
                continue
            failing = False
            self._let_in(connection)
            # Accepting does not wait while somebody queues, and others have work to do.
            await asyncio.sleep(0)

    def _let_in(self, connection: socket.socket) -> None:
        if len(self._connections) >= MOST_CLIENTS:
            self.dropped += 1
            with contextlib.suppress(OSError):
                connection.send(
                    Line({"type": "error", "error": f"{MOST_CLIENTS} clients are here already"}).encoded
                )
            connection.close()
            return
        self._connections.add(connection)  # it counts from here on: the next may be here before it is served
        self._spawn(self._serve(connection)).add_done_callback(lambda _: self._left(connection))

    def _left(self, connection: socket.socket) -> None:
        self._connections.discard(connection)
        connection.close()  # where it was never served; else its transport has

    async def _serve(self, connection: socket.socket) -> None:
        peer = Peer(*struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)))
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=MOST_LINE)
        client = _Client(writer, peer, self)
        self._clients.add(client)
        try:
            client.send(Line({"type": "hello", "protocol": PROTOCOL, "edged": __version__}))
            client.send(Line({"type": "snapshot", **self._target.snapshot()}))
            while line := await _read(reader):
                client.send(Line(await self._answer(client, line)))
        except _TooLongError:
            client.send(Line({"type": "error", "error": f"a line is at most {MOST_LINE} bytes"}))
        except ConnectionError:
            pass
        finally:
            self._clients.discard(client)
            self._target.let_go(client)
            await client.close()

    async def _answer(self, client: "_Client", line: bytes) -> dict[str, Any]:
        number: object = None
        try:
            request = request_of(line)
            number = number_of(request)
            name = request["command"]
            if name == "status":
                state = self._target.snapshot()
            elif name in ACTS:
                state = await self._act(name, request, client)
            else:
                raise CommandError(f"unknown command {name!r}; known are status, {', '.join(sorted(ACTS))}")  # noqa: TRY301
        except ConfigError as error:
            told = "the configuration can not be used; the one in use stays"
            return {"type": "answer", "id": number, "ok": False, "error": told, "problems": error.problems}
        except CommandError as error:
            fields = {"cause": error.cause, "uid": client.peer.uid, "pid": client.peer.pid}
            log.info("control socket: refused: %s", error, extra={"edged": fields})
            return {"type": "answer", "id": number, "ok": False, "error": str(error)}
        return {"type": "answer", "id": number, "ok": True, "state": state}

    async def _act(self, name: str, request: dict[str, Any], client: "_Client") -> dict[str, object]:
        if name == "volume":
            return await self._target.set_volume(request.get("volume"))
        if name == "reload":
            return await self._target.reload()
        kept = name == "press" and request.get("keep") is True
        state = self._target.command(name, client.peer, None if kept else client)
        return await self._target.kept() if name in SWITCHES else state

    def lost(self) -> None:
        """A client did not keep up."""
        self.dropped += 1
        log.info("control socket: dropped a client that did not keep up")


class _Client:
    def __init__(self, writer: asyncio.StreamWriter, peer: Peer, server: ControlServer) -> None:
        self.peer = peer
        self._writer, self._server = writer, server
        self._loop = asyncio.get_running_loop()
        self._outbox: list[Line] = []

    def send(self, line: Line) -> None:
        if not self._outbox:
            # The link's writer has been woken by then, and runs in the first of the two rounds.
            self._loop.call_soon(self._loop.call_soon, self._flush)
        self._outbox.append(line)

    async def close(self) -> None:
        """Within GOODBYE_S, whether what was said is read or not."""
        self._flush()
        self._writer.close()
        transport = self._writer.transport
        too_long = self._loop.call_later(GOODBYE_S, transport.abort)
        try:
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()
        finally:
            too_long.cancel()
            transport.abort()  # where even this wait was cut short

    def _flush(self) -> None:
        outbox, self._outbox = self._outbox, []
        transport = self._writer.transport
        if not outbox or transport.is_closing():
            return
        said = b"".join([line.encoded for line in outbox])
        if transport.get_write_buffer_size() + len(said) > MOST_OUTBOX:
            self._server.lost()
            transport.abort()
            return
        self._writer.write(said)


class _TooLongError(Exception):
    pass


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError as error:  # asyncio's word for a line past its limit
        raise _TooLongError from error


def _answers(path: Path) -> bool:
    """Whether somebody serves the socket there already."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
