"""Which line of the journal is news, and which only says once more what was said a minute ago. Pure.

Rule: of a kind `MOST` lines may be written in a row, and one more for every two hours that pass; the others are
counted, and the next that is written tells how many they were. So a day of several troubles that take turns stays below
a hundred lines. Kinds are few: causes and devices are, and nothing foreign makes one.
"""

MOST = 5
EARNED_MS = 2 * 3_600_000


class Repeats:
    """Times are monotonic milliseconds."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kinds: dict[tuple[str, ...], _Kind] = {}

    def admit(self, kind: tuple[str, ...], now_ms: int) -> int | None:
        """None: not to be written. Else how many of the kind were left out since the last that was."""
        told = self._kinds.setdefault(kind, _Kind(now_ms, self._most))
        told.may = min(self._most, told.may + (now_ms - told.at_ms) / EARNED_MS)
        told.at_ms = now_ms
        if told.may < 1:
            told.left_out += 1
            return None
        told.may -= 1
        left_out, told.left_out = told.left_out, 0
        return left_out


class _Kind:
    def __init__(self, now_ms: int, may: float) -> None:
        self.at_ms = now_ms
        self.may = may
        self.left_out = 0
