"""What a button and a lamp are to edged."""

from collections.abc import Callable
from typing import Protocol

from edged.errors import DeviceError

Lost = Callable[[DeviceError], None]


class Button(Protocol):
    """A contact."""

    def start(self, edge: Callable[[bool], None], lost: Lost) -> bool:
        """Watch the contact; True when it is down already. Raises DeviceError naming line and remedy.

        `edge(down)` is called from any thread at every change, undebounced, as soon as it is known.
        """
        ...

    def stop(self) -> None:
        """Let go of the contact: no `edge` after the return. May be called twice; never raises."""


class Lamp(Protocol):
    """One light of one colour."""

    def set(self, level: float) -> None:
        """0 is dark, 1 is full; lamps that can not dim are on from 0.5. Returns at once.

        Raises DeviceError when the lamp can not be reached.
        """

    def stop(self) -> None:
        """Dark, and let go. May be called twice; never raises."""
