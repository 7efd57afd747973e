"""What people set on a running kiosk: whether its microphone is off, and how loud it speaks. Kept over restarts.

Rules:
1. A microphone that was switched off stays off over a restart; its device is not opened before that is known.
2. A volume that was set holds until `speaker.volume` is changed in the configuration, which then counts.
3. A disk that hangs or fails keeps nobody from either.
4. With `speaker.mixer` the card's own control is set, each time the speaker is opened, too; where that fails it is
   told once, and the volume is made in software.
"""

import asyncio
import logging
import reprlib
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeGuard

from edged.app.adapters import Ports
from edged.audio import volume
from edged.audio.amplifier import Loudness
from edged.causes import CAUSES
from edged.config import Config
from edged.config.part import names_of
from edged.errors import CommandError, DeviceError
from edged.system.offload import Offload, OneAtATime

if TYPE_CHECKING:
    from edged.audio.mixer import Mixer

log = logging.getLogger(__name__)

NAME = "switches"
DISK_WITHIN_S = 3.0
GOODBYE_S = 0.3


class Switches:
    """`moved` is called on the loop when the microphone was switched off or on; `muted` says which."""

    def __init__(self, config: Config, ports: Ports, moved: Callable[[], None]) -> None:
        self.muted = False
        self.loudness = Loudness(config.speaker.volume)
        self._mixer, self._mixer_fails = _mixer(config), ""
        self._ports, self._moved = ports, moved
        self._card, self._prepare = OneAtATime(ports.offload), OneAtATime(ports.offload)
        self._configured = config.speaker.volume
        self._changed = asyncio.Event()
        self._saved = self._facts()

    async def recall(self) -> None:
        """Set what was set before; before any device is opened."""
        facts: dict[str, object] = {}
        with suppress(DeviceError):
            facts = await self._ports.disk(self._ports.store.load, NAME, deadline_s=DISK_WITHIN_S)
        if facts.get("muted") is True:
            self.muted = True
            self._moved()
        level = facts.get("volume")
        if facts.get("configured") == self._configured and _is_volume(level):
            self.loudness.set(level)
        self._saved = self._facts()
        await self._load_what_it_takes(self.loudness.volume)

    def speaker_opened(self) -> None:
        """The card may be another, or have forgotten its volume. Blocks: off the loop."""
        self._apply(self.loudness.volume)

    async def run(self) -> None:
        """Until cancelled: save what changes."""
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._set_card()
                await self._save(DISK_WITHIN_S)
        finally:
            if self._facts() != self._saved:
                await self._save(GOODBYE_S)

    def mute(self, muted: bool) -> None:  # noqa: FBT001 a switch
        """Switch the microphone off, or on again."""
        self.muted = muted
        self._moved()
        self._changed.set()

    async def set_volume(self, level: object) -> None:
        """Raises CommandError for what is no volume."""
        if not _is_volume(level):
            raise CommandError(
                f"a volume is a whole number from 0 to {volume.LOUDEST}, not {reprlib.repr(level):.40}"
            )
        await self._load_what_it_takes(level)
        self.loudness.set(level)
        await self._set_card()
        self._changed.set()

    def configure(self, config: Config) -> None:
        """Go on with this; a volume that was changed there counts from now on."""
        self._mixer, self._mixer_fails = _mixer(config), ""
        self._changed.set()
        if config.speaker.volume != self._configured:
            self._configured = config.speaker.volume
            self.loudness.set(self._configured)
        if self._mixer is None:
            self.loudness.set(self.loudness.volume)  # what a card did until now is left to software

    async def _set_card(self) -> None:
        if self._mixer is not None:
            await self._off_the_loop(self._card, self._apply, self.loudness.volume)

    def _apply(self, level: int) -> None:
        """Set the card's volume where one was asked for, and what is left to be done in software."""
        by_card, mixer = False, self._mixer
        if mixer is not None:
            try:
                mixer.set(max(level, volume.CUE_LEAST))
                by_card, self._mixer_fails = self._mixer is mixer, ""
            except DeviceError as error:
                self._complain(str(error))
        self.loudness.set(level, by_card=by_card)

    def _complain(self, why: str) -> None:
        if why != self._mixer_fails:
            self._mixer_fails = why
            told = {"edged": {"cause": "mixer_lost"}}
            log.warning("mixer: %s. %s", why, CAUSES["mixer_lost"].remedy, extra=told)

    async def _load_what_it_takes(self, level: int) -> None:
        """Not in the middle of an answer, and not by the speaker's thread."""
        if level != volume.AS_SENT:
            await self._off_the_loop(self._prepare, volume.prepare)

    async def _off_the_loop(self, where: Offload, call: Callable[..., None], *arguments: object) -> None:
        with suppress(DeviceError):
            await where(call, *arguments, deadline_s=DISK_WITHIN_S)

    async def _save(self, within_s: float) -> None:
        facts = self._facts()
        with suppress(DeviceError):
            await self._ports.disk(self._ports.store.save, NAME, facts, deadline_s=within_s)
            self._saved = facts

    def _facts(self) -> dict[str, object]:
        return {"muted": self.muted, "volume": self.loudness.volume, "configured": self._configured}


def _is_volume(level: object) -> TypeGuard[int]:
    return type(level) is int and 0 <= level <= volume.LOUDEST


def _mixer(config: Config) -> "Mixer | None":
    if not config.speaker.mixer:
        return None
    from edged.audio.mixer import Mixer  # noqa: PLC0415 libasound, where it is wanted

    return Mixer(config.speaker.mixer, names_of(config.speaker.device))
