"""Judges a contact that has just left the level of a press: that is the release, or only a gap. Pure.

Rules:
1. If the contact has been at rest for `CONFIRM_MS` without a break, it was released, at the moment when it left.
2. If it comes back, and stays active for as long as a contact of its kind may be active while it bounces, it was a gap:
   a worn contact, or a jolt. Nobody has released it. Each bounce within this time starts it again.
3. After `DECIDED_MS`, the level decides. But a contact that may still be bouncing counts as released.
"""

CONFIRM_MS = 30  # longer than a gap; a finger needs at least 50 ms between two presses
MOST_ACTIVE_MS = 75  # no known contact is active for longer while it bounces (hooks: 60)
DECIDED_MS = 170  # so the end of a press is noticed within 200 ms, also if its first edge was lost


class Leaving:
    """It left at `left_ms`; times are monotonic milliseconds. The contact has to be read at `due`."""

    def __init__(
        self, left_ms: int, bounce_ms: int, *, rested_ms: int | None = None, is_disturbance: bool = False
    ) -> None:
        """`rested_ms`: since when it is at rest, if that is earlier than it counts as left.

        `is_disturbance`: if it stays at rest now, nobody has pressed (contact.py, rule 7).
        """
        self.left_ms = left_ms
        self.active = False  # as last known
        self.is_disturbance = is_disturbance
        self._bounces_until = left_ms + bounce_ms
        self._moved_ms = left_ms if rested_ms is None else rested_ms
        self._most_active_ms = min(max(bounce_ms, CONFIRM_MS), MOST_ACTIVE_MS)

    @property
    def due(self) -> int:
        """When it is decided, unless it moves before."""
        quiet_ms = self._most_active_ms if self.active else CONFIRM_MS
        return min(self._moved_ms + quiet_ms, self.left_ms + DECIDED_MS)

    def moved(self, active: bool, at_ms: int) -> None:  # noqa: FBT001 a level
        """It has another level, or the same one once more."""
        self.active, self._moved_ms, self.is_disturbance = active, at_ms, False

    def was_gap(self, active: bool, now_ms: int) -> bool:  # noqa: FBT001 a level
        """Whether it is still pressed. Call it once `due` has come; the contact is at this level."""
        may_bounce = now_ms < min(self._bounces_until, self._moved_ms + self._most_active_ms)
        return active and not may_bounce
