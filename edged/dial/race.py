"""Races the addresses of a host, and keeps the connection that is there first.

The addresses race with asyncio's own `staggered_race`, as `loop.create_connection` does. That function would look up
the name itself, so it gets one address per try. The race keeps the failure of each address: if none had a route, the
machine is offline. `aiohappyeyeballs` would join the failures into one text.

Addresses of an earlier look-up may be old: the service has moved since. So the name service takes part in the race, as
the last of them. Nobody waits for it where an old address is still good.
"""

import asyncio
import errno
from asyncio.staggered import staggered_race
from collections.abc import Awaitable, Callable, Generator, Sequence
from functools import partial

from edged.dial.happy_eyeballs import NEXT_AFTER_S, no_route, telling
from edged.errors import LinkError

Newer = Callable[[], Awaitable[Sequence[str]]]
Won = tuple[str, asyncio.Transport, asyncio.BaseProtocol]


async def first_connected(
    new: Callable[[], asyncio.BaseProtocol], addresses: Sequence[str], port: int, newer: Newer | None = None
) -> Won:
    """The address that won, its transport, and a new protocol on it. The other connections are aborted.

    `newer()` looks up the addresses again, and raises a LinkError if that fails.

    Raises:
        OSError: all failed; this is the most informative failure.
    """
    race = _Race(new, addresses, port, newer)
    tries = race.begin_each()
    try:
        *_, errors = await staggered_race(tries, NEXT_AFTER_S)
        failures = _failures(errors)
    except BaseException:  # also when cancelled, perhaps at the moment when one has won or failed
        tries.close()  # after a failure Python 3.11 would still begin the next, and nobody would hold it
        for _, transport, _ in race.made:
            transport.abort()
        raise
    if not race.made:
        raise telling(failures)
    return race.made[0]


class _Race:
    """`made` has what is connected."""

    def __init__(
        self,
        new: Callable[[], asyncio.BaseProtocol],
        addresses: Sequence[str],
        port: int,
        newer: Newer | None,
    ) -> None:
        self.made: list[Won] = []
        self._new, self._addresses, self._port, self._newer = new, addresses, port, newer
        self._is_offline = False

    def begin_each(self) -> Generator[Callable[[], Awaitable[None]], None, None]:
        for address in self._addresses:
            if self.made:  # Python 3.11 may begin one more at the moment when one wins, and would wait for it
                return
            yield partial(self._connect_to, address)
        if self._newer is not None and not self.made and not self._is_offline:
            yield partial(self._connect_to_newer, self._newer)

    async def _connect_to(self, address: str) -> None:
        try:
            made = await asyncio.get_running_loop().create_connection(self._new, address, self._port)
        except OSError as error:
            self._is_offline = self._is_offline or no_route(error)
            raise
        self.made.append((address, *made))

    async def _connect_to_newer(self, look_up: Newer) -> None:
        try:
            found = await look_up()
        except LinkError as error:
            raise OSError(errno.EADDRNOTAVAIL, str(error)) from error
        address = next((each for each in found if each not in self._addresses), None)
        if address is None:
            raise OSError(errno.EADDRNOTAVAIL, "there is no newer address")
        await self._connect_to(address)


def _failures(errors: Sequence[BaseException | None]) -> list[OSError]:
    """The failures of addresses that could not be reached. Raises any other error, even if another address has won."""
    for error in errors:
        if isinstance(error, Exception) and not isinstance(error, OSError):
            raise error
    return [error for error in errors if isinstance(error, OSError)]  # the rest were cancelled
