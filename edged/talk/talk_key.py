"""What the talk key means. Pure.

Rules:
1. A terminal that reports when a key comes up makes the key a button: it is pressed as long as somebody holds it.
2. Any other terminal reports only that the key went down. There, the key is like a button that stays down until the key
   is pressed again. If the gate has shut meanwhile (the longest question, a lost microphone, a refused press), the next
   press of the key is a new press.
   Such a terminal repeats a key that somebody holds. Nobody presses twice within `REPEATS_S`, so that is a repeat, and
   means nothing. Only the first repeat comes later; it ends the question.
3. The first key that comes up shows what kind of terminal it is, if the terminal has not said so before.
4. A terminal that is lost, or loses the focus while it would report the end of the press, ends the press.
"""

REPEATS_S = 0.12  # terminals repeat a key every 15 to 90 ms, and begin after 200 ms or more


class TalkKey:
    """The key of one terminal. Each method returns the commands for the kiosk, in order."""

    def __init__(self) -> None:
        self.reports_releases = False
        """Whether the terminal reports when a key comes up. May be set at any time."""
        self.down = False
        self._pressed_s = float("-inf")

    def pressed(self, at_s: float, *, gate_is_open: bool) -> tuple[str, ...]:
        """The key went down at this time, in seconds. A repeat of a key that is held does not count."""
        before_s, self._pressed_s = self._pressed_s, at_s
        if not self.reports_releases and at_s - before_s < REPEATS_S:
            return ()
        was, self.down = self.down, True
        if not was:
            return ("press",)
        if not self.reports_releases and gate_is_open:
            self.down = False
            return ("release",)
        return ("release", "press")

    def released(self) -> tuple[str, ...]:
        """The key came up."""
        self.reports_releases = True
        return self.lost()

    def blurred(self) -> tuple[str, ...]:
        """The terminal has lost the focus: it will not report the end of this press."""
        return self.lost() if self.reports_releases else ()

    def lost(self) -> tuple[str, ...]:
        """The terminal is gone, or the program ends."""
        was, self.down = self.down, False
        return ("release",) if was else ()
