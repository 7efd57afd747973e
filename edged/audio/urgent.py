"""Lets a sound thread run before others, where the system allows it.

SCHED_FIFO at a low priority: above all ordinary work, below the kernel's own threads. A unit allows it with
LimitRTPRIO; elsewhere it is refused, which is told once and costs nothing but evenness under load.
"""

import logging
import os
from functools import cache

log = logging.getLogger(__name__)

PRIORITY = 5  # of 99


def hurry() -> bool:
    """Ask for it, for the calling thread; False: not allowed here."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    except (AttributeError, OSError) as error:  # not a Linux, or not permitted
        _tell(str(error))
        return False
    return True


@cache
def _tell(why: str) -> None:
    log.info("sound threads run without priority (%s): LimitRTPRIO=%d in the unit allows it", why, PRIORITY)
