"""The control socket: JSON lines over a Unix socket, for local users and programs. docs/control-socket.md.

Rules:
1. A client first hears `hello`, then `snapshot`, then events as they happen; it may send commands at any time.
2. Whom the socket's file mode lets in may act; there is no remote way in. Who it is, the kernel says (SO_PEERCRED).
3. A press belongs to the client that made it: gone without a release, it is released for it. A command may say
   `"keep": true` to leave it pressed; another client or the longest hold ends it then. Of a press that was ignored the
   release is, too.
4. Bounds: `MOST_CLIENTS` clients, `MOST_OF_ONE` of one user, and as many beside them of root, and of the user that
   edged runs as (who reloads it for systemd): no user of the group can keep these out. Where there is no place, one
   that has sent no command yet yields, then one of the newcomer's own, the one that was not heard for longest; nobody
   who presses or waits for an answer does (places.py). Lines and what waits for a client: control_guest.py. A client
   that does not keep up is dropped, and counted. Nobody here can hold up a turn.
"""

import asyncio
import logging
import os
import socket
from pathlib import Path
from typing import Any, Protocol

from edged import __version__
from edged.errors import CommandError, ConfigError
from edged.folders import claim
from edged.listener import ListeningSocket
from edged.places import FullError, Places, Standing
from edged.system.control_guest import ControlGuest, Peer, peer_of
from edged.system.control_lines import ControlLine, number_of, request_of
from edged.system.repeats import RepeatRate, Repeats

log = logging.getLogger(__name__)

PROTOCOL = 2  # 2: states of a turn have other names
MOST_CLIENTS = 16
MOST_OF_ONE = 8
OFTEN = RepeatRate(
    16, 50
)  # connections of one user of the group: so many in a row, and one more for each 50 ms
SWITCHES = frozenset({"mute", "unmute"})
ACTS = frozenset({"press", "release", "interrupt", "mute", "unmute", "volume", "reload"})


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
        self._clients: dict[ControlGuest, asyncio.Event] = {}  # set when it has gone
        self._root, self._own = Places[ControlGuest](MOST_CLIENTS), Places[ControlGuest](MOST_CLIENTS)
        self._others = Places[ControlGuest](MOST_CLIENTS, MOST_OF_ONE)
        self._knocks = Repeats()
        self._server: asyncio.Server | None = None
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
        door = ListeningSocket(listening, "control socket", self._admit, self._welcome)
        self._server = await asyncio.get_running_loop().create_server(lambda: ControlGuest(self), sock=door)

    def _listen(self) -> socket.socket:
        claim(self._path, os.environ)
        if _answers(self._path):
            raise OSError(f"another edged serves {self._path}")
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            before = os.umask(0o117)  # the socket is 0660 from its first moment
            try:
                listening.bind(str(self._path))
            finally:
                os.umask(before)
        except OSError:
            listening.close()
            raise
        self._owns_path = True
        return listening

    def publish(self, event: dict[str, Any]) -> None:
        """Tell every client; returns at once."""
        if self._clients:
            line = ControlLine({"type": "event", **event})
            for client in list(self._clients):
                client.send(line)

    async def close(self) -> None:
        """Say goodbye to all and leave nothing behind; takes little more than GOODBYE_S, whoever does not read."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        gone = list(self._clients.values())
        for client in list(self._clients):
            client.leave()
        for each in gone:
            await each.wait()
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

    # -- clients, one by one -------------------------------------------------------------------------

    def came(self, client: ControlGuest) -> None:
        self._clients[client] = asyncio.Event()
        client.send(ControlLine({"type": "hello", "protocol": PROTOCOL, "edged": __version__}))
        client.send(ControlLine({"type": "snapshot", **self._target.snapshot()}))
        why = "another client has come, and takes the place of one that was quiet"
        try:
            yields = self._places(client.peer.uid).take(client, client.peer.uid)
        except FullError:
            yields, why = client, f"{MOST_CLIENTS} clients are here already, all at work"
        if yields is not None:
            self._turn_away(yields, why)

    def asked(self, client: ControlGuest, line: bytes) -> None:
        self._hear(client)
        self._spawn(self._serve(client, line))

    def gone(self, client: ControlGuest) -> None:
        self._clients.pop(client).set()
        if client.holds:
            self._target.let_go(client)
        if not client.busy:  # what it asked for goes on, and counts as it did
            self._places(client.peer.uid).leave(client)

    def lost(self) -> None:
        """A client did not keep up."""
        self.dropped += 1
        log.info("control socket: dropped a client that did not keep up")

    async def _serve(self, client: ControlGuest, line: bytes) -> None:
        try:
            client.send(ControlLine(await self._answer(client, line)))
        except Exception:  # a bug: it is told as one, and this is the end of the connection
            client.abort()
            raise
        finally:
            client.answered()
            self._hear(client)
            if client not in self._clients:
                self._places(client.peer.uid).leave(client)

    def _hear(self, client: ControlGuest) -> None:
        held = client.busy or client.holds
        self._places(client.peer.uid).hear(client, Standing.HELD if held else Standing.SETTLED)

    def _places(self, uid: int) -> Places[ControlGuest]:
        return self._root if uid == 0 else self._own if uid == os.geteuid() else self._others

    def _turn_away(self, client: ControlGuest, why: str) -> None:
        self.dropped += 1
        log.info("control socket: no place for all who come; one of uid %d was sent away", client.peer.uid)
        client.leave(why)

    def _welcome(self, connection: socket.socket) -> bool:
        """Not one of a crowd that comes faster than it can be greeted: the queue has to have room for others."""
        uid = peer_of(connection).uid
        if self._places(uid) is not self._others:
            return True
        now_ms = round(asyncio.get_running_loop().time() * 1000)
        return self._knocks.admit((str(uid),), now_ms, OFTEN) is not None

    def _admit(self, connection: socket.socket) -> bool:
        """There are no files left: whoever waits makes room, and those who look after edged come in all the same."""
        places = self._places(peer_of(connection).uid)
        yields = self._others.spare() or places.spare()
        if yields is not None:
            self._turn_away(yields, "there are too many open files")
        return yields is not None or places is not self._others

    async def _answer(self, client: ControlGuest, line: bytes) -> dict[str, Any]:
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
            words = "the configuration can not be used; the one in use stays"
            return {"type": "answer", "id": number, "ok": False, "error": words, "problems": error.problems}
        except CommandError as error:
            fields = {"cause": error.cause, "uid": client.peer.uid, "pid": client.peer.pid}
            log.info("control socket: refused: %s", error, extra={"edged": fields})
            return {"type": "answer", "id": number, "ok": False, "error": str(error)}
        return {"type": "answer", "id": number, "ok": True, "state": state}

    async def _act(self, name: str, request: dict[str, Any], client: ControlGuest) -> dict[str, object]:
        if name == "volume":
            return await self._target.set_volume(request.get("volume"))
        if name == "reload":
            return await self._target.reload()
        kept = name == "press" and request.get("keep") is True
        if name in ("press", "release"):
            client.holds = name == "press" and not kept
        state = self._target.command(name, client.peer, None if kept else client)
        return await self._target.kept() if name in SWITCHES else state


def _answers(path: Path) -> bool:
    """Whether somebody serves the socket there already."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:
            return True  # and has more to do than it can: its queue is full
        except OSError:
            return False
        return True
