"""The wall clock and the monotonic clock."""

import time
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """All methods return at once."""

    def monotonic_ms(self) -> int:
        """Milliseconds since some moment. Never goes back, even if the clock is set. Use it for all logic."""
        ...

    def wall(self) -> float:
        """Seconds since 1970, by this machine's clock. On a Pi without a battery it may jump by decades. For logs."""
        ...

    def local(self) -> datetime:
        """The same moment as a clock on the wall shows it, in this machine's time zone; without a `tzinfo`."""
        ...


class SystemClock:
    """The machine's own clocks; `monotonic_ms` keeps step with asyncio's timers."""

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def wall(self) -> float:
        return time.time()

    def local(self) -> datetime:
        time.tzset()  # the zone may have been changed since
        return datetime.fromtimestamp(self.wall())  # noqa: DTZ006 local time is wanted
