"""Publishes events to the listeners, but only after the step in which they happened is done.

Rules:
1. A step is the kiosk's work on one event: a press, a message from the service, a device that is lost. Events published
   during a step go out at its end. So the gate, the lamp and the sound to be sent never wait for a listener.
2. Events go out in the order in which they happened, and describe the state at that moment.
3. If a step fails, the events published until then still go out. If a listener raises, the exception reaches the caller
   of the step, whose work is already done. The remaining events go out with the next event, or by `flush`.
"""

from collections import deque
from collections.abc import Callable
from types import TracebackType

Listener = Callable[[dict[str, object]], None]


class Publisher:
    """Use on the loop."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._waiting: deque[dict[str, object]] = deque()  # a handful, all from one step
        self._steps = 0

    def step(self) -> "Publisher":
        """Return a step, to use in `with`. Steps may be nested; the outermost one counts."""
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
        """Publish an event at the end of the step, or at once outside of a step."""
        self._waiting.append(event)
        if not self._steps:
            self.flush()

    def flush(self) -> None:
        """Publish the waiting events now."""
        self._steps += 1  # an event that a listener publishes waits for its turn
        try:
            while self._waiting:
                self._listener(self._waiting.popleft())
        finally:
            self._steps -= 1
