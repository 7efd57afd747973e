"""Decides which clients of a server have a place, and which client yields when no place is left. Pure.

Rules:
1. There are `most` places. One owner (a user, an address) has at most `most_of_one` of them.
2. When an owner has used up its share, its newcomer takes the place of another client of that owner. The client with
   the lowest `Standing` yields; among equals, the client that was silent longest. No other owner loses anything.
3. When all places are taken, a `WAITING` client yields: the oldest client of the owner that has most of them. So crowds
   yield to the others. If no client is `WAITING`, another client of the newcomer's owner yields, or the newcomer is
   refused.
4. A `HELD` client never yields.
"""

from collections import Counter
from collections.abc import Hashable
from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Standing(IntEnum):
    """What a client has shown so far."""

    WAITING = 0
    """Nothing yet."""
    SETTLED = 1
    """It may be here, and has something to do."""
    HELD = 2
    """Something depends on it now, such as a pressed button."""


class FullError(Exception):
    """There is no place, and nobody who may yield."""


class Places(Generic[T]):
    """Holds each `T` at most once."""

    def __init__(self, most: int, most_of_one: int | None = None) -> None:
        """Without `most_of_one`, one owner may have all places."""
        self.most = most
        self._most_of_one = most if most_of_one is None else most_of_one
        self._taken: dict[T, tuple[Hashable, Standing]] = {}  # the client that was silent longest comes first

    def __len__(self) -> int:
        return len(self._taken)

    def __contains__(self, who: object) -> bool:
        return who in self._taken

    def take(self, who: T, owner: Hashable, standing: Standing = Standing.WAITING) -> T | None:
        """Give `who` a place. Returns the client that lost its place for that, or None. Raises FullError."""
        own = [each for each, (whose, _) in self._taken.items() if whose == owner]
        yields = None
        if len(own) >= self._most_of_one:
            yields = self._least(own)
        elif len(self._taken) >= self.most:
            waits = self._waiting()
            yields = self._least(own) if waits is None else waits
        if yields is not None:
            self.leave(yields)
        self._taken[who] = owner, standing
        return yields

    def hear(self, who: T, standing: Standing) -> None:
        """`who` has said something, and has this standing from now on. Ignored if `who` has no place."""
        if who in self._taken:
            owner, _ = self._taken.pop(who)
            self._taken[who] = owner, standing

    def leave(self, who: T) -> None:
        """Free the place of `who`, if it has one."""
        self._taken.pop(who, None)

    def spare(self) -> T | None:
        """Free the place of a waiting client, and return that client. Returns None if no client waits."""
        yields = self._waiting()
        if yields is not None:
            self.leave(yields)
        return yields

    def _waiting(self) -> T | None:
        """Return the oldest waiting client of the owner that has most of them."""
        waiting = [who for who, (_, standing) in self._taken.items() if not standing]
        crowds = Counter(self._taken[who][0] for who in waiting)
        return max(waiting, key=lambda who: crowds[self._taken[who][0]], default=None)

    def _least(self, own: list[T]) -> T:
        yields = min(own, key=lambda who: self._taken[who][1], default=None)
        if yields is None or self._taken[yields][1] is Standing.HELD:
            raise FullError
        return yields
