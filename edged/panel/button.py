"""What a finger does, out of the edges of a contact. Pure: the time is a parameter.

Rules:
1. The first edge acts at once: a press waits for nothing. What follows within `bounce_ms` is the contact's
   bouncing; when it is over, the level that is left decides.
2. PRESS and RELEASE alternate strictly.
3. A button that is down when it is first looked at says nothing until it was let go: nobody has pressed it.
4. One that is not looked at any more counts as let go: nobody would learn when it is.
"""

from enum import Enum


class Gesture(Enum):
    PRESS = "press"
    RELEASE = "release"
    LONG_PRESS = "long press"  # after the PRESS, when it is still down


class Grammar:
    """One button; times are monotonic milliseconds."""

    def __init__(self, *, bounce_ms: int = 25, long_press_ms: int = 1500) -> None:
        self._bounce_ms = bounce_ms
        self._long_press_ms = long_press_ms
        self._level = False  # as last seen
        self._down = False  # as last told
        self._stuck = False  # down since before anybody looked
        self._settles_at: int | None = None
        self._long_at: int | None = None

    def set_limits(self, *, bounce_ms: int, long_press_ms: int) -> None:
        """From the next edge on."""
        self._bounce_ms, self._long_press_ms = bounce_ms, long_press_ms

    def held_at_start(self) -> None:
        """The button was down when it was first looked at."""
        self._level = self._stuck = True

    def gone(self, now_ms: int) -> list[Gesture]:
        """The contact is not looked at any more: nobody holds it."""
        self._level = self._stuck = False
        return self._settle(now_ms)

    def edge(self, down: bool, now_ms: int) -> list[Gesture]:  # noqa: FBT001 a level
        """The contact changed."""
        self._level = down
        if self._settles_at is not None and now_ms < self._settles_at:
            return []
        return self._settle(now_ms)

    def due(self) -> int | None:
        """When to `tick` next, None: not before an edge."""
        times = [at for at in (self._settles_at, self._long_at) if at is not None]
        return min(times, default=None)

    def tick(self, now_ms: int) -> list[Gesture]:
        """Time has passed."""
        gestures = []
        if self._settles_at is not None and now_ms >= self._settles_at:
            gestures += self._settle(now_ms)
        if self._long_at is not None and now_ms >= self._long_at:
            self._long_at = None
            gestures.append(Gesture.LONG_PRESS)
        return gestures

    def _settle(self, now_ms: int) -> list[Gesture]:
        """Tell the level where it is news; then the contact may bounce."""
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
