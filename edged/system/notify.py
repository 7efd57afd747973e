"""Reports the state of the process to the service manager: sd_notify(3), implemented directly.

Each message is one datagram with lines of KEY=VALUE. It goes to the socket that $NOTIFY_SOCKET names: a path, or an
abstract name after an `@`. Without that variable nothing is sent. Sending never waits, and a message that cannot be
sent is not worth a failure: the status is sent again at its next change, and a manager that misses READY ends the
process, as it should.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from edged.system.redactor import REDACTOR

LONGEST_STATUS = 200  # a line of `systemctl status`


class Manager(Protocol):
    """The service manager that started this process. All methods return at once, from any thread."""

    def ready(self) -> None:
        """The process has started, or has finished reloading."""
        ...

    def status(self, say: Callable[[], str]) -> None:
        """Set the sentence for people. `say` is called only if there is a manager."""
        ...

    def reloading(self) -> None:
        """The configuration is being read again. `ready` follows."""
        ...

    def stopping(self) -> None:
        """The process is ending."""
        ...

    def alive(self) -> None:
        """There was progress since the last call."""
        ...


class NullManager:
    """There is no manager."""

    def ready(self) -> None: ...
    def status(self, say: Callable[[], str]) -> None: ...
    def reloading(self) -> None: ...
    def stopping(self) -> None: ...
    def alive(self) -> None: ...


class SystemdManager:
    """systemd, or another program that speaks its protocol at `address`."""

    def __init__(self, address: str) -> None:
        """`address` is the value of $NOTIFY_SOCKET. Raises OSError if this machine has no such sockets."""
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
    """Return the manager that the environment names, or a NullManager."""
    address = env.get("NOTIFY_SOCKET", "")
    return SystemdManager(address) if address[:1] in ("/", "@") and len(address) > 1 else NullManager()


def watchdog_s(env: Mapping[str, str], pid: int | None = None) -> float | None:
    """Return how long the manager waits for a sign of life before it ends this process (`pid`); None: forever."""
    limit_us, whom = env.get("WATCHDOG_USEC", ""), env.get("WATCHDOG_PID", "")
    if whom and whom != str(os.getpid() if pid is None else pid):
        return None  # it is meant for the process that started this one
    return (
        int(limit_us) / 1_000_000 if limit_us.isascii() and limit_us.isdigit() and int(limit_us) > 0 else None
    )
