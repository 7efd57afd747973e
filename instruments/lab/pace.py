"""A rhythm in virtual time for devices that have none, as edged/audio/devices/pace.py provides it in real time."""

import asyncio
from collections.abc import Callable


class LoopPace:
    """Ticks from a timer of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._period_s = 0.0
        self._tick: Callable[[], None] | None = None
        self._parked = False
        self._due = 0.0

    def start(self, period_s: float, tick: Callable[[], None]) -> None:
        """Call `tick` every `period_s`."""
        self._period_s, self._tick, self._parked = period_s, tick, False
        self._due = self._loop.time() + period_s
        self._timer = self._loop.call_at(self._due, self._fire)

    def stop(self) -> None:
        """No tick follows the return."""
        self._tick = None
        if self._timer is not None:
            self._timer.cancel()

    def park(self) -> None:
        """No ticks until `unpark`."""
        self._parked = True

    def unpark(self) -> None:
        """Tick again."""
        if self._parked and self._tick is not None:
            self.start(self._period_s, self._tick)

    def _fire(self) -> None:
        tick = self._tick
        if tick is None:
            return
        tick()
        if self._tick is not None and not self._parked:
            self._due += self._period_s
            self._timer = self._loop.call_at(self._due, self._fire)
