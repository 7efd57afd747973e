"""Tells the service manager how it goes: sd_notify(3), by the protocol itself.

One datagram a message, lines of KEY=VALUE, to the socket that $NOTIFY_SOCKET names: a path, or an abstract name after
an `@`. Where there is none nobody listens and nothing is sent. It never waits, and what cannot be sent is not worth
failing for: a status is told again at the next change, and who misses a READY kills us, as it should.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from edged.system.redactor import REDACTOR

LONGEST_STATUS = 200  # a line of `systemctl status`


class Manager(Protocol):
    """Who started us and wants to know. All of it returns at once, from any thread."""

    def ready(self) -> None:
        """Started, or done with reloading."""
        ...

    def status(self, say: Callable[[], str]) -> None:
        """What a person is shown; `say` is asked only where somebody listens."""
        ...

    def reloading(self) -> None:
        """The configuration is being read again; `ready` follows."""
        ...

    def stopping(self) -> None:
        """On the way out."""
        ...

    def alive(self) -> None:
        """There was progress since the last time."""
        ...


class NullManager:
    """Nobody."""

    def ready(self) -> None: ...
    def status(self, say: Callable[[], str]) -> None: ...
    def reloading(self) -> None: ...
    def stopping(self) -> None: ...
    def alive(self) -> None: ...


class SystemdManager:
    """systemd, or whoever speaks its protocol at `address`."""

    def __init__(self, address: str) -> None:
        """`address` as $NOTIFY_SOCKET has it. Raises OSError where this machine has no such sockets."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        self._status = ""

    def close(self) -> None:
        self._socket.close()

    def ready(self) -> None:
        self._send("READY=1")

    def status(self, say: Callable[[], str]) -> None:
        # A line break would begin another field.
        said = REDACTOR.redacted(say())
        line = " ".join("".join(char if char.isprintable() else " " for char in said).split())
        line = line[:LONGEST_STATUS]
        if line != self._status and self._send(f"STATUS={line}"):
            self._status = line

    def reloading(self) -> None:
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def alive(self) -> None:
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> bool:
        try:
            self._socket.sendto("\n".join(lines).encode(errors="replace"), self._address)
        except OSError:
            return False
        return True


def manager(env: Mapping[str, str]) -> Manager:
    """The one that the environment names; nobody where it names none."""
    address = env.get("NOTIFY_SOCKET", "")
    return SystemdManager(address) if address[:1] in ("/", "@") and len(address) > 1 else NullManager()


def watchdog_s(env: Mapping[str, str], pid: int | None = None) -> float | None:
    """How long the manager waits for a sign of life before it ends us; None: for ever. `pid` is ours."""
    limit_us, whom = env.get("WATCHDOG_USEC", ""), env.get("WATCHDOG_PID", "")
    if whom and whom != str(os.getpid() if pid is None else pid):
        return None  # meant for the process that started us
    return (
        int(limit_us) / 1_000_000 if limit_us.isascii() and limit_us.isdigit() and int(limit_us) > 0 else None
    )
