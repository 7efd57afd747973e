"""Whether it is one of the hours that a key of the configuration names, by this machine's clock."""

import logging

from edged import endings
from edged.hours import HourRanges
from edged.system.clock import Clock

log = logging.getLogger(__name__)


class LocalHours:
    """`none_yet`: what a clock that is not set means; it is logged once."""

    def __init__(self, clock: Clock, none_yet: str) -> None:
        self._clock, self._none_yet = clock, none_yet
        self._has_warned = False
        self.hours = HourRanges()
        """Set by the owner."""

    def now(self) -> bool | None:
        """Whether it is one of these hours; None: there are none, or the clock is not set."""
        if not self.hours:
            return None
        if endings.day(self._clock.wall()) is None:
            if not self._has_warned:
                log.warning(self._none_yet)
            self._has_warned = True
            return None
        return self.hours.at(self._clock.local())

    def minute_s(self) -> float | None:
        """How long it is until the local time shows another minute; None: there are no hours."""
        if not self.hours:
            return None
        local = self._clock.local()
        return max(0.05, 60 - local.second - local.microsecond / 1e6)
