"""Whether a certificate that looks wrong is the fault of this machine's clock. Pure.

Rules:
- A Pi has no clock of its own: after a boot it is years behind until the network tells it the time. A certificate
  that is "not valid yet", or any that fails while the clock stands before edged was made, is the clock's fault.
- Then nobody asks the service again until the clock was set, which shows as a step against the time that passes;
  or for a minute, for it may be the certificate after all. To look at the clock costs nobody anything.
"""

STEP_S = 2.0  # a clock that is being trimmed moves by half a millisecond a second
AGAIN_S = 60.0


class ClockCheck:
    """`made_s`: seconds since 1970; no clock that is right stands before it."""

    def __init__(self, made_s: float) -> None:
        self._made_s = made_s
        self._failed: tuple[float, float] | None = None  # when, and what the clock was ahead of that

    def behind(self, wall_s: float) -> bool:
        """Whether the clock cannot be right."""
        return wall_s < self._made_s

    def failed(self, now_s: float, wall_s: float) -> None:
        """A certificate looked wrong because of the clock."""
        self._failed = (now_s, wall_s - now_s)

    def cleared(self) -> None:
        """A certificate was good."""
        self._failed = None

    def waits(self, now_s: float, wall_s: float) -> bool:
        """Whether to leave the service alone for now."""
        if self._failed is None:
            return False
        at_s, ahead_s = self._failed
        return now_s - at_s < AGAIN_S and abs(wall_s - now_s - ahead_s) < STEP_S
