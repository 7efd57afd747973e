"""Python's collector of garbage, which stops every thread while it runs: here it runs when nobody notices.

Rules:
1. From `Tidying.run` on nothing is collected on its own. Sound comes and goes without it: what it is made of is freed
   when the last reference goes, and cycles are all that is left to collect.
2. In the first idle moment everything is collected once, and what is left (modules, configuration, the first session)
   is frozen: no collection looks at it again. That is nearly all there is, and what made collections long.
3. Later everything else is collected, at most every `EVERY_S` and only after `IDLE_S` of idleness: who presses twice
   in a row never meets it.
4. What was made since the last time never is more than `MOST_MADE` objects and what a second brings, idle or not: then
   all is collected that is not frozen, or what is young where nothing is yet. No turn comes near: one makes a few
   hundred that stay. Programs do that connect to the control socket again and again, for they leave cycles behind.
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
FEW_MADE = 700  # objects; Python's own figure for "nothing to do yet"
MOST_MADE = 50_000  # about 10 MB at most, and 10 ms of a core here to look through


class Heap(Protocol):
    """The memory of this process."""

    @property
    def made(self) -> int:
        """Objects that may be part of a cycle, made since the last collection and not freed yet."""
        ...

    def hold(self) -> None:
        """Nothing is collected on its own from now on."""

    def release(self) -> None:
        """As it was before `hold`; nothing is frozen any more."""

    def freeze(self) -> None:
        """Collect everything, and never look at what is left again."""

    def collect(self, *, young: bool) -> None:
        """Collect what was made since the last time (`young`), or everything that is not frozen."""


class ProcessHeap:
    """Python's own, of the whole process."""

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
    """Leaves everything to Python: for programs and tests that share their process with others."""

    made = 0

    def hold(self) -> None:
        """Python goes on as it does."""

    def release(self) -> None:
        """There is nothing to undo."""

    def freeze(self) -> None:
        """Nothing is frozen."""

    def collect(self, *, young: bool) -> None:
        """Nothing is collected."""


class Tidying:
    """`run` until cancelled, on the loop; `idle` is asked each time whether nobody speaks or is being answered."""

    def __init__(self, heap: Heap, idle: Callable[[], bool]) -> None:
        self._heap, self._idle = heap, idle
        self._idle_since: float | None = None
        self._collected: float | None = None  # when everything was, the last time

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
