"""Sockets that listen, and stay open for those who may come in whatever others do: of the daemon, relay and serve.

Rules:
1. At the limit of open files one descriptor that was kept aside lets a newcomer in for a moment: it is admitted, which
   is for the owner to say and to make room for, or it is closed at once. Nobody waits in front of a closed door, the
   loop does not turn for nothing, and the log has one line for the whole time.
2. Few are accepted in one round of the loop: those who are here already do not wait for a crowd at the door.

Not here: how long somebody may stand at the door (lobby.py), and who may come in.
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
AT_ONCE = 2  # newcomers in one round of the loop
SHUT_OUT_AT_ONCE = 64  # a millisecond; the queue is short, and others want to get into it
SPARES = 2  # descriptors that are kept aside
_TIGHT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class ListeningSocket(socket.socket):
    """Give it to `loop.create_server`; `accept` is what asyncio calls when somebody is at the door."""

    def __init__(
        self,
        listening: socket.socket,
        name: str,
        admit: Callable[[socket.socket], bool],
        welcome: Callable[[socket.socket], bool] = lambda _: True,
    ) -> None:
        """`listening` is bound, and is ours from now on; `name` is what the log calls it.

        `admit(connection)` makes room for who has come while there are no files left, or says that it has to go;
        `welcome(connection)` says of each at once whether it is looked at at all.
        """
        super().__init__(fileno=listening.detach())
        self._name, self._admit, self._welcome = name, admit, welcome
        self._spares: list[int] = []
        self._in_a_row = 0
        self._warned = False
        self._refill()

    def listen(self, backlog: int = BACKLOG) -> None:
        """Begin to, where it does not yet: a sandbox may refuse the call."""
        if not self.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            super().listen(backlog)

    def accept(self) -> tuple[socket.socket, Any]:
        """The next in the queue; BlockingIOError: nobody for now."""
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
                self._in_a_row = AT_ONCE  # who yields has gone by the next round
                return self._accept_without_files()
            if self._welcome(connection):
                self._warned = False
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
        if not self._warned:
            self._warned = True
            log.warning(
                "%s: no more files can be opened, and some who come are turned away (LimitNOFILE=, ulimit -n)",
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
    """Sockets at all addresses of `host` (empty: of this machine), at one port; 0 is any that is free. Raises OSError.

    None: this loop is none of descriptors (on Windows, in virtual time), and has its own way to listen.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, asyncio.SelectorEventLoop):
        return None
    kind, flags = socket.SOCK_STREAM, socket.AI_PASSIVE
    try:  # an address asks nobody, and needs no thread
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
                continue  # such as IPv6 where there is none: the others will do
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
