"""The interfaces that edged expects of a button and a lamp."""

from collections.abc import Callable
from typing import Protocol

from edged.errors import DeviceError

Lost = Callable[[DeviceError], None]


class Button(Protocol):
    """A contact."""

    def start(self, edge: Callable[[bool], None], lost: Lost) -> bool:
        """Watch the contact; returns True if it is already down. Raises DeviceError naming line and remedy.

        `edge(down)` is called from any thread at every change, without debouncing, as soon as the change is known.
        """
        ...

    def stop(self) -> None:
        """Stop watching the contact. No `edge` call follows the return. May be called twice; never raises."""


class Lamp(Protocol):
    """One lamp of one colour."""

    def set(self, level: float) -> None:
        """Set the level: 0 is dark, 1 is full. A lamp that cannot dim is on from 0.5. Returns at once.

        Raises DeviceError if the lamp cannot be reached.
        """

    def stop(self) -> None:
        """Switch the lamp off and release it. May be called twice; never raises."""
