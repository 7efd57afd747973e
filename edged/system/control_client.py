"""The client's side of the control socket, for the command line. It is simple and blocking."""

import json
import os
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from edged.errors import CommandError, ConfigError
from edged.folders import UnfitFolderError, check

ANSWER_S = 5.0
AGAIN_S = 0.002
MOST_WAITING = 256  # events that nobody has asked for; the oldest are dropped
MOST_BYTES = 4_000_000  # of one message
_TABLES, _LISTS, _COUNTS = (
    ("link", "lost", "devices", "counters"),
    ("troubles", "endings"),
    ("turns", "pending"),
)
_TROUBLE = ("what", "cause", "text", "remedy")


class NoDaemonError(CommandError):
    """No daemon could be reached. `is_forbidden`: this user may not use a socket that is there."""

    def __init__(self, text: str, *, is_forbidden: bool) -> None:
        super().__init__(text)
        self.is_forbidden = is_forbidden


class NoAnswerError(CommandError):
    """The daemon has not answered in time."""


class ConnectionClosedError(NoAnswerError):
    """The daemon has closed the connection, or has ended."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(f"edged at {path} closed the connection")


class NonsenseError(CommandError):
    """What answers is no edged, or is one that this edged does not understand."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(
            f"what answers at {path} says something that edged does not understand: is it another program?"
            " If it is the kiosk, restart it (`sudo systemctl restart edged`)"
        )


class ControlClient:
    """A context manager; `snapshot` is the state at the time of connecting.

    Raises CommandError with a remedy, on entering and at every call.
    """

    def __init__(self, *paths: str | Path) -> None:
        """`paths` are tried one after the other; the client uses the first that accepts a connection."""
        self.snapshot: dict[str, Any] = {}
        self.release = ""  # of the daemon
        self._paths, self.path = paths, paths[0]
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._buffer = b""
        self._number = 0
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST_WAITING)  # events that came before an answer

    def __enter__(self) -> "ControlClient":
        self._socket.settimeout(ANSWER_S)
        failures: list[tuple[str | Path, OSError]] = []
        for path in self._paths:
            try:
                check(Path(path), os.environ)
                self._connect(str(path))
            except OSError as error:
                failures.append((path, error))
            else:
                self.path = path
                break
        else:
            self._socket.close()
            forbidden = any(isinstance(error, PermissionError) for _, error in failures)
            raise NoDaemonError(_nobody(failures), is_forbidden=forbidden) from failures[-1][1]
        try:
            while self.snapshot.get("type") != "snapshot":
                self.snapshot = self.receive()
                if self.snapshot.get("type") == "hello":
                    self.release = _said(self.snapshot.get("edged"))
            self._check(self.snapshot)
        except BaseException:
            self._socket.close()
            raise
        return self

    def others(self) -> list[str]:
        """The later ones of the paths at which another daemon answers."""
        found = []
        for path in self._paths[self._paths.index(self.path) + 1 :]:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
                check(Path(path), os.environ)
                asking.settimeout(ANSWER_S)
                asking.connect(str(path))
                found.append(str(path))
        return found

    def _connect(self, path: str) -> None:
        """Retry while the queue is full: the kernel lets no socket with a timeout wait for a place in the queue."""
        until_s = time.monotonic() + ANSWER_S
        while True:
            try:
                self._socket.connect(path)
            except BlockingIOError:
                if time.monotonic() > until_s:
                    raise
                time.sleep(AGAIN_S)
            else:
                return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def hand_over(self) -> tuple[socket.socket, bytes]:
        """Give the connection to somebody else, with what was read of it and nobody has received.

        Call it before the first command. The end of the block then closes nothing.
        """
        taken, self._socket = self._socket, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        taken.setblocking(False)
        return taken, self._buffer

    def command(self, name: str, **more: object) -> dict[str, Any]:
        """Carry out a command; returns the state after it, or what has changed after `reload`.

        Raises ConfigError if a configuration is refused, with one line for each of its problems.
        """
        self._number += 1
        request = {"id": self._number, "command": name, **more}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except ConnectionError as error:
            raise ConnectionClosedError(self.path) from error
        while True:
            message = self.receive()
            if message.get("type") == "event":
                self._waiting.append(message)
            if message.get("type") == "answer" and message.get("id") == self._number:
                if "problems" in message:
                    raise ConfigError(
                        [_said(each) for each in (*(message["problems"] or ()), message.get("error"))]
                    )
                if not message.get("ok"):
                    raise CommandError(_said(message.get("error")))
                state: dict[str, Any] = message.get("state", {})
                self._check(state)
                return state

    def _check(self, state: object) -> None:
        if not isinstance(state, dict) or not _is_state(state):
            raise NonsenseError(self.path)

    def events(self, within_s: float) -> Iterator[dict[str, Any]]:
        """Yield the events that have come, and those that come within this time."""
        until_s = time.monotonic() + within_s
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            while b"\n" in self._buffer:
                message = self.receive()
                if message.get("type") == "event":
                    yield message
            left_s = until_s - time.monotonic()
            if not select.select([self._socket], [], [], max(0.0, left_s))[0]:
                return
            self._read_on()

    def receive(self) -> dict[str, Any]:
        """Return the next message."""
        while b"\n" not in self._buffer:
            if len(self._buffer) > MOST_BYTES:
                raise NonsenseError(self.path)
            self._read_on()
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            message: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise NonsenseError(self.path) from error
        if not isinstance(message, dict):
            raise NonsenseError(self.path)
        if message.get("type") == "error":
            raise CommandError(_said(message.get("error")))
        return message

    def _read_on(self) -> None:
        try:
            piece = self._socket.recv(65536)
        except TimeoutError as error:
            raise NoAnswerError(f"edged at {self.path} does not answer") from error
        except ConnectionError as error:
            raise ConnectionClosedError(self.path) from error
        if not piece:
            raise ConnectionClosedError(self.path)
        self._buffer += piece


def _said(text: object) -> str:
    """What the other side says, on one line."""
    return " ".join(str(text).split())


def _is_state(state: dict[str, Any]) -> bool:
    """Whether a state has the form of docs/control-socket.md, as far as it has these parts."""
    tables = [state.get(name) or {} for name in _TABLES]
    lists = [state.get(name) or [] for name in _LISTS]
    counts = [state.get(name, 0) for name in _COUNTS]
    if not all(isinstance(each, dict) for each in tables) or not all(
        isinstance(each, list) for each in lists
    ):
        return False
    if not all(isinstance(each, dict | None) for each in (state.get("devices") or {}).values()):
        return False
    return all(isinstance(each, int) for each in (*counts, *tables[-1].values())) and all(
        isinstance(each, dict) and all(isinstance(each.get(name), str) for name in _TROUBLE)
        for each in lists[0]
    )


def _nobody(failures: list[tuple[str | Path, OSError]]) -> str:
    """One sentence with each place that was tried, and the remedy."""
    said, silent = [], []
    for path, error in failures:
        if isinstance(error, UnfitFolderError):
            said.append(str(error))
        elif isinstance(error, PermissionError):
            said.append(f"you have no permission to use {path}: use sudo, or join the group of that socket")
        else:
            silent.append(f"at {path or 'nowhere'} ({error.strerror or error})")
    if silent:
        more = " Start it with `edged run`, or name its socket with --socket" if len(failures) > 1 else ""
        said.append(f"no edged answers {' or '.join(silent)}: is edged running?{more}")
    return "; ".join(said)
