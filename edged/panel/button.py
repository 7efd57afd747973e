"""Turns the changes of a contact (contact.py) into gestures. Pure: the time is a parameter.

Rules:
1. PRESS and RELEASE follow each change at once.
2. LONG_PRESS is additional: it follows a PRESS if the button is still down.
"""

from enum import Enum

from edged.panel.contact import LevelChange


class Gesture(Enum):
    PRESS = "press"
    RELEASE = "release"
    LONG_PRESS = "long press"  # follows a PRESS if the button is still down


class Grammar:
    """One button; times are monotonic milliseconds."""

    def __init__(self, *, long_press_ms: int = 1500) -> None:
        self.long_press_ms = long_press_ms  # may change at any time; used from the next press on
        self._long_at: int | None = None

    def change(self, change: LevelChange) -> list[Gesture]:
        """The contact has changed."""
        self._long_at = change.at_ms + self.long_press_ms if change.active else None
        return [Gesture.PRESS if change.active else Gesture.RELEASE]

    def due(self) -> int | None:
        """Return the time of the next `tick`, or None if none is needed before the next change."""
        return self._long_at

    def tick(self, now_ms: int) -> list[Gesture]:
        """Time has passed: return the gestures that are due."""
        if self._long_at is None or now_ms < self._long_at:
            return []
        self._long_at = None
        return [Gesture.LONG_PRESS]
