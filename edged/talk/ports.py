"""What the screen expects of a kiosk, wherever the kiosk is."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Hear = Callable[[Mapping[str, Any]], None]
"""Takes an event of docs/control-socket.md, a snapshot as the event `snapshot`, and two events of the adapters:
`refused` (`cause`, `text`, `remedy`: a command was not carried out) and `lost` (`text`: nothing is known any more)."""


class TalkPartner(Protocol):
    """A kiosk. Used on the loop."""

    async def run(self, hear: Hear) -> int:
        """Let `hear` know what happens, until `stop`; returns the exit code. Whatever this one pressed is released.

        Raises EdgedError if there is no kiosk from the start.
        """
        ...

    def command(self, name: str) -> None:
        """Carry out a command of the control socket. Returns at once; `hear` learns of a refusal."""
        ...

    def stop(self) -> None:
        """Let `run` return within a second. May be called twice."""
