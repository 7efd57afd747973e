"""A button that code presses, and a lamp that remembers."""

from collections import deque
from collections.abc import Callable

from edged.panel.ports import Lost


class NullButton:
    """Pressed by `press` and `release`."""

    def __init__(self) -> None:
        self._edge: Callable[[bool], None] | None = None
        self.down = False

    def start(self, edge: Callable[[bool], None], lost: Lost) -> bool:  # noqa: ARG002 it can not be lost
        """Begin; True when it is held down."""
        self._edge = edge
        return self.down

    def stop(self) -> None:
        """No edges any more."""
        self._edge = None

    def press(self) -> None:
        """Put it down."""
        self._set(down=True)

    def release(self) -> None:
        """Let it go."""
        self._set(down=False)

    def _set(self, *, down: bool) -> None:
        if down != self.down:
            self.down = down
            if self._edge is not None:
                self._edge(down)


class NullLamp:
    """Keeps the last levels it was set to in `history`."""

    def __init__(self) -> None:
        self.level = 0.0
        self.history: deque[float] = deque(maxlen=1000)

    def set(self, level: float) -> None:
        """Remember it."""
        self.level = level
        self.history.append(level)

    def stop(self) -> None:
        """Dark."""
        self.set(0.0)
