"""The time of day and the time that passes."""

import time
from typing import Protocol


class Clock(Protocol):
    """Both return at once."""

    def monotonic_ms(self) -> int:
        """Milliseconds since some moment; never goes back, not even when the clock is set. For all logic."""
        ...

    def wall(self) -> float:
        """Seconds since 1970 as this machine believes; a Pi without a battery jumps by decades. For logs."""
        ...


class SystemClock:
    """The machine's; `monotonic_ms` runs with asyncio's timers."""

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def wall(self) -> float:
        return time.time()
