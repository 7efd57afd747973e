"""Sockets that listen, and that nobody can block for others. The daemon, the relay and serve use them.

Rules:
1. Descriptors are kept in reserve. At the limit of open files, one is closed so that a new connection can be accepted.
   The owner then makes room for the connection, or the connection is closed at once. So no client waits in the queue,
   the loop does not spin, and the log has one line for the whole time.
2. Only a few connections are accepted in one round of the loop. So a crowd of new clients does not delay those that are
   already connected.

Not here: how long a client may wait to be let in (lobby.py), and who may come in.
"""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

log = logging.getLogger(__name__)

BACKLOG = 100
AT_ONCE = 2  # new connections in one round of the loop
SHUT_OUT_AT_ONCE = 64  # takes a millisecond; the queue is short, and other clients need a place in it
SPARES = 2  # descriptors kept in reserve
_TIGHT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class ListeningSocket(socket.socket):
    """Give it to `loop.create_server`; asyncio calls `accept` when a client waits in the queue."""

    def __init__(
        self,
        listening: socket.socket,
        name: str,
        admit: Callable[[socket.socket], bool],
        welcome: Callable[[socket.socket], bool] = lambda _: True,
    ) -> None:
        """`listening` must be bound, and belongs to this object from now on. `name` is its name in the log.

        `welcome(connection)` decides at once whether a new connection is considered at all. When no files are left,
        `admit(connection)` makes room for it and returns True, or returns False to refuse it.
        """
        super().__init__(fileno=listening.detach())
        self._name, self._admit, self._welcome = name, admit, welcome
        self._spares: list[int] = []
        self._in_a_row = 0
        self._is_logged = False
        self._refill()

    def listen(self, backlog: int = BACKLOG) -> None:
        """Start to listen, unless the socket listens already: a sandbox may forbid the call."""
        if not self.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            super().listen(backlog)

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection in the queue. Raises BlockingIOError if there is none now."""
        if self._in_a_row >= AT_ONCE:
            raise BlockingIOError
        if not self._in_a_row:
            asyncio.get_running_loop().call_soon(self._rested)
        self._in_a_row += 1
        self._refill()
        for _ in range(SHUT_OUT_AT_ONCE):
            try:
                connection, address = super().accept()
            except OSError as error:
                if error.errno not in _TIGHT:
                    raise
                self._in_a_row = AT_ONCE  # the client that yields is gone by the next round
                return self._accept_without_files()
            if self._welcome(connection):
                self._is_logged = False
                return connection, address
            connection.close()
        self._in_a_row = AT_ONCE
        raise BlockingIOError

    def close(self) -> None:
        while self._spares:
            os.close(self._spares.pop())
        super().close()

    def _accept_without_files(self) -> tuple[socket.socket, Any]:
        if not self._spares:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))  # asyncio tries again in a second
        os.close(self._spares.pop())
        connection, address = super().accept()
        if not self._is_logged:
            self._is_logged = True
            log.warning(
                "%s: edged has too many open files and refuses some new connections; raise LimitNOFILE= or ulimit -n",
                self._name,
            )
        if self._welcome(connection) and self._admit(connection):
            return connection, address
        connection.close()
        self._refill()
        raise BlockingIOError

    def _rested(self) -> None:
        self._in_a_row = 0

    def _refill(self) -> None:
        with suppress(OSError):
            while len(self._spares) < SPARES:
                self._spares.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))


async def bound(host: str, port: int) -> list[socket.socket] | None:
    """Return sockets bound to all addresses of `host` (empty: of this machine) at one port. Raises OSError.

    Port 0 means any free port. Returns None if this loop does not work on descriptors (on Windows, in virtual time).
    Such a loop listens in its own way.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, asyncio.SelectorEventLoop):
        return None
    kind, flags = socket.SOCK_STREAM, socket.AI_PASSIVE
    try:  # a numeric address needs no lookup, and so no thread
        found = socket.getaddrinfo(host or None, port, type=kind, flags=flags | socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = await loop.getaddrinfo(host, port, type=kind, flags=flags)
    sockets: list[socket.socket] = []
    failed: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            sockets.append(_bound(family, (address[0], port, *address[2:])))
        except OSError as error:
            failed = error
            if error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                continue  # for example IPv6 on a machine without it: the other addresses suffice
            break
        port = port or sockets[0].getsockname()[1]
    else:
        if sockets:
            return sockets
    for each in sockets:
        each.close()
    raise failed or OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))


def _bound(family: int, address: tuple[Any, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made
