"""What a program learns of a kiosk, and what becomes of its commands: the target of the control socket.

Rules:
1. The state is put together here, from what each part says of itself.
2. A command that the turn refuses is answered with the reason (outcome.py).
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from edged.app.actions import Actions
from edged.app.announcement import line_of
from edged.app.announcing import Announcing
from edged.app.levels import Levels
from edged.app.outcome import Reports, outcome, outcome_of_say
from edged.app.reload import Reload
from edged.app.troubles import Trouble, listed
from edged.app.user_settings import UserSettings
from edged.app.wire_log import WireLog
from edged.appliance import Appliance
from edged.errors import CommandError
from edged.panel.gestures import Gesture
from edged.system.control_guest import Peer


class Describes(Protocol):
    """A part of a kiosk that has a part in its state."""

    def snapshot(self) -> dict[str, object]:
        """Its part of the state."""
        ...


class Desk:
    """Use it on the loop."""

    def __init__(
        self,
        appliance: Appliance,
        actions: Actions,
        announcing: Announcing,
        user_settings: UserSettings,
        levels: Levels,
        wire_log: WireLog,
        reload: Reload,
        reports: Reports,
        *,
        counted: Callable[[], dict[str, int]],
        parts: tuple[Describes, ...],
        troubles: Callable[[], Iterable[Trouble]],
    ) -> None:
        """`counted()`: counters beside those of the appliance. `troubles()`: those of all parts."""
        self._appliance, self._actions, self._announcing = appliance, actions, announcing
        self._user_settings = user_settings
        self._levels, self._wire_log = levels, wire_log
        self._reload, self._reports = reload, reports
        self._counted, self._parts, self._troubles = counted, parts, troubles

    def snapshot(self) -> dict[str, object]:
        """The whole state."""
        state = self._appliance.snapshot(self._counted())
        for part in self._parts:
            state |= part.snapshot()
        return state | {"troubles": listed(self._troubles())}

    def command(self, name: str, peer: Peer, by: object = None) -> dict[str, object]:  # noqa: ARG002 the socket has checked the peer
        """Carry out a command; raises CommandError. `by` becomes the holder of a press; None: anyone may release."""
        was = self._appliance.state
        with self._reports.collected() as causes:
            self._actions.carry_out(name, by)
        state = self.snapshot()
        became = outcome(name, was, self._appliance.state, causes, listed(self._troubles()))
        return state | {"outcome": became}

    def say(self, text: object) -> dict[str, object]:
        """Let the kiosk say a text, with the outcome; raises CommandError."""
        unsaid = self._announcing.say(line_of(text))
        return self.snapshot() | {"outcome": outcome_of_say(unsaid, listed(self._troubles()))}

    async def set_volume(self, level: object) -> dict[str, object]:
        """Set the loudness; raises CommandError."""
        await self._user_settings.set_volume(level)
        return await self.kept()

    def want_levels(self, wanted: bool) -> None:  # noqa: FBT001 a switch
        """Begin or end to send the levels of the microphone to the clients that have asked for them."""
        self._levels.want(wanted)

    def want_wire(self, wanted: bool) -> None:  # noqa: FBT001 a switch
        """Begin or end to send the types of the messages on the wire to the clients that have asked for them."""
        self._wire_log.want(wanted)

    def configuration(self, start: object) -> dict[str, object]:
        """Part of the configuration in use (config/in_use.py); raises CommandError."""
        if type(start) is not int or start < 0:
            raise CommandError("`from` must be the number of a setting: leave it out, or repeat `next`")
        return self._reload.in_use(start)

    async def kept(self) -> dict[str, object]:
        """Return the state once a switched setting is saved, or saving it has failed."""
        await self._user_settings.kept()
        return self.snapshot()

    async def reload(self) -> dict[str, object]:
        """Read the configuration again; raises ConfigError or CommandError."""
        return await self._reload.now()

    def let_go(self, by: object) -> None:
        """A client has gone: release what it pressed."""
        self._appliance.gesture(Gesture.RELEASE, by=by)
