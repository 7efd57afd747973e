"""Decides whether this process still does its work, so that the watchdog may be fed. Pure.

Rules:
1. Each part has a count that its work increases, and a time of patience. A part is stalled if it is wanted and its
   count has stood still for longer. A part that is not wanted is never stalled.
2. The watchdog is not fed while any part is stalled. Only work feeds it, never a timer alone or a separate thread.
3. Patience starts again when a part becomes wanted, because a device that was just opened has delivered nothing yet.

The loop needs no count, because `look` is called on it. A loop that stands still calls nothing and feeds nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PATIENCE_MS = 8000  # longer than the adapters, which wait up to 5 s for a sound server's first block


@dataclass(frozen=True, slots=True)
class PartProgress:
    """What a part has done so far, and whether it should be doing something now."""

    count: int
    wanted: bool = True


class Progress:
    """Judges the parts at each `look`. Times are monotonic milliseconds."""

    def __init__(self, patience_ms: int = PATIENCE_MS) -> None:
        self._patience_ms = patience_ms
        self._seen: dict[str, tuple[int, int]] = {}  # the count, and when it last changed

    def look(self, now_ms: int, signs: Mapping[str, PartProgress]) -> list[str]:
        """Return the stalled parts. If there are none, the watchdog may be fed."""
        stalled = []
        for name, sign in signs.items():
            count, since_ms = self._seen.get(name, (None, now_ms))
            if not sign.wanted or count != sign.count:
                self._seen[name] = sign.count, now_ms
            elif now_ms - since_ms > self._patience_ms:
                stalled.append(name)
        return stalled
