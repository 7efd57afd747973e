"""What the parts of the companion expect of a kiosk, and what the companion expects of its parts."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from edged.companion.kiosk_view import KioskView
from edged.errors import EdgedError

Hear = Callable[[Mapping[str, Any]], None]
"""Takes an event of docs/control-socket.md, and three of the companion: `snapshot` (with all of a snapshot), `gone`
(`text`: no kiosk answers) and `back` (a kiosk answers again, with its `run`; a `snapshot` follows)."""


class KioskGoneError(EdgedError):
    """No kiosk answers at the moment."""

    cause = "kiosk_gone"


class KnownKiosk(Protocol):
    """A kiosk somewhere on this machine. Used on the loop."""

    @property
    def view(self) -> KioskView:
        """What is known of it."""
        ...

    def listen(self, hear: Hear) -> Callable[[], None]:
        """Call `hear` for each event, after `view` knows of it. Returns what ends that. `hear` returns at once."""
        ...

    def want(self, stream: str, who: object, *, wanted: bool) -> None:
        """`who` wants events that are not sent otherwise (`levels`, `wire`), or does not any more."""
        ...

    async def ask(self, command: str, **more: object) -> dict[str, Any]:
        """Carry out a command; returns the `state` of its answer.

        Raises CommandError (or ConfigError) if the kiosk refuses it, KioskGoneError if none answers in time.
        """
        ...


class CompanionPart(Protocol):
    """A part of the companion."""

    async def run(self) -> None:
        """Work until cancelled. Raises ConfigError if it cannot begin at all; trouble outside is its own matter."""
        ...
