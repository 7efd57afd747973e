"""Keeps what people set on a running kiosk, also over restarts: whether the microphone is muted, and the volume.

Rules:
1. A muted microphone stays muted over a restart. Its device is not opened before this is known. If nothing was saved,
   the microphone is on. If the saved file cannot be read, it is muted until somebody switches it.
2. A volume that was set applies until `speaker.volume` changes in the configuration. Then that value applies.
3. Switching works even if the disk hangs or fails. The caller learns that the setting will be forgotten (`kept`,
   `troubles`), and saving is tried again.
4. With `speaker.mixer`, the control of the card that is open is set, also each time the speaker is opened. If that
   fails, it is logged once, and software makes the volume. While no speaker is open, no card is set.
"""

import asyncio
import logging
import reprlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeGuard

from edged.app.adapters import Ports
from edged.app.troubles import Trouble
from edged.audio.dsp import volume
from edged.audio.dsp.amplifier import Loudness
from edged.causes import CAUSES
from edged.config import Config
from edged.errors import CommandError, DeviceError
from edged.system.offload import Offload, OneAtATime

if TYPE_CHECKING:
    from edged.audio.devices.mixer import Mixer

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
        self.loudness = Loudness(config.speaker.volume)
        self._mixer, self._mixer_fails = _mixer(config), ""
        self._control: str | None = None  # ALSA's name for the mixer of the open speaker; None: none is open
        self._ports, self._moved = ports, moved
        self._card, self._prepare = OneAtATime(ports.offload), OneAtATime(ports.offload)
        self._configured = config.speaker.volume
        self._changed, self._one = asyncio.Event(), asyncio.Lock()
        self._unsaved = False
        self._unread = ""  # why the saved settings are not known
        self._unkept = ""  # why the present settings will be forgotten
        self._short = ""  # why the volume that was set is not in use

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
        level = facts.get("volume")
        if facts.get("configured") == self._configured and _is_volume(level):
            self.loudness.set(level)
        self._short = await self._load_what_it_takes(self.loudness.volume)
        if self._short:
            _warn("memory_short", self._short)
            self.loudness.set(volume.AS_SENT)

    def speaker_opened(self, control: str = "") -> None:
        """Apply the volume again: the card may be new, or may have lost its volume. Blocks, so call it off the loop.

        `control`: ALSA's name for the mixer of the device that opened; empty: it has none.
        """
        self._control = control
        self._apply(self.loudness.volume)

    def speaker_closed(self) -> None:
        """The card is left alone until a speaker is open again."""
        self._control = None

    async def run(self) -> None:
        """Save changes until cancelled."""
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_S if self._unkept else None):
                        await self._changed.wait()
                if self._changed.is_set():
                    self._changed.clear()
                    await self._set_card()
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
        if self._short:
            yield Trouble("volume", "memory_short", self._short)
        if self._mixer_fails:
            yield Trouble("mixer", "mixer_lost", self._mixer_fails)

    async def set_volume(self, level: object) -> None:
        """Set the volume. Raises CommandError if `level` is not a volume, or if there is no memory for it."""
        if not _is_volume(level):
            raise CommandError(
                f"a volume is a whole number from 0 to {volume.LOUDEST}, not {reprlib.repr(level):.40}"
            )
        if why := await self._load_what_it_takes(level):
            raise CommandError(f"{why}; the volume stays {self.loudness.volume}")
        self.loudness.set(level)
        await self._set_card()
        self._set()

    def configure(self, config: Config) -> None:
        """Use this configuration from now on. A changed volume in it applies at once."""
        self._mixer, self._mixer_fails = _mixer(config), ""
        self._changed.set()  # so that `run` sets the card
        if config.speaker.volume != self._configured:
            self._configured = config.speaker.volume
            self.loudness.set(self._configured)
            self._unsaved = not self._unread  # an unreadable file stays until somebody switches
        if self._mixer is None:
            self.loudness.set(self.loudness.volume)  # software now does what a card did until now

    async def _set_card(self) -> None:
        if self._mixer is not None:
            await self._off_the_loop(self._card, self._apply, self.loudness.volume)

    def _apply(self, level: int) -> None:
        """Set the open card's volume if the configuration names a mixer, and let software do the rest."""
        by_card, mixer, control = False, self._mixer, self._control
        if mixer is not None and control is not None:
            try:
                mixer.set(max(level, volume.CUE_LEAST), control)
                why = ""
            except DeviceError as error:
                why = str(error)
            if self._mixer is not mixer or self._control != control:
                return  # another speaker was opened meanwhile, and its volume is set then
            by_card = not why
            self._complain(why)
        self.loudness.set(level, by_card=by_card)

    def _complain(self, why: str) -> None:
        was, self._mixer_fails = self._mixer_fails, why
        if why and why != was:
            _warn("mixer_lost", f"mixer: {why}")

    async def _load_what_it_takes(self, level: int) -> str:
        """Load now what `level` needs, not later in the speaker's thread. Returns why that failed, or an empty text."""
        if level != volume.AS_SENT:
            try:
                await self._prepare(volume.prepare, deadline_s=DISK_WITHIN_S)
            except DeviceError as error:  # if the call hangs, it still finishes later
                return str(error) if error.cause == "memory_short" else ""
        return ""

    async def _off_the_loop(self, where: Offload, call: Callable[..., None], *arguments: object) -> None:
        with suppress(DeviceError):
            await where(call, *arguments, deadline_s=DISK_WITHIN_S)

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
        return {"muted": self.muted, "volume": self.loudness.volume, "configured": self._configured}


def _hangs(within_s: float) -> str:
    return f"the disk has not answered within {within_s:g} s"


def _warn(cause: str, text: str) -> None:
    log.warning("%s. %s", text, CAUSES[cause].remedy, extra={"edged": {"cause": cause}})


def _is_volume(level: object) -> TypeGuard[int]:
    return type(level) is int and 0 <= level <= volume.LOUDEST


def _mixer(config: Config) -> "Mixer | None":
    if not config.speaker.mixer:
        return None
    from edged.audio.devices.mixer import Mixer  # noqa: PLC0415 loads libasound, so only if it is wanted

    return Mixer(config.speaker.mixer)
