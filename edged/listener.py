"""Sockets that listen, and stay open for those who may come in whatever others do: of the daemon, relay and serve.

Rules:
1. At the limit of open files one descriptor that was kept aside lets a newcomer in for a moment: it is admitted, which
   is for the owner to say and to make room for, or it is closed at once. Nobody waits in front of a closed door, the
   loop does not turn for nothing, and the log has one line for the whole time.
2. Few are accepted in one round of the loop: those who are here already do not wait for a crowd at the door.
3. In front of a service (`Lobby`) at most so many may be who have not shown yet that they may come in, none of them
   longer than `deadline_s`; when one more comes, one of them goes (places.py). Those who are in stay in, and are
   bounded, too; one more is refused.

Not here: who may come in.
"""

import asyncio
import errno
import ipaddress
import logging
import os
import resource
import socket
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from edged.places import FullError, Places, Standing

log = logging.getLogger(__name__)

BACKLOG = 100
AT_ONCE = 2  # newcomers in one round of the loop
SHUT_OUT_AT_ONCE = 64  # a millisecond; the queue is short, and others want to get into it
SPARES = 2  # descriptors that are kept aside
RESERVED = 24  # descriptors for what a process opens besides: names, files, a proxy's addresses
MOST_WAITING = 64
_TIGHT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listening(socket.socket):
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
        self._told = False
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
                self._told = False
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
        if not self._told:
            self._told = True
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


def affordable(most: int, each: int) -> tuple[int, int]:
    """Places for who waits, and for `most` clients of `each` descriptors, or as many as this process may open."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    left = most * each + MOST_WAITING if limit == resource.RLIM_INFINITY else limit - _open_files() - RESERVED
    waiting = max(1, min(MOST_WAITING, left // 4))
    return waiting, max(1, min(most, (left - waiting) // each))


def _open_files() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return 0


class Guest(Hashable, Protocol):
    """A connection to a server: an asyncio protocol of whatever kind."""

    @property
    def transport(self) -> asyncio.Transport:
        """From `connection_made` on."""
        ...


class Lobby:
    """Who is at the door of a service, and who is in."""

    def __init__(self, name: str, *, most: int, each: int = 1, deadline_s: float) -> None:
        """`each` is the descriptors that a client takes, `deadline_s` the time it has to show that it may come in."""
        self._name, self._deadline_s = name, deadline_s
        waiting, most = affordable(most, each)
        self._waiting: Places[Guest] = Places(waiting)
        self._inside: Places[Guest] = Places(most)
        self._deadlines: dict[Guest, asyncio.TimerHandle] = {}  # of all whose connection lasts
        self._served: set[Guest] = set()

    @property
    def most(self) -> int:
        """How many may be in."""
        return self._inside.most

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def inside(self) -> int:
        return len(self._inside)

    @property
    def present(self) -> list[Guest]:
        """All whose connection lasts."""
        return list(self._deadlines)

    def came(self, guest: Guest) -> None:
        """Somebody has connected."""
        loop = asyncio.get_running_loop()
        self._deadlines[guest] = loop.call_later(self._deadline_s, self._too_late, guest)
        address = guest.transport.get_extra_info("peername")
        yields = self._waiting.take(guest, _network(str(address[0])) if address else None)
        if yields is not None:
            self._turn_away(yields)

    def let_in(self, guest: Guest) -> bool:
        """It may come in; False: there is no place."""
        with suppress(FullError):
            self._inside.take(guest, guest, Standing.HELD)
            self._waiting.leave(guest)
            return True
        return False

    @contextmanager
    def serving(self, guest: Guest) -> Iterator[None]:
        """Something is done for it, and its place is its own as long as that lasts."""
        self._served.add(guest)
        try:
            yield
        finally:
            self._served.discard(guest)
            self._free(guest)

    def gone(self, guest: Guest) -> None:
        """Its connection is no more."""
        self._waiting.leave(guest)
        if (deadline := self._deadlines.pop(guest, None)) is not None:
            deadline.cancel()
        self._free(guest)

    def _free(self, guest: Guest) -> None:
        if guest not in self._served and guest not in self._deadlines:
            self._inside.leave(guest)

    def admit(self, _: socket.socket) -> bool:
        """Make room for one while no files are left; see Listening."""
        yields = self._waiting.spare()
        if yields is not None:
            self._turn_away(yields)
        return yields is not None

    async def listening(self, host: str, port: int) -> list[dict[str, Any]]:
        """Keywords of one `loop.create_server` each, that listen there. Raises OSError."""
        sockets = await bound(host, port)
        if sockets is None:
            return [{"host": host, "port": port}]
        return [{"sock": Listening(each, self._name, self.admit)} for each in sockets]

    def _too_late(self, guest: Guest) -> None:
        if guest in self._waiting:
            guest.transport.abort()

    def _turn_away(self, guest: Guest) -> None:
        log.info(
            "%s: more come than can wait: the oldest that has not shown who it is was sent away", self._name
        )
        guest.transport.abort()


def _network(address: str) -> Hashable:
    """Whose an address is: of IPv6 everybody has 2**64."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return known if known.version == 4 else int(known) >> 64
