"""Tracks the clients of a server: those that wait to be let in, and those that are in. The relay and serve use it.

Rules:
1. A client waits until it has shown that it may come in, for at most `deadline_s`. The number of waiting clients is
   bounded: when one more comes, one of them has to go (places.py).
2. A client that is in stays in. The number of these clients is bounded, too, and one more is refused. A place becomes
   free when the client's connection is gone and no more work is done for it.

Not here: who may come in.
"""

import asyncio
import logging
import resource
import socket
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, cast

from edged.hosts import owner_of
from edged.listener import ListeningSocket, bound
from edged.places import FullError, Places, Standing

log = logging.getLogger(__name__)

RESERVED = 24  # descriptors for everything else a process opens: name lookups, files, a proxy's addresses
MOST_WAITING = 64


def affordable(most: int, each: int) -> tuple[int, int]:
    """Return the places for waiting clients, and for clients that are in: `most`, or fewer if files are limited.

    A client that is in takes `each` descriptors.
    """
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
    """A connection to a server: any asyncio protocol."""

    @property
    def transport(self) -> asyncio.Transport:
        """Set from `connection_made` on."""
        ...


class Lobby:
    """The clients of one server: those that wait, and those that are in."""

    def __init__(self, name: str, *, most: int, each: int = 1, deadline_s: float) -> None:
        """A client takes `each` descriptors, and has `deadline_s` to show that it may come in."""
        self._name, self._deadline_s = name, deadline_s
        waiting, most = affordable(most, each)
        self._waiting: Places[Guest] = Places(waiting)
        self._inside: Places[Guest] = Places(most)
        self._deadlines: dict[Guest, asyncio.TimerHandle] = {}  # the deadlines of all open connections
        self._served: set[Guest] = set()

    @property
    def most(self) -> int:
        """How many clients may be in."""
        return self._inside.most

    @property
    def present(self) -> list[Guest]:
        """All clients whose connection is open."""
        return list(self._deadlines)

    def came(self, guest: Guest) -> None:
        """A client has connected."""
        loop = asyncio.get_running_loop()
        self._deadlines[guest] = loop.call_later(self._deadline_s, self._too_late, guest)
        address = guest.transport.get_extra_info("peername")
        yields = self._waiting.take(guest, owner_of(str(address[0])) if address else None)
        if yields is not None:
            self._turn_away(yields)

    def let_in(self, guest: Guest) -> bool:
        """Let the client in. Returns False if there is no place."""
        with suppress(FullError):
            self._inside.take(guest, guest, Standing.HELD)
            self._waiting.leave(guest)
            return True
        return False

    @contextmanager
    def serving(self, guest: Guest) -> Iterator[None]:
        """Work is done for the client; it keeps its place until the work ends."""
        self._served.add(guest)
        try:
            yield
        finally:
            self._served.discard(guest)
            self._free(guest)

    def gone(self, guest: Guest) -> None:
        """The client's connection is closed."""
        self._waiting.leave(guest)
        if (deadline := self._deadlines.pop(guest, None)) is not None:
            deadline.cancel()
        self._free(guest)

    def _free(self, guest: Guest) -> None:
        if guest not in self._served and guest not in self._deadlines:
            self._inside.leave(guest)

    def admit(self, _: socket.socket) -> bool:
        """Make room for one client while no files are left; see ListeningSocket."""
        yields = self._waiting.spare()
        if yields is not None:
            self._turn_away(yields)
        return yields is not None

    async def listening(self, host: str, port: int) -> list[dict[str, Any]]:
        """Return the keyword arguments for one `loop.create_server` call per socket. Raises OSError."""
        sockets = await bound(host, port)
        if sockets is None:
            return [{"host": host, "port": port}]
        return [{"sock": ListeningSocket(each, self._name, self.admit)} for each in sockets]

    def _too_late(self, guest: Guest) -> None:
        if guest in self._waiting:
            guest.transport.abort()

    def _turn_away(self, guest: Guest) -> None:
        log.info(
            "%s: too many new clients are waiting; edged closed the connection of the oldest one", self._name
        )
        guest.transport.abort()


class _Arriving(asyncio.Protocol):
    """Tells a lobby when the connection opens and closes. Mixed into the actual protocol."""

    lobby: ClassVar[Lobby]
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.lobby.came(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lobby.gone(self)
        super().connection_lost(exc)


_Kind = TypeVar("_Kind", bound=asyncio.Protocol)


def by_way_of(lobby: Lobby, kind: type[_Kind]) -> type[_Kind]:
    """Return a subclass of `kind` whose connections report to the lobby."""
    return cast("type[_Kind]", type(kind.__name__, (_Arriving, kind), {"lobby": lobby}))
