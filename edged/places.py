"""Who has a place where clients are served, and who yields when there is none left. Pure.

Rules:
1. There are `most` places, and one owner (a user, an address) has `most_of_one` of them at most.
2. Who has all that it may have takes the place of its own: of one that has shown least (`Standing`), and among those of
   the one that was not heard for longest. It is nobody else's loss.
3. Where all places are taken, one that is `WAITING` yields, the oldest of the owner that has most of these: who comes
   in crowds yields to the others. Where nobody waits, it is one of the newcomer's own, or the newcomer is refused.
4. `HELD` yields to nobody.
"""

from collections import Counter
from collections.abc import Hashable
from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Standing(IntEnum):
    """What somebody has shown."""

    WAITING = 0
    """Nothing yet."""
    SETTLED = 1
    """That it may be here, and has something to do."""
    HELD = 2
    """Something depends on it now."""


class FullError(Exception):
    """There is no place, and nobody who would yield."""


class Places(Generic[T]):
    """Each of `T` is in it once."""

    def __init__(self, most: int, most_of_one: int | None = None) -> None:
        """Without `most_of_one` one owner may have all of them."""
        self.most = most
        self._most_of_one = most if most_of_one is None else most_of_one
        self._taken: dict[T, tuple[Hashable, Standing]] = {}  # who was not heard for longest comes first

    def __len__(self) -> int:
        return len(self._taken)

    def __contains__(self, who: object) -> bool:
        return who in self._taken

    def take(self, who: T, owner: Hashable, standing: Standing = Standing.WAITING) -> T | None:
        """Give `who` a place; returns who has lost its own for that. Raises FullError."""
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
        """`who` has said something, and stands like this from now on; nothing where it has no place."""
        if who in self._taken:
            owner, _ = self._taken.pop(who)
            self._taken[who] = owner, standing

    def leave(self, who: T) -> None:
        """The place is free, if `who` had one."""
        self._taken.pop(who, None)

    def spare(self) -> T | None:
        """Take the place from who waits, as if somebody had come; None: nobody waits."""
        yields = self._waiting()
        if yields is not None:
            self.leave(yields)
        return yields

    def _waiting(self) -> T | None:
        """The oldest of the largest crowd."""
        waiting = [who for who, (_, standing) in self._taken.items() if not standing]
        crowds = Counter(self._taken[who][0] for who in waiting)
        return max(waiting, key=lambda who: crowds[self._taken[who][0]], default=None)

    def _least(self, own: list[T]) -> T:
        yields = min(own, key=lambda who: self._taken[who][1], default=None)
        if yields is None or self._taken[yields][1] is Standing.HELD:
            raise FullError
        return yields
