"""Runs Python's garbage collector, which stops every thread, only when nobody notices.

Rules:
1. Once `Tidying.run` has begun, nothing is collected automatically. Sound needs no collector: its objects are freed
   with their last reference. Only cycles are left to collect.
2. The first idle moment collects everything once, and freezes what is left (modules, configuration, the first session).
   No later collection looks at frozen objects. They are nearly all objects of the process, and made collections slow.
3. After that, everything else is collected at most once in `EVERY_S`, and only after `IDLE_S` of idleness. So a visitor
   who presses twice in a row never meets a collection.
4. At `MOST_MADE` objects since the last collection, and at most a second later, a collection runs, idle or not. It
   collects all that is not frozen, or only young objects if nothing is frozen yet. No turn comes near this number: one
   turn makes a few hundred objects that stay. Programs that connect to the control socket again and again reach it,
   because they leave cycles behind.
"""

import asyncio
import gc
import logging
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger(__name__)

LOOK_S = 1.0
IDLE_S = 3.0
EVERY_S = 60.0
FEW_MADE = 700  # objects; below this number Python, too, does not collect
MOST_MADE = 50_000  # at most about 10 MB, which take 10 ms to look through on the development machine


class Heap(Protocol):
    """The memory of this process."""

    @property
    def made(self) -> int:
        """Objects made since the last collection and not freed, that may be part of a cycle."""
        ...

    def hold(self) -> None:
        """Collect nothing automatically from now on."""

    def release(self) -> None:
        """Restore the state before `hold`, and unfreeze everything."""

    def freeze(self) -> None:
        """Collect everything, and never look at the remaining objects again."""

    def collect(self, *, young: bool) -> None:
        """Collect what was made since the last time (`young`), or everything that is not frozen."""


class ProcessHeap:
    """The heap of Python's process."""

    def __init__(self) -> None:
        self._was_enabled = gc.isenabled()

    @property
    def made(self) -> int:
        return gc.get_count()[0]

    def hold(self) -> None:
        self._was_enabled = gc.isenabled()
        gc.disable()

    def release(self) -> None:
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    def freeze(self) -> None:
        gc.collect()
        gc.freeze()

    def collect(self, *, young: bool) -> None:
        gc.collect(0 if young else 2)


class NullHeap:
    """Leaves everything to Python, for programs and tests that share their process with other code."""

    made = 0

    def hold(self) -> None:
        """Do nothing: Python collects as usual."""

    def release(self) -> None:
        """Do nothing: there is nothing to undo."""

    def freeze(self) -> None:
        """Do nothing."""

    def collect(self, *, young: bool) -> None:
        """Do nothing."""


class Tidying:
    """Call `run` on the loop; it runs until cancelled. `idle()` is False while a turn is under way."""

    def __init__(self, heap: Heap, idle: Callable[[], bool]) -> None:
        self._heap, self._idle = heap, idle
        self._idle_since: float | None = None
        self._collected: float | None = None  # when everything was last collected

    async def run(self) -> None:
        now = asyncio.get_running_loop().time
        self._heap.hold()
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                self._look(now())
        finally:
            self._heap.release()

    def _look(self, now_s: float) -> None:
        if not self._idle():
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now_s
        if self._idle_since is not None and now_s - self._idle_since >= IDLE_S:
            self._tidy(now_s)
        if self._heap.made >= MOST_MADE:
            log.debug("memory: %d objects made", self._heap.made)
            self._heap.collect(young=self._collected is None)

    def _tidy(self, now_s: float) -> None:
        if self._collected is None:
            self._heap.freeze()
        elif now_s - self._collected >= EVERY_S and self._heap.made >= FEW_MADE:
            self._heap.collect(young=False)
        else:
            return
        self._collected = now_s
