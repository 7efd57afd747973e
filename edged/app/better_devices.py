"""Opens a better device in place of the open one, when one has come that was not there before.

Rules:
1. What is better is decided where devices are opened: a name that stands earlier in the configuration, or a card that
   comes earlier in the order of the default. A device that could not be opened before is not better.
2. It is looked for after a card was plugged in, after the microphone was opened, and after the configuration changed.
   So the default of the speaker follows the microphone.
3. A device is reopened only while the kiosk is quiet. The microphone comes first, because the speaker may follow it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from edged.errors import DeviceError
from edged.system.offload import Offload, OneAtATime

LOOK_S = 0.25  # how often to look whether the kiosk is quiet
WITHIN_S = 3.0  # a look at the cards takes milliseconds


class DevicesInUse(Protocol):
    """The devices of a kiosk."""

    news: asyncio.Event

    def has_better(self, name: str) -> bool:
        """Whether a better device has come than the open one. May block."""
        ...

    def reopen(self, name: str) -> None:
        """Close a device, and open the best one that is there now."""
        ...


class BetterDevices:
    """`quiet` says whether a device may be reopened now."""

    def __init__(self, devices: DevicesInUse, quiet: Callable[[], bool], offload: Offload) -> None:
        self._devices, self._quiet = devices, quiet
        self._ask = OneAtATime(offload)

    async def run(self) -> None:
        """Look after each of the news until cancelled."""
        while True:
            await self._devices.news.wait()
            self._devices.news.clear()
            for name in ("microphone", "speaker"):
                if await self._has_better(name):
                    while not self._quiet():  # noqa: ASYNC110 it depends on many parts, and none of them reports it
                        await asyncio.sleep(LOOK_S)
                    self._devices.reopen(name)

    async def _has_better(self, name: str) -> bool:
        with suppress(DeviceError):  # it hangs, and the next opening will say so
            return await self._ask(self._devices.has_better, name, deadline_s=WITHIN_S)
        return False
