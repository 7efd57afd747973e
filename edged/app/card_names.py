"""Keeps over restarts what the names of the sound cards have meant, and says when a name opens another card.

Rules:
1. A name that has fitted two cards, and the card that each name opened last, are known before any device is opened
   (audio/devices/name_memory.py).
2. They are saved as soon as they change, which is seldom: after another card was opened, or was seen beside the first.
3. If they cannot be read, the journal says so, and edged starts with nothing. A kiosk must not stay silent because of
   its SD card. If the disk hangs, they are read before the next save, so that nothing is lost.
4. What is kept about names that are no longer configured is dropped. So a name that another one replaces is forgotten.
"""

import asyncio
import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from edged.app.adapters import Ports
from edged.audio.ports import CardMemory, Remembering
from edged.errors import DeviceError
from edged.files import read
from edged.system.store import MOST_BYTES

log = logging.getLogger(__name__)

NAME = "cards"
SOUND = ("microphone", "speaker")
RECALL_WITHIN_S = 1.0  # the devices wait for it
DISK_WITHIN_S = 30.0
GOODBYE_S = 0.3


def kept(folder: str) -> dict[str, Any]:
    """What the daemon has kept in its state folder, as far as this user may read it."""
    with suppress(OSError, ValueError, RecursionError):
        facts = json.loads(read(Path(folder) / f"{NAME}.json", MOST_BYTES))
        return facts if folder and isinstance(facts, dict) else {}
    return {}


class SoundDevices(Protocol):
    """The microphone and the speaker of a kiosk."""

    @property
    def microphone(self) -> object: ...
    @property
    def speaker(self) -> object: ...


class CardNames:
    """`run` is a task of its own. `tried` may be called from any thread, everything else on the loop."""

    def __init__(self, ports: Ports, devices: SoundDevices) -> None:
        self._ports, self._devices = ports, devices
        self._kept: dict[str, Any] = {}  # on the disk, as far as it is known
        self._is_read, self._changed = False, asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def recall(self) -> None:
        """Load what was kept. Call it before any device is opened."""
        try:
            await self._read(RECALL_WITHIN_S)
        except DeviceError as error:
            _tell_unknown(str(error))

    def use(self, devices: SoundDevices) -> None:
        """Use these devices from now on. Each new one gets what is known about its names."""
        known = self._facts()
        self._devices = devices
        self._hand(known)
        self._changed.set()

    def tried(self, what: str) -> None:
        """The microphone or the speaker was opened, or could not be."""
        memory = self._memory(what)
        if memory is None:
            return
        if news := memory.news():
            log.warning("%s", news, extra={"edged": {"event": "card_changed", "device": what}})
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._changed.set)

    async def run(self) -> None:
        """Save changes until cancelled."""
        try:
            while True:
                await self._changed.wait()
                await self._save(DISK_WITHIN_S)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._save(GOODBYE_S)

    async def _read(self, within_s: float) -> None:
        self._kept = await self._ports.disk(self._ports.store.load, NAME, deadline_s=within_s)
        self._is_read = True
        why = self._ports.store.unreadable(NAME)
        if not self._hand(self._kept):
            why = f"{NAME}.json has another form than edged writes"
        if why:
            _tell_unknown(why)

    async def _save(self, within_s: float) -> None:
        self._changed.clear()
        with suppress(DeviceError):  # the disk hangs; what is noted stays in memory
            if not self._is_read:
                await self._read(within_s)
            facts = self._facts()
            if facts != self._kept:
                await self._ports.disk(self._ports.store.save, NAME, facts, deadline_s=within_s)
                self._kept = facts

    def _facts(self) -> dict[str, Any]:
        """What is known now. Of a device without names, what was kept stays."""
        memories = ((what, self._memory(what)) for what in SOUND)
        return self._kept | {what: memory.facts() for what, memory in memories if memory is not None}

    def _hand(self, known: dict[str, Any]) -> bool:
        """Give the devices what is known about their names. Returns whether all of it could be read."""
        are_whole = [
            memory.recall(known.get(what, {})) for what in SOUND if (memory := self._memory(what)) is not None
        ]
        return all(are_whole)

    def _memory(self, what: str) -> CardMemory | None:
        device = getattr(self._devices, what)
        return device.memory if isinstance(device, Remembering) else None


def _tell_unknown(why: str) -> None:
    text = (
        f"{why}; so edged does not know which names in `microphone.device` and `speaker.device` have fitted two cards,"
        " or which cards they have opened before"
    )
    log.warning("%s", text, extra={"edged": {"problem": text}})
