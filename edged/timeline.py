"""The marks of a turn: when each thing happened, once per turn, for measurements.

Rules:
1. What is sent and acknowledged is marked in the turn of its utterance, even if the next turn is already under way.
2. An answer is marked in every turn that it answers: all that were acknowledged when it was asked for, or began.
3. A turn gets no more marks of an answer after the next turn interrupts it, or after its answer is lost.
"""

from collections.abc import Callable

MOST_NAMED = 32  # a service finishes one response before the next
KNOWN = 4  # the latest turns; two utterances may be pending, and a third may be recording


class Timeline:
    """Publishes `{"event": "mark", "name", "turn", "at_ms"}`, in monotonic milliseconds."""

    def __init__(self, now_ms: Callable[[], int], publish: Callable[[dict[str, object]], None]) -> None:
        self.turn = 0
        self._now_ms = now_ms
        self._publish = publish
        self._marked: dict[int, set[str]] = {}  # by turn
        self._of: dict[int, int] = {}  # the turn of each utterance
        self._named: dict[str, int] = {}  # the turn of a response, or of what a visitor said, by its name
        self._owed: list[int] = []  # acknowledged turns for which no answer was requested yet
        self._answered: list[int] = []  # turns whose answer is awaited or sounds

    def begin(self, uid: int) -> None:
        """A press has opened the gate. This starts the next turn, with this utterance."""
        self.turn += 1
        self._of = {key: turn for key, turn in self._of.items() if turn > self.turn - KNOWN} | {
            uid: self.turn
        }
        self._marked = {turn: names for turn, names in self._marked.items() if turn > self.turn - KNOWN}
        self._marked[self.turn] = set()
        self._answered = []
        self.mark("press")

    def mark(self, name: str, ago_ms: int = 0) -> None:
        """Mark `name` in the present turn. Only the first mark of a name counts. `ago_ms`: how long ago it happened."""
        self._mark(name, self.turn, ago_ms)

    def said(self, name: str, uid: int) -> None:
        """Mark `name` in the turn of the utterance `uid`."""
        if (turn := self._of.get(uid)) is not None:
            self._mark(name, turn)

    def named(self, name: str, uid: int | None = None) -> None:
        """A response, or what a visitor said, belongs to the turn of the utterance `uid`; None: the present turn."""
        self._named.pop(name, None)
        self._named[name] = self.turn if uid is None else self._of.get(uid, self.turn)
        if len(self._named) > MOST_NAMED:
            del self._named[next(iter(self._named))]

    def turn_of(self, name: str) -> int:
        """The turn to which what has this name belongs; the present one if the name is not known."""
        return self._named.get(name, self.turn)

    def committed(self, uid: int | None) -> None:
        """The service has acknowledged the utterance `uid`; None means the present one."""
        turn = self.turn if uid is None else self._of.get(uid)
        if turn is not None:
            self._mark("committed", turn)
            self._owed.append(turn)

    def asks(self) -> None:
        """An answer to all owed turns was requested, or begins on its own."""
        if self._owed:
            self._answered, self._owed = self._owed, []

    def announces(self) -> None:
        """A text is said that belongs to no turn."""
        self._answered = []

    def announced(self, name: str) -> None:
        """A response with this name says such a text: its turn is 0."""
        self.named(name)
        self._named[name] = 0

    def lost(self) -> None:
        """The link is lost. Turns for which no answer was requested yet get none."""
        self._owed = []

    def answer(self, name: str) -> None:
        """Mark `name` in every turn of the present answer."""
        for turn in self._answered:
            self._mark(name, turn)

    def _mark(self, name: str, turn: int, ago_ms: int = 0) -> None:
        marked = self._marked.get(turn)
        if marked is not None and name not in marked:
            marked.add(name)
            self._publish({"event": "mark", "name": name, "turn": turn, "at_ms": self._now_ms() - ago_ms})
