"""What people set on a running kiosk: whether its microphone is off, and how loud it speaks. Kept over restarts.

Rules:
1. A microphone that was switched off stays off over a restart; its device is not opened before that is known.
2. A volume that was set holds until `speaker.volume` is changed in the configuration, which then counts.
3. A disk that hangs or fails keeps nobody from either.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeGuard

from edged.app.adapters import Ports
from edged.audio import volume
from edged.audio.amplifier import Loudness
from edged.config import Config
from edged.errors import CommandError, DeviceError

NAME = "switches"
DISK_WITHIN_S = 3.0
GOODBYE_S = 0.3


class Switches:
    """`mute(muted)` is told when the microphone is switched off or on; on the loop."""

    def __init__(self, config: Config, ports: Ports, mute: Callable[[bool], None]) -> None:
        self.loudness = Loudness(config.speaker.volume)
        self._ports, self._mute = ports, mute
        self._configured = config.speaker.volume
        self._muted = False
        self._changed = asyncio.Event()

    async def recall(self) -> None:
        """Set what was set before; before any device is opened."""
        facts: dict[str, object] = {}
        with suppress(DeviceError):
            facts = await self._ports.offload(self._ports.store.load, NAME, deadline_s=DISK_WITHIN_S)
        if facts.get("muted") is True:
            self._muted = True
            self._mute(True)
        level = facts.get("volume")
        if facts.get("configured") == self._configured and _is_volume(level):
            self.loudness.set(level)
        await self._load_what_it_takes(self.loudness.volume)

    async def run(self) -> None:
        """Until cancelled: save what changes."""
        try:
            while True:
                await self._changed.wait()
                await self._save(DISK_WITHIN_S)
        finally:
            if self._changed.is_set():
                await self._save(GOODBYE_S)

    def mute(self, muted: bool) -> None:  # noqa: FBT001 a switch
        """Switch the microphone off, or on again."""
        self._muted = muted
        self._mute(muted)
        self._changed.set()

    async def set_volume(self, level: object) -> None:
        """Raises CommandError for what is no volume."""
        if not _is_volume(level):
            raise CommandError(f"a volume is a whole number from 0 to {volume.LOUDEST}, not {level!r:.40}")
        await self._load_what_it_takes(level)
        self.loudness.set(level)
        self._changed.set()

    def configure(self, config: Config) -> None:
        """Go on with this; a volume that was changed there counts from now on."""
        if config.speaker.volume != self._configured:
            self._configured = config.speaker.volume
            self.loudness.set(self._configured)
            self._changed.set()

    async def _load_what_it_takes(self, level: int) -> None:
        """Not in the middle of an answer, and not by the speaker's thread."""
        if level != volume.AS_SENT:
            with suppress(DeviceError):
                await self._ports.offload(volume.prepare, deadline_s=DISK_WITHIN_S)

    async def _save(self, within_s: float) -> None:
        self._changed.clear()
        facts = {"muted": self._muted, "volume": self.loudness.volume, "configured": self._configured}
        with suppress(DeviceError):
            await self._ports.offload(self._ports.store.save, NAME, facts, deadline_s=within_s)


def _is_volume(level: object) -> TypeGuard[int]:
    return type(level) is int and 0 <= level <= volume.LOUDEST
