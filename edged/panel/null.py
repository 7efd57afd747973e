"""A contact that code moves, and a lamp that records its levels."""

from collections import deque

from edged.errors import DeviceError
from edged.panel.light import WHITE, Colour
from edged.panel.ports import Edge, Lost


class NullContact:
    """A contact that `press` and `release` move. Set `down` itself to move it without an edge."""

    def __init__(self) -> None:
        self._edge: Edge | None = None
        self.down = False

    def start(self, edge: Edge, lost: Lost) -> bool:  # noqa: ARG002 it cannot be lost
        """Begin to watch; returns True if it is down."""
        self._edge = edge
        return self.down

    def read(self) -> bool:
        """Whether it is down."""
        return self.down

    def stop(self) -> None:
        """Report no more edges."""
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
    """A lamp that keeps its last levels in `history`."""

    def __init__(self, *, dims: bool = False) -> None:
        self.dims, self.level, self.colour = dims, 0.0, WHITE
        self.broken: DeviceError | None = None
        """Set it, and the lamp raises it."""
        self.history: deque[float] = deque(maxlen=1000)

    def set(self, level: float, colour: Colour = WHITE) -> None:
        """Record the level."""
        if self.broken is not None:
            raise self.broken
        self.level, self.colour = level, colour
        self.history.append(level)

    def stop(self) -> None:
        """Switch the lamp off."""
        self.broken = None
        self.set(0.0)
