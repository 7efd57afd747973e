"""Which line of the journal is news, and which only says once more what was said a minute ago. Pure.

Rule: of a kind `MOST` lines an hour are written at once; the others are counted, and the next that is written tells
how many they were. Kinds are few: causes and devices are, and nothing foreign makes one.
"""

MOST = 5
WITHIN_MS = 3_600_000


class Repeats:
    """Times are monotonic milliseconds."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kinds: dict[tuple[str, ...], _Kind] = {}

    def admit(self, kind: tuple[str, ...], now_ms: int) -> int | None:
        """None: not to be written. Else how many of the kind were left out since the last that was."""
        told = self._kinds.setdefault(kind, _Kind(now_ms))
        if now_ms - told.began_ms >= WITHIN_MS:
            told.began_ms, told.written = now_ms, 0
        if told.written >= self._most:
            told.left_out += 1
            return None
        told.written += 1
        left_out, told.left_out = told.left_out, 0
        return left_out


class _Kind:
    def __init__(self, began_ms: int) -> None:
        self.began_ms = began_ms
        self.written = 0
        self.left_out = 0
