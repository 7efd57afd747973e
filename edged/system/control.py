"""The control socket: JSON lines over a Unix socket, for local users and programs. docs/control-socket.md.

Rules:
1. A client first receives `hello`, then `snapshot`, then events as they happen. It may send commands at any time.
2. The mode of the socket's file decides who may connect. Everybody who may connect may act, except that the companion
   may not press (control_rights.py); there is no remote way in. The kernel says who a client is (SO_PEERCRED).
3. A press belongs to the client that made it. If the client disconnects without a release, the press is released. A
   press with `"keep": true` stays until another client releases it, or until the longest hold. If a press was ignored,
   its release is ignored, too.
4. Bounds: `MOST_CLIENTS` clients, and `MOST_OF_ONE` of one user. Root, and the user that edged runs as (who reloads it
   for systemd), have `MOST_CLIENTS` places of their own each, so no user of the group can lock them out. When no place
   is left, the first to yield is a client that has sent no command yet. If there is none, the newcomer's own client
   that was silent longest yields. A client that presses or waits for an answer never yields (places.py).
   control_guest.py bounds lines and unread output. A client that does not keep up is disconnected and counted. No
   client can delay a turn.
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
from edged.system.control_rights import Rights
from edged.system.repeats import RepeatRate, Repeats

log = logging.getLogger(__name__)

PROTOCOL = 2  # since 2, some states of a turn have other names
MOST_CLIENTS = 16
MOST_OF_ONE = 8
# Connections of one user of the group: this many in a row, and one more for every 50 ms.
OFTEN = RepeatRate(16, 50)
STREAMS = ("levels", "wire")
SWITCHES = frozenset({"mute", "unmute", "toggle_mute"})
ACTS = SWITCHES | {
    "press",
    "release",
    "interrupt",
    "stop",
    "new_conversation",
    "repeat_answer",
    "more_time",
    "volume",
    "volume_up",
    "volume_down",
    "shutdown",
    "reload",
}

KNOWN = ("status", "levels", "wire", "config", "say", *sorted(ACTS))


class Controlled(Protocol):
    """The kiosk that the socket controls."""

    def snapshot(self) -> dict[str, object]:
        """The whole state."""
        ...

    def command(self, name: str, peer: Peer, by: object = None) -> dict[str, object]:
        """Carry out a command; raises CommandError. `by` becomes the holder of a press; None: anyone may release."""
        ...

    async def kept(self) -> dict[str, object]:
        """Return the state once a switched setting is saved, or saving it has failed."""

    def let_go(self, by: object) -> None:
        """Release what `by` has pressed, and nothing else."""
        ...

    async def set_volume(self, level: object) -> dict[str, object]:
        """Set the loudness, 0 to 100; raises CommandError."""
        ...

    def want_levels(self, wanted: bool) -> None:  # noqa: FBT001 a switch
        """Begin or end to call `publish_level` with the level of the microphone."""

    def want_wire(self, wanted: bool) -> None:  # noqa: FBT001 a switch
        """Begin or end to call `publish_wire` with the types of the messages between kiosk and service."""

    def configuration(self, start: object) -> dict[str, object]:
        """Part of the configuration in use, from setting number `start` on; raises CommandError."""
        ...

    def say(self, text: object) -> dict[str, object]:
        """Let the kiosk say a text, with the outcome; raises CommandError."""
        ...

    async def reload(self) -> dict[str, object]:
        """Read the configuration again and say what changed; raises ConfigError or CommandError."""
        ...


class ControlServer:
    """Serves on `path`, or on a socket that already listens."""

    def __init__(self, path: Path, target: Controlled, rights: Rights | None = None) -> None:
        self.dropped = 0
        self._rights = rights or Rights()
        self._path, self._target = path, target
        self._clients: dict[ControlGuest, asyncio.Event] = {}  # the event is set when the client has gone
        self._root, self._own = Places[ControlGuest](MOST_CLIENTS), Places[ControlGuest](MOST_CLIENTS)
        self._others = Places[ControlGuest](MOST_CLIENTS, MOST_OF_ONE)
        self._knocks = Repeats()
        self._server: asyncio.Server | None = None
        self._owns_path = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, listening: socket.socket | None = None) -> None:
        """Begin to serve. `listening` comes from the service manager and is used as it is. Raises OSError."""
        if listening is None:
            listening = self._listen()
        elif (given := str(listening.getsockname())) != str(self._path):
            log.warning(
                "control.socket is %s, but edged serves %s, the socket from systemd (ListenStream= of edged.socket)",
                self._path,
                given,
            )
        door = ListeningSocket(listening, "control socket", self._admit, self._welcome)
        self._server = await asyncio.get_running_loop().create_server(lambda: ControlGuest(self), sock=door)

    def _listen(self) -> socket.socket:
        claim(self._path, os.environ)
        if _answers(self._path):
            raise OSError(f"another edged process already serves {self._path}")
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
        """Send an event to every client. Returns at once."""
        if self._clients:
            line = ControlLine({"type": "event", **event})
            for client in list(self._clients):
                client.send(line)

    def publish_level(self, event: dict[str, Any]) -> None:
        """Send a level to the clients that have asked for the levels. Returns at once."""
        self._publish_to("levels", event)

    def publish_wire(self, event: dict[str, Any]) -> None:
        """Send what happens on the wire to the clients that have asked for it. Returns at once."""
        self._publish_to("wire", event)

    def _publish_to(self, stream: str, event: dict[str, Any]) -> None:
        line = ControlLine({"type": "event", **event})
        for client in list(self._clients):
            if stream in client.wants:
                client.send(line)

    async def close(self) -> None:
        """Disconnect all clients and remove the socket. Takes little more than GOODBYE_S, even if no client reads."""
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
        """Remove the socket when the process ends at once; its connections end with it. Any thread may call it."""
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
        self._rights.came(client.peer.uid)
        client.send(ControlLine({"type": "hello", "protocol": PROTOCOL, "edged": __version__}))
        client.send(ControlLine({"type": "snapshot", **self._target.snapshot()}))
        why = "a new client got this place, because this client was silent"
        try:
            yields = self._places(client.peer.uid).take(client, client.peer.uid)
        except FullError:
            yields, why = client, f"{MOST_CLIENTS} clients are connected already, and all of them are busy"
        if yields is not None:
            self._turn_away(yields, why)

    def asked(self, client: ControlGuest, line: bytes) -> None:
        self._hear(client)
        self._spawn(self._serve(client, line))

    def gone(self, client: ControlGuest) -> None:
        self._clients.pop(client).set()
        if client.holds:
            self._target.let_go(client)
        for stream in tuple(client.wants):
            self._want(stream, client, wanted=False)
        if not client.busy:  # a client whose command is still running keeps its place until the answer
            self._places(client.peer.uid).leave(client)

    def lost(self) -> None:
        """A client did not keep up with its output."""
        self.dropped += 1
        log.info("control socket: disconnected a client that did not read fast enough")

    async def _serve(self, client: ControlGuest, line: bytes) -> None:
        try:
            client.send(ControlLine(await self._answer(client, line)))
        except Exception:  # a bug: it is reported as one, and the connection ends
            client.abort()
            raise
        finally:
            client.answered()
            self._hear(client)
            if client not in self._clients:
                self._places(client.peer.uid).leave(client)

    def _want(self, stream: str, client: ControlGuest, *, wanted: bool) -> None:
        client.wants.discard(stream)
        if wanted and client in self._clients:  # it may have gone meanwhile
            client.wants.add(stream)
        is_wanted = any(stream in each.wants for each in self._clients)
        (self._target.want_levels if stream == "levels" else self._target.want_wire)(is_wanted)

    def _hear(self, client: ControlGuest) -> None:
        held = client.busy or client.holds
        self._places(client.peer.uid).hear(client, Standing.HELD if held else Standing.SETTLED)

    def _places(self, uid: int) -> Places[ControlGuest]:
        return self._root if uid == 0 else self._own if uid == os.geteuid() else self._others

    def _turn_away(self, client: ControlGuest, why: str) -> None:
        self.dropped += 1
        log.info("control socket: too many clients; one of uid %d was disconnected", client.peer.uid)
        client.leave(why)

    def _welcome(self, connection: socket.socket) -> bool:
        """Refuse a client of a user who connects faster than edged can greet, so that others find room in the queue."""
        uid = peer_of(connection).uid
        if self._places(uid) is not self._others:
            return True
        now_ms = round(asyncio.get_running_loop().time() * 1000)
        return self._knocks.admit((str(uid),), now_ms, OFTEN) is not None

    def _admit(self, connection: socket.socket) -> bool:
        """No files are left: a waiting client makes room. Root and edged's own user may always come in."""
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
            if (refusal := self._rights.refusal(name, client.peer.uid)) is not None:
                raise CommandError(refusal)  # noqa: TRY301
            if name in ("status", *STREAMS):
                if name in STREAMS:
                    self._want(name, client, wanted=request.get("on", True) is True)
                state = self._target.snapshot()
            elif name == "config":
                state = self._target.configuration(request.get("from", 0))
            elif name == "say":
                state = self._target.say(request.get("text"))
            elif name in ACTS:
                state = await self._act(name, request, client)
            else:
                raise CommandError(f"unknown command {name!r}; known are {', '.join(KNOWN)}")  # noqa: TRY301
        except ConfigError as error:
            words = "the configuration cannot be used; the current one stays in use"
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
    """Whether a process already serves the socket at `path`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:
            return True  # it is busy: its queue is full
        except OSError:
            return False
        return True
