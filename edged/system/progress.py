"""Whether this process still does its work: what the watchdog is fed by. Pure.

Rules:
1. Each part has a count that its work drives, and a time of patience. A part that is wanted and whose count has
   stood still for longer is stalled; one that is not wanted never is.
2. Nothing is fed while any part is stalled. Only work feeds: never a timer alone, never a thread of its own.
3. Patience begins anew when a part becomes wanted: a device that was just opened has handed nothing yet.

The loop needs no count: whoever asks here runs on it, so a loop that stands still asks nothing and feeds nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PATIENCE_MS = 8000  # the net below the adapters, which wait up to 5 s for a sound server's first block


@dataclass(frozen=True, slots=True)
class PartProgress:
    """What a part has done so far, and whether it should be doing something now."""

    count: int
    wanted: bool = True


class Progress:
    """Judges at each `look`; times are monotonic milliseconds."""

    def __init__(self, patience_ms: int = PATIENCE_MS) -> None:
        self._patience_ms = patience_ms
        self._seen: dict[str, tuple[int, int]] = {}  # its count, and when it last moved

    def look(self, now_ms: int, signs: Mapping[str, PartProgress]) -> list[str]:
        """The parts that are stalled; empty: all is well, and the watchdog may be fed."""
        stalled = []
        for name, sign in signs.items():
            count, since_ms = self._seen.get(name, (None, now_ms))
            if not sign.wanted or count != sign.count:
                self._seen[name] = sign.count, now_ms
            elif now_ms - since_ms > self._patience_ms:
                stalled.append(name)
        return stalled
