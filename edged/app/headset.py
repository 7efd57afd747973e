"""Lets a headset take the speaker off: what is plugged in where, and what follows.

Rules:
1. With `speaker.headset: mute_speaker`, the control `headset_mutes` of the open card is off while a headset is in. With
   `other_device`, the speaker is `headset_device` meanwhile. With `ignore`, nobody looks at the sockets.
2. When the headset is plugged out, what is private stops before anything else happens: an answer that sounds or is
   awaited is called off, and cannot be repeated. Only then is the speaker switched on again. A socket is quicker than
   a visitor, and an answer for one person must not go to the whole room.
3. When it is plugged in, an answer goes on in the headset. A plug may bounce on its way in. So nothing is private that
   sounded less than `BOUNCE_S` in a headset: until then the room has heard it.
4. The switch is set again each time the speaker opens. If it cannot be set, that is told (`troubles`).
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from edged.app.adapters import Ports
from edged.app.device_panel import DevicePanel
from edged.app.reload import ConfigSource
from edged.app.troubles import Trouble
from edged.appliance import Appliance
from edged.audio.playout.playout import Playout
from edged.audio.ports import Jacks
from edged.causes import CAUSES
from edged.config import Config, with_headset
from edged.errors import DeviceError
from edged.system.offload import OneAtATime

if TYPE_CHECKING:
    from edged.audio.devices.mixer import SwitchMixer

log = logging.getLogger(__name__)

SWITCH_WITHIN_S = 3.0
SILENT_WITHIN_S, LOOK_S = 1.0, 0.01
BOUNCE_S = 0.3  # from the first contact of a plug to the last one
FADE_S = 0.03  # a card plays the last milliseconds of a fade after it has reported the end


class Headset:
    """The headset of one kiosk. `run` is a task of its own; all other methods return at once."""

    def __init__(
        self,
        config: Config,
        ports: Ports,
        panel: DevicePanel,
        source: ConfigSource | None,
        appliance: Appliance,
        playout: Playout,
    ) -> None:
        """Without a `source` of devices, the speaker stays the same."""
        self.is_in = False
        self._config, self._make = config, ports.jacks
        self._panel, self._source = panel, source
        self._appliance, self._playout = appliance, playout
        self.publish: Callable[[dict[str, object]], None] = lambda _: None
        """Set by the owner."""
        self._jacks: Jacks | None = None
        self._loop = asyncio.get_running_loop()
        self._card = OneAtATime(ports.offload)
        self._work = asyncio.Event()
        self._is_other = False  # the speaker is the headset
        self._in_since = 0.0
        self._fails = ""  # why the speaker could not be switched
        self._has_left = False  # a headset was plugged out, and its answer may still fade
        self._was_muted = False  # this process has switched the speaker off

    async def run(self) -> None:
        """Watch the sockets until cancelled, if the configuration wants that."""
        try:
            while True:
                self._work.clear()
                self._watch()
                if not self.is_in:
                    await self._silence()
                self._move_sound()
                if self._config.speaker.headset == "mute_speaker" or self._was_muted:
                    await self._switch()
                await self._work.wait()
        finally:
            if self._jacks is not None:
                self._jacks.stop()

    def configure(self, config: Config, *, reopened: frozenset[str]) -> None:
        """Use this configuration from now on. `reopened`: the parts whose devices were made again."""
        self._config, self._fails = config, ""
        self._is_other = self._is_other and "speaker" not in reopened
        self._work.set()

    def plugged(self) -> None:
        """A sound card was plugged in."""
        if self._jacks is not None:
            self._jacks.look_again()

    def listen(self, event: dict[str, object]) -> None:
        """Receive an event of the kiosk: a speaker that was opened may be on another card."""
        if event["event"] == "device" and event["name"] == "speaker" and event["up"]:
            self._work.set()

    def snapshot(self) -> dict[str, object]:
        """This object's part of the kiosk's state; null: nobody looks."""
        return {"headset": self.is_in if self._config.speaker.headset != "ignore" else None}

    def troubles(self) -> Iterator[Trouble]:
        if self._fails:
            yield Trouble("mixer", "mixer_lost", self._fails)

    def _watch(self) -> None:
        if self._config.speaker.headset == "ignore":
            if self._jacks is not None:
                self._jacks.stop()
            self._jacks, self.is_in = None, False
        elif self._jacks is None:
            self._jacks = self._make()
            self._jacks.start(self._seen)

    def _seen(self, sockets: dict[str, bool]) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._changed, sockets)

    def _changed(self, sockets: dict[str, bool]) -> None:
        was, self.is_in = self.is_in, any(sockets.values()) and self._jacks is not None
        if was is self.is_in:
            return
        where = ", ".join(name for name, is_in in sockets.items() if is_in)
        log.info("headset: %s", f"plugged in ({where})" if self.is_in else "plugged out")
        if self.is_in:
            self._in_since = self._loop.time()
        elif self._loop.time() - self._in_since >= BOUNCE_S:
            self._has_left = True
            self._appliance.unplugged()
        self.publish({"event": "headset", "plugged": self.is_in})
        self._work.set()

    def _move_sound(self) -> None:
        is_other = self._config.speaker.headset == "other_device" and self.is_in
        if is_other is not self._is_other:
            self._is_other = is_other
            config = with_headset(self._config) if is_other else self._config
            if self._source is not None:
                devices = self._source.devices(self._panel.devices, config, frozenset({"speaker"}))
                self._panel.replace_speaker(config, devices)

    async def _silence(self) -> None:
        """Wait until nothing private sounds. A speaker reports the end of its fade within milliseconds."""
        for _ in range(round(SILENT_WITHIN_S / LOOK_S)):
            if self.is_in or not self._has_left or not self._playout.answering:
                break
            await asyncio.sleep(LOOK_S)
        if self._has_left:
            await asyncio.sleep(FADE_S)
        self._has_left = False

    async def _switch(self) -> None:
        control = self._panel.speaker_control
        if not control:
            return  # until a speaker is open
        is_on = not (self.is_in and self._config.speaker.headset == "mute_speaker")
        mixer = _switch_mixer(self._config.speaker.headset_mutes)
        try:
            await self._card(mixer.set_switch, is_on, control, deadline_s=SWITCH_WITHIN_S)
            self._fails, self._was_muted = "", not is_on
        except DeviceError as error:
            if str(error) != self._fails:
                log.warning(
                    "headset: %s. %s",
                    error,
                    CAUSES["mixer_lost"].remedy,
                    extra={"edged": {"cause": "mixer_lost"}},
                )
            self._fails = str(error)


def _switch_mixer(name: str) -> "SwitchMixer":
    from edged.audio.devices.mixer import SwitchMixer  # noqa: PLC0415 loads libasound, so only if it is wanted

    return SwitchMixer(name)
