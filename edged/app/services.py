"""Saves over restarts what edged knows about the services it has used, so that the first attempt is the right one.

Rules:
1. It is a guess (dial/service_facts.py). If it cannot be read, nothing is known. A disk that hangs delays the first
   attempt by `RECALL_WITHIN_S`, and nothing else.
2. It is saved when it changes, at most once in `SAVE_EVERY_S`, and at the end of edged.
3. A service is named by parts that distinguish it and are no secrets. An address is reduced to its place.
"""

import asyncio
from contextlib import suppress

from edged.app.adapters import Ports
from edged.app.service import planned
from edged.config import Config, Secret
from edged.dial.service_facts import RecentServices, ServiceFacts, place
from edged.errors import DeviceError
from edged.system.redactor import REDACTOR

NAME = "services"
RECALL_WITHIN_S = 1.0
SAVE_EVERY_S = 60.0  # a service that keeps changing its behaviour must not wear out an SD card
DISK_WITHIN_S = 30.0
GOODBYE_S = 0.3


class Services:
    """`run` is a task of its own; call everything else on the loop."""

    def __init__(self, ports: Ports) -> None:
        self._ports, self._recent = ports, RecentServices()
        self._recalled, self._changed = False, asyncio.Event()

    def of(self, config: Config, key: Secret | None) -> "Remembered":
        """Return the memory of the configured service; raises ConfigError if the settings cannot work."""
        behind = config.provider.portkey.provider if config.provider.name == "portkey" else ""
        words = (config.provider.name, behind, place(planned(config, key).url))
        return Remembered(self, REDACTOR.redacted(" ".join(filter(None, words))))

    async def recall(self, name: str) -> ServiceFacts:
        """Return what is known about the service of this name."""
        if not self._recalled:
            with suppress(DeviceError):  # the disk hangs
                facts = await self._ports.disk(self._ports.store.load, NAME, deadline_s=RECALL_WITHIN_S)
                self._recent.recall(facts.get("known"))
                self._recalled = True
        return self._recent.of(name)

    def remember(self, name: str, known: ServiceFacts) -> None:
        """Remember this about the service of this name."""
        if self._recent.note(name, known):
            self._changed.set()

    async def run(self) -> None:
        """Save changes until cancelled."""
        try:
            while True:
                await self._changed.wait()
                await self._save(DISK_WITHIN_S)
                await asyncio.sleep(SAVE_EVERY_S)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._save(GOODBYE_S)

    async def _save(self, within_s: float) -> None:
        if not self._changed.is_set():
            return
        self._changed.clear()
        facts = {"known": self._recent.as_json()}
        with suppress(DeviceError):  # the disk hangs; edged will find it out again
            await self._ports.disk(self._ports.store.save, NAME, facts, deadline_s=within_s)


class Remembered:
    """The link's Memory of one service."""

    def __init__(self, services: Services, name: str) -> None:
        self._services, self._name = services, name

    async def recall(self) -> ServiceFacts:
        return await self._services.recall(self._name)

    def remember(self, known: ServiceFacts) -> None:
        self._services.remember(self._name, known)
