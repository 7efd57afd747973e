"""Puts the calling thread before all ordinary ones: sched(7), SCHED_FIFO.

For the threads that hand sound over and for no other: a few microseconds of copying each 20 ms. 10 is above every
ordinary thread and below the kernel's own interrupt threads (50), which bring the sound. It needs LimitRTPRIO= of the
unit, or root; without it sound comes at the machine's leisure, which is told once.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

log = logging.getLogger(__name__)

PRIORITY = 10
POLICY = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK  # what such a thread starts is ordinary again
P = ParamSpec("P")
T = TypeVar("T")


class RealtimePriority:
    """Of one process; `first` wraps what a thread calls."""

    def __init__(self, priority: int = PRIORITY) -> None:
        self._priority = priority
        self._logged = False

    def first(self, call: Callable[P, T]) -> Callable[P, T]:
        """The same call; each thread that makes it is put forward at its first time."""
        mine = threading.local()

        def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
            if not getattr(mine, "done", False):
                mine.done = True
                self.here()
            return call(*args, **kwargs)

        return wrapped

    def here(self) -> None:
        """Put the calling thread forward."""
        try:
            os.sched_setscheduler(0, POLICY, os.sched_param(self._priority))
        except OSError as error:
            self._tell(error)

    def _tell(self, error: OSError) -> None:
        if not self._logged:
            self._logged = True
            log.info(
                "no real-time priority for sound (%s), which may stutter on a busy machine: it takes LimitRTPRIO=%d",
                error.strerror,
                self._priority,
            )
