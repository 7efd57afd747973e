"""What a program learns of a kiosk, and what becomes of its commands: the target of the control socket.

Rules:
1. The state is put together here, from what each part says of itself.
2. A command that the turn refuses is answered with the reason (outcome.py).
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from edged.app.actions import Actions
from edged.app.levels import Levels
from edged.app.outcome import Reports, outcome
from edged.app.reload import Reload
from edged.app.troubles import Trouble, listed
from edged.app.user_settings import UserSettings
from edged.appliance import Appliance
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
        user_settings: UserSettings,
        levels: Levels,
        reload: Reload,
        reports: Reports,
        *,
        counted: Callable[[], dict[str, int]],
        parts: tuple[Describes, ...],
        troubles: Callable[[], Iterable[Trouble]],
    ) -> None:
        """`counted()`: counters beside those of the appliance. `troubles()`: those of all parts."""
        self._appliance, self._actions, self._user_settings = appliance, actions, user_settings
        self._levels, self._reload, self._reports = levels, reload, reports
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

    async def set_volume(self, level: object) -> dict[str, object]:
        """Set the loudness; raises CommandError."""
        await self._user_settings.set_volume(level)
        return await self.kept()

    def want_levels(self, wanted: bool) -> None:  # noqa: FBT001 a switch
        """Begin or end to send the levels of the microphone to the clients that have asked for them."""
        self._levels.want(wanted)

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
