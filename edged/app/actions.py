"""What buttons and programs can do to a kiosk beside speaking. Both come through the same door: `carry_out`.

Rules:
1. `carry_out` returns at once. What takes time (a card's volume, a shutdown) is done by `run`, a task of its own.
2. What a button did is confirmed: by a cue if nothing else is to be heard, and by a line in the journal.
3. Steps of the volume that come faster than a card can follow become one.
4. Nobody carries out a shutdown unless the owner has enabled it. Then the request is withdrawn, and that is reported.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from edged.app.adapters import Ports
from edged.app.buttons import KioskButton
from edged.app.more_time import MoreTime
from edged.app.user_settings import UserSettings
from edged.appliance import Appliance
from edged.causes import CAUSES, Cue
from edged.errors import CommandError, DeviceError
from edged.panel.bindings import Act, Meaning, TakeBack
from edged.panel.gestures import Gesture
from edged.system.offload import OneAtATime

log = logging.getLogger(__name__)

VOLUME_STEP = 5  # of 100
DISK_WITHIN_S = 3.0
UNANSWERED_S = 10.0  # systemd stops edged within a second of a request

OF_BUTTONS = {
    "mute": "toggle_mute",
    "volume_up": "volume_up",
    "volume_down": "volume_down",
    "new_conversation": "new_conversation",
    "repeat_answer": "repeat_answer",
    "more_time": "more_time",
    "stop": "stop",
    "shutdown": "shutdown",
}
"""The command that each action of a button is."""


class Actions:
    """The commands of one kiosk. `run` is a task of its own; all other methods are called on the loop."""

    def __init__(
        self, appliance: Appliance, user_settings: UserSettings, ports: Ports, more_time: MoreTime
    ) -> None:
        self._more_time, self._clock = more_time, ports.clock
        self._appliance, self._user_settings = appliance, user_settings
        self._power, self._disk = ports.power, OneAtATime(ports.offload)
        self._steps = 0  # of the volume, not taken yet
        self._shuts_down = self._is_overdue = self._resets = False
        self._work = asyncio.Event()
        self._plain: dict[str, Callable[[], None]] = {
            "interrupt": appliance.interrupt,
            "stop": appliance.call_off,
            "new_conversation": self._new_conversation,
            "repeat_answer": appliance.repeat,
            "more_time": self._ask_for_time,
            "mute": lambda: user_settings.mute(True),
            "unmute": lambda: user_settings.mute(False),
            "toggle_mute": lambda: user_settings.mute(not user_settings.muted),
            "volume_up": lambda: self._step(1),
            "volume_down": lambda: self._step(-1),
            "shutdown": self._shut_down,
        }

    def mean(self, button: KioskButton, meaning: Meaning) -> None:
        """Carry out what somebody meant with a button."""
        match meaning:
            case Gesture():
                late_ms = button.watch.debouncer.changed_ms_ago(self._clock.monotonic_ms())
                self._appliance.gesture(meaning, by=button, late_ms=late_ms)
            case TakeBack():
                self._appliance.take_back(by=button)
            case Act(name=action):
                self.by_button(action, button.name)

    def carry_out(self, name: str, by: object) -> None:
        """Carry out a command; raises CommandError. `by` becomes the holder of a press; None: anyone may release."""
        match name:
            case "press":
                self._appliance.gesture(Gesture.PRESS, by=by)
            case "release":
                self._appliance.gesture(Gesture.RELEASE, by=by)
                self._appliance.gesture(Gesture.RELEASE, by=None)
            case _ if name in self._plain:
                self._plain[name]()
            case _:
                raise CommandError(f"unknown command {name!r}")

    def by_button(self, action: str, button: str) -> None:
        """A button runs one of `OF_BUTTONS`."""
        log.info(
            "%s: %s", button, action, extra={"edged": {"event": "action", "action": action, "by": button}}
        )
        self.carry_out(OF_BUTTONS[action], None)
        match action:
            case "mute":
                self._appliance.confirm(Cue.MUTED if self._user_settings.muted else Cue.DONE)
            case "new_conversation" | "stop" | "more_time":
                self._appliance.confirm()
            case _:
                pass  # it is heard anyway, or is confirmed when it is done

    async def run(self) -> None:
        """Until cancelled: do what takes time."""
        await self._withdraw()  # a request from before must not take effect now
        while True:
            await self._work.wait()
            self._work.clear()
            steps, self._steps = self._steps, 0
            if steps:
                await self._set_volume(steps)
            if self._resets:
                self._resets = False
                with suppress(CommandError):
                    await self._user_settings.reset_volume()
            if self._shuts_down:
                self._shuts_down = False
                await self._ask_for_shutdown()
            if self._is_overdue:
                self._is_overdue = False
                await self._withdraw()
                self._unanswered("nothing has taken the request")

    def reset_volume(self) -> None:
        """The visitor who may have changed the volume has left."""
        self._resets = True
        self._work.set()

    def _step(self, by: int) -> None:
        self._steps += by
        self._work.set()

    def _new_conversation(self) -> None:
        self._more_time.forget()  # perhaps of another visitor
        self._appliance.new_conversation()

    def _ask_for_time(self) -> None:
        self._more_time.ask()
        self._appliance.extend()

    def _shut_down(self) -> None:
        self._shuts_down = True
        self._work.set()

    async def _set_volume(self, steps: int) -> None:
        with suppress(CommandError):  # there is no memory for it; the troubles say so
            await self._user_settings.step_volume(steps * VOLUME_STEP)
        self._appliance.confirm()

    async def _ask_for_shutdown(self) -> None:
        try:
            await self._disk(self._power.ask, deadline_s=DISK_WITHIN_S)
        except DeviceError as error:
            self._unanswered(str(error))
            return
        self._appliance.confirm()
        asyncio.get_running_loop().call_later(UNANSWERED_S, self._overdue)

    def _overdue(self) -> None:
        self._is_overdue = True
        self._work.set()

    async def _withdraw(self) -> None:
        with suppress(DeviceError):
            await self._disk(self._power.withdraw, deadline_s=DISK_WITHIN_S)

    def _unanswered(self, text: str) -> None:
        cause = "shutdown_unanswered"
        log.warning("shutdown: %s. %s", text, CAUSES[cause].remedy, extra={"edged": {"cause": cause}})
        self._appliance.report(cause)
