"""Decides whether a certificate fails because this machine's clock is wrong. Pure.

Rules:
- A Pi usually has no battery-backed clock: after a boot its time is years behind until the network sets it. The clock
  is the reason if a certificate is "not valid yet", or if any certificate fails while the clock shows a time before
  this release of edged was made.
- edged then does not contact the service until the clock is set. A set clock shows as a step against monotonic time.
  After a minute edged tries again in any case, because the certificate may be wrong after all. Reading the clock costs
  nothing.
"""

STEP_S = 2.0  # a clock that the system only adjusts gradually moves by half a millisecond per second
AGAIN_S = 60.0


class ClockCheck:
    """`made_s`: when this release was made, in seconds since 1970. A correct clock is never before it."""

    def __init__(self, made_s: float) -> None:
        self._made_s = made_s
        self._failed: tuple[float, float] | None = None  # when, and the offset of the wall clock at that time

    def behind(self, wall_s: float) -> bool:
        """Whether the clock is certainly wrong."""
        return wall_s < self._made_s

    def failed(self, now_s: float, wall_s: float) -> None:
        """A certificate failed because of the clock."""
        self._failed = (now_s, wall_s - now_s)

    def cleared(self) -> None:
        """A certificate was valid."""
        self._failed = None

    def waits(self, now_s: float, wall_s: float) -> bool:
        """Whether edged should not contact the service yet."""
        if self._failed is None:
            return False
        at_s, ahead_s = self._failed
        return now_s - at_s < AGAIN_S and abs(wall_s - now_s - ahead_s) < STEP_S
