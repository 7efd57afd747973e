"""A button that code presses, and a lamp that records its levels."""

from collections import deque
from collections.abc import Callable

from edged.panel.ports import Lost


class NullButton:
    """A button that `press` and `release` move."""

    def __init__(self) -> None:
        self._edge: Callable[[bool], None] | None = None
        self.down = False

    def start(self, edge: Callable[[bool], None], lost: Lost) -> bool:  # noqa: ARG002 it cannot be lost
        """Begin to watch; returns True if the button is down."""
        self._edge = edge
        return self.down

    def stop(self) -> None:
        """Report no more edges."""
        self._edge = None

    def press(self) -> None:
        """Put the button down."""
        self._set(down=True)

    def release(self) -> None:
        """Let the button go."""
        self._set(down=False)

    def _set(self, *, down: bool) -> None:
        if down != self.down:
            self.down = down
            if self._edge is not None:
                self._edge(down)


class NullLamp:
    """A lamp that keeps the last levels in `history`."""

    def __init__(self) -> None:
        self.level = 0.0
        self.history: deque[float] = deque(maxlen=1000)

    def set(self, level: float) -> None:
        """Record the level."""
        self.level = level
        self.history.append(level)

    def stop(self) -> None:
        """Switch the lamp off."""
        self.set(0.0)
