"""Gives the calling thread precedence over all ordinary threads: sched(7), SCHED_FIFO.

It is only for the threads that hand sound over, which copy for a few microseconds every 20 ms. Priority 10 is above
every ordinary thread, and below the kernel's own interrupt threads (50), which deliver the sound. It needs LimitRTPRIO=
of the unit, or root. Without it, sound depends on how busy the machine is; this is logged once.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

log = logging.getLogger(__name__)

PRIORITY = 10
POLICY = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK  # threads that such a thread starts are ordinary again
P = ParamSpec("P")
T = TypeVar("T")


class RealtimePriority:
    """The priority for the threads of one process. `first` wraps the function that a thread calls."""

    def __init__(self, priority: int = PRIORITY) -> None:
        self._priority = priority
        self._logged = False

    def first(self, call: Callable[P, T]) -> Callable[P, T]:
        """Return the same function. Each thread gets the priority at its first call."""
        mine = threading.local()

        def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
            if not getattr(mine, "done", False):
                mine.done = True
                self.here()
            return call(*args, **kwargs)

        return wrapped

    def here(self) -> None:
        """Give the calling thread the priority."""
        try:
            os.sched_setscheduler(0, POLICY, os.sched_param(self._priority))
        except OSError as error:
            self._tell(error)

    def _tell(self, error: OSError) -> None:
        if not self._logged:
            self._logged = True
            log.info(
                "no real-time priority for sound (%s): sound may stutter on a busy machine; set LimitRTPRIO=%d",
                error.strerror,
                self._priority,
            )
