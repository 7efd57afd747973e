"""The interfaces that edged expects of a contact and a lamp."""

from collections.abc import Callable
from typing import Protocol

from edged.errors import DeviceError
from edged.panel.light import WHITE, Colour

Lost = Callable[[DeviceError], None]


class Edge(Protocol):
    """Takes a change of a contact, from any thread, and returns at once."""

    def __call__(self, active: bool, at_ms: int | None = None, /) -> None:  # noqa: FBT001 a level
        """`at_ms` is when it changed, on the monotonic clock (system/clock.py); None: now."""


class Contact(Protocol):
    """A button, a hook, a foot switch. It is active while it is pressed or lifted.

    The adapter knows the wiring (wiring.py). So nobody else has to know whether active is a high or a low level.
    """

    def start(self, edge: Edge, lost: Lost) -> bool:
        """Watch the contact; returns True if it is already active. May block.

        Raises DeviceError naming line and remedy.

        `edge` is called at every change, without debouncing, as soon as the change is known. A change may be missed:
        `read` has the last word. `lost` is called if the contact can no longer be watched.
        """
        ...

    def read(self) -> bool:
        """Whether the contact is active now. Called on the loop, so it takes well under a millisecond.

        Raises DeviceError if the contact cannot be read any more. Another thread may call `start` or `stop` meanwhile.
        """
        ...

    def stop(self) -> None:
        """Stop watching the contact. No `edge` call follows the return. May be called twice; never raises."""


class Lamp(Protocol):
    """A lamp. `dims`: it can show levels between dark and full."""

    @property
    def dims(self) -> bool:
        """Known after the first `set`: only then may a library say that it cannot."""
        ...

    def set(self, level: float, colour: Colour = WHITE) -> None:
        """Set the level: 0 is dark, 1 is full. A lamp that cannot dim is on from 0.5. Returns at once.

        A lamp of one colour shows the level alone.

        Raises DeviceError if the lamp cannot be reached.
        """

    def stop(self) -> None:
        """Switch the lamp off and release it, within a quarter of a second. May be called twice; never raises."""


class Painter(Protocol):
    """The slow side of a lamp. Only the lamp's own thread calls it (lamp_thread.py), so each call may block."""

    def paint(self, level: float, colour: Colour) -> None:
        """Show this. The first call opens the device, and so does the first one after an error. Raises DeviceError."""

    def close(self) -> None:
        """Make the lamp dark and release it. Never raises."""
