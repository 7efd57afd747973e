"""Who is at the door of a service that listens, and who is in: of relay and serve.

Rules:
1. At most so many may be at the door who have not shown yet that they may come in, none of them longer than
   `deadline_s`; when one more comes, one of them goes (places.py).
2. Those who are in stay in, and are bounded, too; one more is refused. A place is free when the connection is gone and
   nothing is done for it any more.

Not here: who may come in.
"""

import asyncio
import ipaddress
import logging
import resource
import socket
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, cast

from edged.listener import ListeningSocket, bound
from edged.places import FullError, Places, Standing

log = logging.getLogger(__name__)

RESERVED = 24  # descriptors for what a process opens besides: names, files, a proxy's addresses
MOST_WAITING = 64


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
        return [{"sock": ListeningSocket(each, self._name, self.admit)} for each in sockets]

    def _too_late(self, guest: Guest) -> None:
        if guest in self._waiting:
            guest.transport.abort()

    def _turn_away(self, guest: Guest) -> None:
        log.info(
            "%s: more come than can wait: the oldest that has not shown who it is was sent away", self._name
        )
        guest.transport.abort()


class _Arriving(asyncio.Protocol):
    """Tells a lobby when it comes and goes; the rest is the protocol's that this is mixed into."""

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
    """Connections of this kind that come by way of the lobby."""
    return cast("type[_Kind]", type(kind.__name__, (_Arriving, kind), {"lobby": lobby}))


def _network(address: str) -> Hashable:
    """Whose an address is: of IPv6 everybody has 2**64."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return known if known.version == 4 else int(known) >> 64
