"""Which line of the journal is news, and which only says once more what was said a minute ago. Pure.

Rules:
1. Of a kind as many lines may be written in a row as its `RepeatRate` says, and then one for each `earned_ms` that
   passes; the others are counted, and the next that is written tells how many they were. So nobody outside decides how
   much is written: not a service that fails, not a client that knocks, not a visitor who plays with the button.
2. The first line of a kind is always written.
3. At most `MOST_KINDS` kinds are known at a time. One more takes the place of a kind that has been quiet for so long
   that it could write as many lines as a new one; what was left out of that counts for `OTHERS`. Where all are busy,
   what is new is of the kind `OTHERS`, too.
"""

from typing import NamedTuple

MOST = 5
EARNED_MS = 2 * 3_600_000
MOST_KINDS = 256
OTHERS = ("others",)


class RepeatRate(NamedTuple):
    """How often lines of a kind are written: `most` in a row, and one more for each `earned_ms`."""

    most: int
    earned_ms: int


TROUBLE = RepeatRate(MOST, EARNED_MS)
"""Several troubles that take turns for a day stay below a hundred lines."""


class Repeats:
    """Times are monotonic milliseconds."""

    def __init__(self, most: int = MOST) -> None:
        """`most` is that of kinds for which nothing else is said."""
        self._usual = TROUBLE._replace(most=most)
        self._kinds: dict[tuple[str, ...], _RepeatKind] = {}  # the one that was quiet for longest comes first
        self._forgotten = 0  # lines that were left out of kinds which are not known any more

    def admit(self, kind: tuple[str, ...], now_ms: int, pace: RepeatRate | None = None) -> int | None:
        """None: not to be written. Else how many of the kind were left out since the last that was."""
        return self._known(kind, now_ms, pace or self._usual).admit(now_ms)

    def _known(self, kind: tuple[str, ...], now_ms: int, pace: RepeatRate) -> "_RepeatKind":
        if kind not in self._kinds and len(self._kinds) >= MOST_KINDS and not self._forget(now_ms):
            kind, pace = OTHERS, self._usual
        known = self._kinds.pop(kind, None) or _RepeatKind(now_ms, pace)
        if kind == OTHERS:
            known.left_out, self._forgotten = known.left_out + self._forgotten, 0
        self._kinds[kind] = known
        return known

    def _forget(self, now_ms: int) -> bool:
        """Whether there was a kind that need not be told from a new one any more."""
        rested = next((kind for kind, known in self._kinds.items() if known.is_rested(now_ms)), None)
        if rested is None:
            return False
        self._forgotten += self._kinds.pop(rested).left_out
        return True


class _RepeatKind:
    def __init__(self, now_ms: int, pace: RepeatRate) -> None:
        self._pace, self._at_ms, self._may, self.left_out = pace, now_ms, float(pace.most), 0

    def admit(self, now_ms: int) -> int | None:
        self._may, self._at_ms = self._earned(now_ms), now_ms
        if self._may < 1:
            self.left_out += 1
            return None
        self._may -= 1
        left_out, self.left_out = self.left_out, 0
        return left_out

    def is_rested(self, now_ms: int) -> bool:
        return self._earned(now_ms) >= self._pace.most

    def _earned(self, now_ms: int) -> float:
        return min(self._pace.most, self._may + (now_ms - self._at_ms) / self._pace.earned_ms)
