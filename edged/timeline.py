"""The legs of a turn: when it came to what, once each, for whoever measures."""

from collections.abc import Callable


class Timeline:
    """Publishes `{"event": "mark", "name", "turn", "at_ms"}`, monotonic milliseconds."""

    def __init__(self, now_ms: Callable[[], int], publish: Callable[[dict[str, object]], None]) -> None:
        self.turn = 0
        self._now_ms = now_ms
        self._publish = publish
        self._marked: set[str] = set()

    def begin(self) -> None:
        """A press has opened the gate: the next turn."""
        self.turn += 1
        self._marked.clear()
        self.mark("press")

    def mark(self, name: str) -> None:
        """It came to `name`; only the first time in a turn counts."""
        if name not in self._marked:
            self._marked.add(name)
            self._publish({"event": "mark", "name": name, "turn": self.turn, "at_ms": self._now_ms()})
