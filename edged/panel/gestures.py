"""Turns the changes of a contact (contact.py) into gestures. Pure: the time is a parameter.

Rules:
1. PRESS and RELEASE follow each change at once. All other gestures are additional: they delay and change nothing.
2. LONG_PRESS and VERY_LONG_PRESS follow a PRESS if the button is still down.
3. DOUBLE_PRESS is two taps and no third one. So it comes `BETWEEN_MS` after the second tap, and a mashed button makes
   none. A tap is a press shorter than `tap_ms`.
4. DISTURBANCE comes before the RELEASE of a press that nobody made (contact.py, rule 7). It is no tap.
5. MEANT follows a PRESS as soon as it cannot be a disturbance any more, for buttons that wait for that. A press that
   ends earlier is MEANT at its end. A press that has to last is MEANT as soon as somebody finds the contact active
   `LASTS_MS` after its beginning, even if it still bounces; if nobody does, it is not MEANT.
6. REPEAT follows again and again while the button is down, but only `MOST_REPEATS` times: after that, something leans
   on the button.
"""

from dataclasses import dataclass
from enum import Enum

from edged.panel.contact import LevelChange

BETWEEN_MS = 400  # a pause of this length ends a row of taps
REPEAT_AFTER_MS = 500  # a press is over by then, unless the finger stays on purpose
REPEAT_MS = 200
LASTS_MS = 30  # longer than a disturbance, or than a knock lifts a receiver
LOOK_MS = 10  # a contact that bounces is active again by then
MOST_REPEATS = 25  # the whole range of the volume, and a few more


class Gesture(Enum):
    PRESS = "press"
    RELEASE = "release"
    LONG_PRESS = "long press"
    VERY_LONG_PRESS = "very long press"
    DOUBLE_PRESS = "double press"
    REPEAT = "repeat"
    DISTURBANCE = "disturbance"
    MEANT = "meant"


@dataclass(frozen=True, slots=True)
class GestureTimes:
    """Milliseconds from the configuration's `button`."""

    tap_ms: int = 300
    long_press_ms: int = 1500
    very_long_press_ms: int = 5000


class Grammar:
    """One button; times are monotonic milliseconds.

    `repeats`: it makes REPEATs. `meant_after_ms`: it makes MEANTs, so long after the press; None: it makes none. With
    `has_to_last`, they come as soon as the contact is found active (rule 5); it has to be read at `look_at`. Both may
    change at any time; they are used from the next press on.
    """

    def __init__(
        self, times: GestureTimes | None = None, *, repeats: bool = False, meant_after_ms: int | None = None
    ) -> None:
        self.meant_after_ms, self.has_to_last = meant_after_ms, False
        self.times = times or GestureTimes()  # may change at any time; used from the next press on
        self._repeats, self._repeats_left = repeats, 0
        self._down_at: int | None = None
        self.look_at: int | None = None
        self._taps, self._tapped_at = 0, 0  # in a row, and when the last one ended
        self._due: dict[Gesture, int] = {}

    def change(
        self, change: LevelChange, seen_ms: int | None = None, *, is_disturbance: bool = False
    ) -> list[Gesture]:
        """The contact has changed. `seen_ms`: until when it is known to have been as before; None: until now.

        `is_disturbance`: it ends a press that nobody made.
        """
        gestures, at_ms = self.tick(change.at_ms if seen_ms is None else seen_ms), change.at_ms
        if change.active:
            self._press(at_ms)
            return [*gestures, Gesture.PRESS]
        is_meant = Gesture.MEANT in self._due and not (is_disturbance or self.has_to_last)
        self._release(at_ms)
        if is_meant:
            gestures.append(Gesture.MEANT)
        if is_disturbance:
            self._taps, self._due = 0, {}
            return [*gestures, Gesture.DISTURBANCE, Gesture.RELEASE]
        return [*gestures, Gesture.RELEASE]

    def due(self) -> int | None:
        """Return the time of the next `tick`, or None if none is needed before the next change."""
        times = self._due.values() if self.look_at is None else (self.look_at, *self._due.values())
        return min(times, default=None)

    def looked(self, active: bool, now_ms: int) -> None:  # noqa: FBT001 a level
        """The contact was read. Before `look_at` this changes nothing."""
        if self.look_at is None or now_ms < self.look_at:
            return
        if active:
            self._due[Gesture.MEANT] = now_ms
        self.look_at = None if active else now_ms + LOOK_MS

    def tick(self, now_ms: int) -> list[Gesture]:
        """Time has passed: return the gestures that are due."""
        gestures = [each for each, at in sorted(self._due.items(), key=lambda item: item[1]) if now_ms >= at]
        for gesture in gestures:
            at = self._due.pop(gesture)
            if gesture is Gesture.MEANT:
                self.look_at = None
            if gesture is Gesture.REPEAT:
                self._repeats_left -= 1
                if self._repeats_left:  # late ones are left out: nobody wants them all at once
                    self._due[gesture] = max(at + REPEAT_MS, now_ms)
            elif gesture is Gesture.DOUBLE_PRESS:
                self._taps = 0
        return gestures

    def _press(self, at_ms: int) -> None:
        if at_ms - self._tapped_at >= BETWEEN_MS:
            self._taps = 0
        self._down_at = at_ms
        self._due = {
            Gesture.LONG_PRESS: at_ms + self.times.long_press_ms,
            Gesture.VERY_LONG_PRESS: at_ms + self.times.very_long_press_ms,
        }
        if self.meant_after_ms is not None:
            self._due[Gesture.MEANT] = at_ms + self.meant_after_ms
        self.look_at = at_ms + LASTS_MS if self.has_to_last and self.meant_after_ms is not None else None
        if self._repeats:
            self._repeats_left = MOST_REPEATS
            self._due[Gesture.REPEAT] = at_ms + REPEAT_AFTER_MS

    def _release(self, at_ms: int) -> None:
        is_tap = self._down_at is not None and at_ms - self._down_at < self.times.tap_ms
        self._taps = self._taps + 1 if is_tap else 0
        self._down_at, self._tapped_at, self.look_at = None, at_ms, None
        self._due = {Gesture.DOUBLE_PRESS: at_ms + BETWEEN_MS} if self._taps == 2 else {}
