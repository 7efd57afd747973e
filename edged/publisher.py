"""What happened, told to whoever listens once the step is done in which it happened.

Rules:
1. A step is what the kiosk does about one event: a press, a word of the service, a device that goes. What is published
   meanwhile goes out at its end, so gate, lamp and sound on its way wait for no listener.
2. It goes out in the order in which it happened, and says what was so then.
3. A step that fails has happened as far as it came, and is told. What a listener raises passes through to whoever made
   the step, whose work is done; what has not gone out by then goes with the next event, or by `flush`.
"""

from collections import deque
from collections.abc import Callable
from types import TracebackType

Listener = Callable[[dict[str, object]], None]


class Publisher:
    """Use on the loop."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._waiting: deque[dict[str, object]] = deque()  # of one step: a handful
        self._steps = 0

    def step(self) -> "Publisher":
        """A step, to be entered. One may lie within another; the outermost counts."""
        return self

    def __enter__(self) -> None:
        self._steps += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._steps -= 1
        if not self._steps:
            self.flush()

    def publish(self, event: dict[str, object]) -> None:
        """Tell it at the end of the step; at once where there is none."""
        self._waiting.append(event)
        if not self._steps:
            self.flush()

    def flush(self) -> None:
        """Tell what waits."""
        self._steps += 1  # what a listener publishes has its turn
        try:
            while self._waiting:
                self._listener(self._waiting.popleft())
        finally:
            self._steps -= 1
