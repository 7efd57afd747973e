"""Keeps what people set on a running kiosk, also over restarts: whether the microphone is muted, and the volume.

Rules:
1. A muted microphone stays muted over a restart. Its device is not opened before this is known. If nothing was saved,
   the microphone is on. If the saved file cannot be read, it is muted until somebody switches it.
2. A volume that was set applies until `speaker.volume` changes in the configuration. Then that value applies.
3. Switching works even if the disk hangs or fails. The caller learns that the setting will be forgotten (`kept`,
   `troubles`), and saving is tried again.

Not here: what a volume means for the card and for software (volume.py).
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress

from edged.app.adapters import Ports
from edged.app.troubles import Trouble
from edged.app.volume import VolumeControl
from edged.causes import CAUSES
from edged.config import Config
from edged.errors import DeviceError

log = logging.getLogger(__name__)

NAME = "switches"
DISK_WITHIN_S = 3.0
ANSWER_WITHIN_S = 1.5  # the person who switched waits for the answer
AGAIN_S = 60.0  # somebody may have repaired the disk by then
GOODBYE_S = 0.3


class UserSettings:
    """`moved` is called on the loop after a mute or unmute. `muted` says which."""

    def __init__(self, config: Config, ports: Ports, moved: Callable[[], None]) -> None:
        self.muted = False
        self.volume = VolumeControl(config, ports)
        self._ports, self._moved = ports, moved
        self._configured = config.speaker.volume
        self._changed, self._one = asyncio.Event(), asyncio.Lock()
        self._unsaved = False
        self._unread = ""  # why the saved settings are not known
        self._unkept = ""  # why the present settings will be forgotten

    async def recall(self) -> None:
        """Load and apply the saved settings. Call it before any device is opened."""
        facts: dict[str, object] = {}
        try:
            facts = await self._ports.disk(self._ports.store.load, NAME, deadline_s=DISK_WITHIN_S)
            self._unread = self._ports.store.unreadable(NAME)
        except DeviceError:
            self._unread = _hangs(DISK_WITHIN_S)
        if not isinstance(facts.get("muted", False), bool):
            self._unread = f"{NAME}: its value for the microphone is neither true nor false"
        if self._unread:
            _warn("switches_unreadable", self._unread)
        if facts.get("muted") is True or self._unread:
            self.muted = True
            self._moved()
        is_kept = facts.get("configured") == self._configured
        await self.volume.recall(facts.get("volume") if is_kept else None)

    async def run(self) -> None:
        """Save changes until cancelled."""
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_S if self._unkept else None):
                        await self._changed.wait()
                if self._changed.is_set():
                    self._changed.clear()
                await self._save(DISK_WITHIN_S)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._save(GOODBYE_S)

    def mute(self, muted: bool) -> None:  # noqa: FBT001 a switch
        """Mute or unmute the microphone."""
        moved, self.muted, self._unread = muted is not self.muted, muted, ""
        if moved:
            self._moved()
        self._set()

    async def kept(self) -> None:
        """Wait until the settings are saved, or saving them has failed; `troubles` then reports that."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._save(ANSWER_WITHIN_S)
        except TimeoutError:
            self._forgets(_hangs(ANSWER_WITHIN_S))

    def troubles(self) -> Iterator[Trouble]:
        """Yield what is wrong with the settings, and whether the microphone is muted."""
        if self._unread:
            yield Trouble("microphone", "switches_unreadable", self._unread)
        elif self.muted:
            yield Trouble("microphone", "muted", "somebody has muted it")
        if self._unkept:
            yield Trouble("switches", "switches_forgotten", self._unkept)
        yield from self.volume.troubles()

    async def set_volume(self, level: object) -> None:
        """Set the volume. Raises CommandError if `level` is not a volume, or if there is no memory for it."""
        await self.volume.set(level)
        self._set()

    async def step_volume(self, by: int) -> None:
        """Make it louder or quieter. Raises CommandError if there is no memory for it."""
        await self.volume.step(by)
        self._set()

    async def reset_volume(self) -> None:
        """Let the configured volume count again. Raises CommandError if there is no memory for it."""
        if self.volume.chosen != self._configured or self.volume.is_stepped:
            await self.set_volume(self._configured)

    def configure(self, config: Config) -> None:
        """Use this configuration from now on. A changed volume in it applies at once."""
        was, self._configured = self._configured, config.speaker.volume
        is_other = self._configured != was
        self.volume.configure(config, level=self._configured if is_other else None)
        if is_other:
            self._unsaved = not self._unread  # an unreadable file stays until somebody switches
            self._changed.set()

    def _set(self) -> None:
        """Somebody has set something: save it."""
        self._unsaved = True
        self._changed.set()

    async def _save(self, within_s: float) -> None:
        async with self._one:
            if not self._unsaved:
                return
            facts = self._facts()
            try:
                why = await self._ports.disk(self._ports.store.save, NAME, facts, deadline_s=within_s)
            except DeviceError:
                why = _hangs(within_s)
            if not why:
                self._unsaved, self._unread = self._facts() != facts, ""
            self._forgets(why)

    def _forgets(self, why: str) -> None:
        if why and why != self._unkept:
            _warn("switches_forgotten", why)
        self._unkept = why

    def _facts(self) -> dict[str, object]:
        return {"muted": self.muted, "volume": self.volume.chosen, "configured": self._configured}


def _hangs(within_s: float) -> str:
    return f"the disk has not answered within {within_s:g} s"


def _warn(cause: str, text: str) -> None:
    log.warning("%s. %s", text, CAUSES[cause].remedy, extra={"edged": {"cause": cause}})
