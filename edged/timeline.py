"""The legs of a turn: when it came to what, once each, for whoever measures.

Rules:
1. What is sent and acknowledged is a leg of the turn whose utterance it is, also where the next turn is under way.
2. An answer is a leg of each turn that it answers: of all that were acknowledged when it was asked for, or began.
3. A turn that is interrupted by the next one has no more legs of an answer; nor has one whose answer was lost.
"""

from collections.abc import Callable

KNOWN = 4  # turns, the latest; two utterances may be pending, and one is being said


class Timeline:
    """Publishes `{"event": "mark", "name", "turn", "at_ms"}`, monotonic milliseconds."""

    def __init__(self, now_ms: Callable[[], int], publish: Callable[[dict[str, object]], None]) -> None:
        self.turn = 0
        self._now_ms = now_ms
        self._publish = publish
        self._marked: dict[int, set[str]] = {}  # by turn
        self._of: dict[int, int] = {}  # the turn of an utterance
        self._owed: list[int] = []  # turns that no answer was asked for yet
        self._answered: list[int] = []  # those whose answer is awaited or sounds

    def begin(self, uid: int) -> None:
        """A press has opened the gate: the next turn, with this utterance."""
        self.turn += 1
        self._of = {key: turn for key, turn in self._of.items() if turn > self.turn - KNOWN} | {
            uid: self.turn
        }
        self._marked = {turn: names for turn, names in self._marked.items() if turn > self.turn - KNOWN}
        self._marked[self.turn] = set()
        self._answered = []
        self.mark("press")

    def mark(self, name: str) -> None:
        """The present turn came to `name`; only the first time in a turn counts."""
        self._mark(name, self.turn)

    def said(self, name: str, uid: int) -> None:
        """The utterance `uid` came to `name`."""
        if (turn := self._of.get(uid)) is not None:
            self._mark(name, turn)

    def committed(self, uid: int | None) -> None:
        """The service has the utterance `uid`; None: what is being said."""
        turn = self.turn if uid is None else self._of.get(uid)
        if turn is not None:
            self._mark("committed", turn)
            self._owed.append(turn)

    def asks(self) -> None:
        """An answer to all that is owed one is asked for, or begins by itself."""
        if self._owed:
            self._answered, self._owed = self._owed, []

    def lost(self) -> None:
        """The link is lost, and with it what no answer was asked for yet."""
        self._owed = []

    def answer(self, name: str) -> None:
        """The answer came to `name`."""
        for turn in self._answered:
            self._mark(name, turn)

    def _mark(self, name: str, turn: int) -> None:
        marked = self._marked.get(turn)
        if marked is not None and name not in marked:
            marked.add(name)
            self._publish({"event": "mark", "name": name, "turn": turn, "at_ms": self._now_ms()})
