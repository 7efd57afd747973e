"""Turns the edges of a contact into gestures. Pure: the time is a parameter.

Rules:
1. The first edge acts at once, so a press never waits. Further edges within `bounce_ms` are the contact's bouncing.
   After that time, the level decides.
2. PRESS and RELEASE alternate strictly.
3. A button that is already down at the start reports nothing until it is released: nobody has pressed it.
4. When the contact is no longer watched, the button counts as released, because nobody would notice the release.
"""

from enum import Enum


class Gesture(Enum):
    PRESS = "press"
    RELEASE = "release"
    LONG_PRESS = "long press"  # follows a PRESS if the button is still down


class Grammar:
    """One button; times are monotonic milliseconds."""

    def __init__(self, *, bounce_ms: int = 25, long_press_ms: int = 1500) -> None:
        self._bounce_ms = bounce_ms
        self._long_press_ms = long_press_ms
        self._level = False  # as last seen
        self._down = False  # as last reported
        self._stuck = False  # down since before the start
        self._settles_at: int | None = None
        self._long_at: int | None = None

    def set_limits(self, *, bounce_ms: int, long_press_ms: int) -> None:
        """Use these limits from the next edge on."""
        self._bounce_ms, self._long_press_ms = bounce_ms, long_press_ms

    def held_at_start(self) -> None:
        """The button was already down when watching began."""
        self._level = self._stuck = True

    def gone(self, now_ms: int) -> list[Gesture]:
        """The contact is no longer watched, so the button counts as released."""
        self._level = self._stuck = False
        return self._settle(now_ms)

    def edge(self, down: bool, now_ms: int) -> list[Gesture]:  # noqa: FBT001 a level
        """The contact has changed to this level."""
        self._level = down
        if self._settles_at is not None and now_ms < self._settles_at:
            return []
        return self._settle(now_ms)

    def due(self) -> int | None:
        """Return the time of the next `tick`, or None if none is needed before the next edge."""
        times = [at for at in (self._settles_at, self._long_at) if at is not None]
        return min(times, default=None)

    def tick(self, now_ms: int) -> list[Gesture]:
        """Time has passed: return the gestures that are due."""
        gestures = []
        if self._settles_at is not None and now_ms >= self._settles_at:
            gestures += self._settle(now_ms)
        if self._long_at is not None and now_ms >= self._long_at:
            self._long_at = None
            gestures.append(Gesture.LONG_PRESS)
        return gestures

    def _settle(self, now_ms: int) -> list[Gesture]:
        """Report the level if it has changed. After that the contact may bounce."""
        self._settles_at = None
        if self._stuck:
            if not self._level:
                self._stuck = False
                self._settles_at = now_ms + self._bounce_ms
            return []
        if self._level == self._down:
            return []
        self._down = self._level
        self._settles_at = now_ms + self._bounce_ms
        self._long_at = now_ms + self._long_press_ms if self._down else None
        return [Gesture.PRESS if self._down else Gesture.RELEASE]
