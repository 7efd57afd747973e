"""Feeds the service manager's watchdog from the loop while there is progress (progress.py).

A stalled process does not end itself. It stops feeding, and the manager ends it with SIGABRT, which leaves the stacks
of all threads in the journal.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from edged.system.notify import Manager
from edged.system.progress import PartProgress, Progress

log = logging.getLogger(__name__)

FEEDS = 4  # feeds in the time that the manager waits, so that one or two late feeds do no harm


class Watchdog:
    """`run` feeds until it is cancelled. It calls `signs` each time, on the loop."""

    def __init__(
        self,
        manager: Manager,
        signs: Callable[[], Mapping[str, PartProgress]],
        now_ms: Callable[[], int],
        *,
        within_s: float,
    ) -> None:
        """`within_s` is the time that the manager waits (notify.watchdog_s)."""
        self._manager, self._signs, self._now_ms = manager, signs, now_ms
        self._every_s = within_s / FEEDS
        self._progress = Progress()
        self._stalled: list[str] = []

    async def run(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(self._every_s)

    def _look(self) -> None:
        stalled = self._progress.look(self._now_ms(), self._signs())
        if not stalled:
            self._manager.alive()
        if stalled != self._stalled:
            if stalled:
                parts = ", the ".join(stalled)
                log.critical(
                    "watchdog: no progress in the %s",
                    parts,
                    extra={"edged": {"event": "stalled", "parts": parts}},
                )
            else:
                log.warning("watchdog: all parts make progress again")
            self._stalled = stalled
