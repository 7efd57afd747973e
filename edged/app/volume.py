"""The volume of a running kiosk: which one applies, and whether the card or software makes it.

Rules:
1. With `speaker.mixer`, the control of the card that is open is set, also each time the speaker is opened. If that
   fails, or takes longer than `MIXER_S`, it is logged once, and software makes the volume. So a control that hangs does
   not hold up the speaker. While no speaker is open, no card is set.
2. Quiet hours are read off the local time once a minute, so a clock that was set or a zone that was changed counts
   within a minute. While the clock is not set, there are none, and the journal says so once.
3. When quiet hours begin or end, the volume moves to its new level within `FADE_S`. What somebody sets applies at once.
"""

import asyncio
import logging
import reprlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from typing import TYPE_CHECKING, TypeGuard

from edged.app.adapters import Ports
from edged.app.local_hours import LocalHours
from edged.app.troubles import Trouble
from edged.audio.dsp import volume
from edged.audio.dsp.amplifier import Loudness
from edged.audio.dsp.volume_choice import VolumeBounds, VolumeChoice
from edged.causes import CAUSES
from edged.config import Config
from edged.config.part import hours_of
from edged.errors import CommandError, DeviceError
from edged.hours import HourRanges
from edged.system.offload import Offload, OneAtATime

if TYPE_CHECKING:
    from edged.audio.devices.mixer import Mixer

log = logging.getLogger(__name__)

CARD_WITHIN_S = 3.0
MIXER_S = 1.0
FADE_S = 2.0
FADE_STEPS = 20  # each is at most a tenth of a change from 100 to 0, and softened over 10 ms


class VolumeControl:
    """The volume of one kiosk. `run` is a task of its own."""

    def __init__(self, config: Config, ports: Ports) -> None:
        speaker = config.speaker
        self._choice = VolumeChoice(_bounds(config), speaker.volume)
        self.loudness = Loudness(self._choice.volume, speaker.cue_least)
        unset = "speaker.quiet_hours: the clock is not set yet, so there are no quiet hours until it is"
        self._quiet = LocalHours(ports.clock, unset)
        self._quiet.hours = HourRanges(hours_of(speaker.quiet_hours))
        self._mixer, self._mixer_fails = _mixer(config), ""
        self._control: str | None = None  # ALSA's name for the mixer of the open speaker; None: none is open
        self._aside = ports.aside()
        self._card, self._prepare = OneAtATime(ports.offload), OneAtATime(ports.offload)
        self._configured = asyncio.Event()
        self._short = ""  # why the volume that was chosen is not in use

    @property
    def chosen(self) -> int:
        """What somebody has chosen; in quiet hours, less than that may apply."""
        return self._choice.chosen

    @property
    def is_stepped(self) -> bool:
        """Whether somebody has changed the volume of these quiet hours."""
        return self._choice.is_stepped

    async def recall(self, level: object) -> None:
        """Begin with the volume of an earlier life, if that is one, else with the configured one."""
        if is_volume(level):
            self._choice.set(level)
        self._choice.quieten(is_quiet=self._is_quiet())
        self._short = await self._load_what_it_takes(self._choice.volume)
        if self._short:
            _warn("memory_short", self._short)
        self.loudness.set(volume.AS_SENT if self._short else self._choice.volume)

    async def run(self) -> None:
        """Until cancelled: keep to the quiet hours, and set the card after a change of the configuration."""
        while True:
            if self._configured.is_set():
                self._configured.clear()
                await self._set_card(self.loudness.volume)
            await self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._quiet.minute_s()):
                    await self._configured.wait()

    async def set(self, level: object) -> None:
        """Set the volume. Raises CommandError if `level` is not a volume, or if there is no memory for it."""
        if not is_volume(level):
            raise CommandError(
                f"a volume is a whole number from 0 to {volume.LOUDEST}, not {reprlib.repr(level):.40}"
            )
        await self._apply_change(lambda: self._choice.set(level))

    async def step(self, by: int) -> None:
        """Make it louder or quieter. Raises CommandError if there is no memory for it."""
        await self._apply_change(lambda: self._choice.step(by))

    def configure(self, config: Config, *, level: int | None) -> None:
        """Use this configuration from now on. `level`: the volume in it has changed, and applies at once."""
        speaker = config.speaker
        self._mixer, self._mixer_fails = _mixer(config), ""
        self._quiet.hours = HourRanges(hours_of(speaker.quiet_hours))
        self._choice.bind(_bounds(config))
        if level is not None:
            self._choice.set(level)
        self.loudness.cue_least = speaker.cue_least
        if level is not None or self._mixer is None:
            self.loudness.set(self.loudness.volume if level is None else self._choice.volume)
        self._configured.set()  # so that `run` sets the card, and looks at the hours

    def speaker_opened(self, control: str = "") -> None:
        """Apply the volume again: the card may be new, or may have lost its volume. Blocks, so call it off the loop.

        `control`: ALSA's name for the mixer of the device that opened; empty: it has none.
        """
        self._control = control
        self._apply(self.loudness.volume)

    def speaker_closed(self) -> None:
        """The card is left alone until a speaker is open again."""
        self._control = None

    def snapshot(self) -> dict[str, object]:
        """This object's part of the kiosk's state."""
        return {"volume": self.loudness.volume, "quiet_hours": self._choice.is_quiet}

    def troubles(self) -> Iterator[Trouble]:
        """Yield what is wrong with the volume."""
        if self._short:
            yield Trouble("volume", "memory_short", self._short)
        if self._mixer_fails:
            yield Trouble("mixer", "mixer_lost", self._mixer_fails)

    # -- quiet hours ---------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Begin or end the quiet hours if it is time."""
        was, is_quiet = self._choice.is_quiet, self._is_quiet()
        self._choice.quieten(is_quiet=is_quiet)
        if was is not is_quiet:
            text = "have begun" if is_quiet else "are over"
            fields = {"event": "quiet_hours", "volume": str(self._choice.volume)}
            log.info("speaker: quiet hours %s: volume %d", text, self._choice.volume, extra={"edged": fields})
        if self.loudness.volume != self._choice.volume and not self._short:
            await self._fade()

    def _is_quiet(self) -> bool:
        return bool(self._quiet.now())

    async def _fade(self) -> None:
        """Move to the volume that applies, unless somebody sets another one meanwhile."""
        goal, begin = self._choice.volume, self.loudness.volume
        if await self._load_what_it_takes(min(goal, begin)):
            return  # there is no memory for it, which the person hears who sets a volume
        level = begin
        for number in range(1, FADE_STEPS + 1):
            if self.loudness.volume != level or self._choice.volume != goal:
                return
            level = begin + (goal - begin) * number // FADE_STEPS
            if self._mixer is None:
                self.loudness.set(level)
            else:
                await self._set_card(level)
            await asyncio.sleep(FADE_S / FADE_STEPS)

    # -- the card, or software -----------------------------------------------------------------------

    async def _apply_change(self, change: Callable[[], None]) -> None:
        before = copy(self._choice)
        change()
        if why := await self._load_what_it_takes(self._choice.volume):
            self._choice = before
            raise CommandError(f"{why}; the volume stays {self.loudness.volume}")
        self.loudness.set(self._choice.volume)
        await self._set_card(self.loudness.volume)

    async def _set_card(self, level: int) -> None:
        if self._mixer is not None:
            await self._off_the_loop(self._card, self._apply, level)

    def _apply(self, level: int) -> None:
        """Set the open card's volume if the configuration names a mixer, and let software do the rest."""
        by_card, mixer, control = False, self._mixer, self._control
        if mixer is not None and control is not None:
            try:
                self._aside(mixer.set, self.loudness.of_card(level), control, within_s=MIXER_S)
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
                await self._prepare(volume.prepare, deadline_s=CARD_WITHIN_S)
            except DeviceError as error:  # if the call hangs, it still finishes later
                return str(error) if error.cause == "memory_short" else ""
        return ""

    async def _off_the_loop(self, where: Offload, call: Callable[..., None], *arguments: object) -> None:
        with suppress(DeviceError):
            await where(call, *arguments, deadline_s=CARD_WITHIN_S)


def is_volume(level: object) -> TypeGuard[int]:
    """Whether this is a volume: a whole number from 0 to 100."""
    return type(level) is int and 0 <= level <= volume.LOUDEST


def _bounds(config: Config) -> VolumeBounds:
    speaker = config.speaker
    return VolumeBounds(speaker.volume_least, speaker.volume_most, speaker.quiet_volume)


def _warn(cause: str, text: str) -> None:
    log.warning("%s. %s", text, CAUSES[cause].remedy, extra={"edged": {"cause": cause}})


def _mixer(config: Config) -> "Mixer | None":
    if not config.speaker.mixer:
        return None
    from edged.audio.devices.mixer import Mixer  # noqa: PLC0415 loads libasound, so only if it is wanted

    return Mixer(config.speaker.mixer)
