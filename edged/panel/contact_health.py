"""Judges from its changes whether a contact works as it should. Pure: the time is a parameter.

Rules:
1. A contact that was active since the start for long, and has not rested for long since, is held (contact.py, rule 5).
2. A press that lasts for `LONGEST_MS` is nobody's finger: something holds the contact. A receiver may be lifted for as
   long as people talk.
3. Edges are missed often if `MANY` were missed within `WITHIN_MS`. They no longer are if none was missed for so long.
"""

from collections import deque
from enum import Enum

from edged.panel.contact import Debouncer

LONGEST_MS = 600_000  # ten times the usual longest utterance
MANY = 5  # at a busy kiosk with a good cable, none is missed in a day
WITHIN_MS = 3_600_000


class Held(Enum):
    NO = "no"
    SINCE_START = "since the start"
    FOR_LONG = "for long"


class ContactHealth:
    """What is wrong with one contact. `look` is cheap: it is called after each reading."""

    def __init__(self, debouncer: Debouncer) -> None:
        self.may_last = False  # whether a press may last for any time
        self.held = Held.NO
        self.misses = False  # edges are missed often
        self._debouncer = debouncer
        self._missed = 0  # when `look` was last called
        self._times: deque[int] = deque(maxlen=MANY)  # of missed edges

    def look(self, now_ms: int) -> bool:
        """Judge again. Returns True if something has changed."""
        before = self.held, self.misses
        self.held = self._holding(now_ms)
        missed = self._debouncer.missed
        self._times.extend([now_ms] * min(missed - self._missed, MANY))
        self._missed = missed
        if self._times and self.misses:
            self.misses = now_ms - self._times[-1] < WITHIN_MS
        elif len(self._times) == MANY:
            self.misses = now_ms - self._times[0] < WITHIN_MS
        return (self.held, self.misses) != before

    def _holding(self, now_ms: int) -> Held:
        if self._debouncer.held:
            return Held.SINCE_START
        since_ms = self._debouncer.pressed_since
        if since_ms is not None and not self.may_last and now_ms - since_ms >= LONGEST_MS:
            return Held.FOR_LONG
        return Held.NO
