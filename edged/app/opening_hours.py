"""The hours in which a kiosk takes questions (`link.hours`).

Rules:
1. The local time is read once a minute, so a clock that was set counts within a minute. While the clock is not set, the
   kiosk is open, and the journal says so once.
2. Outside these hours the link rests, a press is answered with the phrase for it, and the light shows it. What is under
   way when they end goes on to its end.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from edged.app.adapters import Ports
from edged.app.local_hours import LocalHours
from edged.causes import CAUSES
from edged.config import Config
from edged.config.part import hours_of
from edged.hours import HourRanges

log = logging.getLogger(__name__)

CLOSED = "outside_hours"


class OpeningHours:
    """Whether one kiosk is open. `run` is a task of its own; it calls `changed` when that changes."""

    def __init__(self, config: Config, ports: Ports, changed: Callable[[], None]) -> None:
        self._hours = LocalHours(
            ports.clock, "link.hours: the clock is not set yet, so the kiosk is open until it is"
        )
        self._changed, self._configured = changed, asyncio.Event()
        self._hours.hours = _hours(config)
        self._is_closed = self._hours.now() is False

    @property
    def closed(self) -> str | None:
        """The cause for which no question is taken now; None: the kiosk is open."""
        return CLOSED if self._is_closed else None

    def configure(self, config: Config) -> None:
        """Use this configuration from now on."""
        self._hours.hours = _hours(config)
        self._configured.set()

    async def run(self) -> None:
        """Look at the clock until cancelled."""
        while True:
            self._configured.clear()
            self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._hours.minute_s()):
                    await self._configured.wait()

    def _look(self) -> None:
        was, self._is_closed = self._is_closed, self._hours.now() is False
        if was is self._is_closed:
            return
        if self._is_closed:
            words, fields = "closed: %s", {"event": "closed", "cause": CLOSED}
            log.info(words, CAUSES[CLOSED].remedy, extra={"edged": fields})
        else:
            log.info("open", extra={"edged": {"event": "open"}})
        self._changed()


def _hours(config: Config) -> HourRanges:
    return HourRanges(hours_of(config.link.hours))
