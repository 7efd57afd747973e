"""Decides which journal lines are news, and which only repeat what was written a minute ago. Pure.

Rules:
1. `RepeatRate` says how many lines of a kind may be written in a row. After that, one more may be written for each
   `earned_ms`. The others are counted, and the next written line says how many there were. So nobody outside decides
   how much is written: not a failing service, not a client that keeps connecting, not a visitor who plays with the
   button.
2. The first line of a kind is always written.
3. At most `MOST_KINDS` kinds are known at a time. A new kind replaces a kind that was quiet long enough to write as
   many lines as a new one. The lines left out of the old kind then count for `OTHERS`. If all kinds are busy, the new
   line belongs to the kind `OTHERS`, too.
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
"""With this rate, several troubles that take turns for a day stay below a hundred lines."""


class Repeats:
    """Counts lines by kind. Times are monotonic milliseconds."""

    def __init__(self, most: int = MOST) -> None:
        """`most` applies to kinds without a rate of their own."""
        self._usual = TROUBLE._replace(most=most)
        self._kinds: dict[tuple[str, ...], _RepeatKind] = {}  # the kind that was quiet longest comes first
        self._forgotten = 0  # lines left out of kinds that are no longer known

    def admit(self, kind: tuple[str, ...], now_ms: int, pace: RepeatRate | None = None) -> int | None:
        """Return None if the line must not be written, else how many of its kind were left out since the last one."""
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
        """Forget a kind that is like a new one by now. Returns whether there was one."""
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
