"""What was said and answered, turn by turn. Pure.

Rules:
1. A turn begins with its press, and keeps its marks, the words of both sides as far as there are any, and notes.
2. Words belong to the turn that comes with them, if the service has it. Else those of the visitor belong to the older
   one of the last two turns that the service has, if that one has no words yet and its answer is not complete. All
   other words belong to the newest turn that the service has.
3. The last `MOST_TURNS` turns are kept. They are fewer if together they have more than `MOST_WORDS` characters: the
   screen breaks all of them into lines again when its width changes.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from edged.seen.legs import span
from edged.seen.plain import MOST, plain

MOST_TURNS = 100
MOST_WORDS = 50_000  # characters; a hundred turns of a usual conversation have half of that
MOST_NOTES = 6  # of one turn; later ones replace the last one


@dataclass(slots=True)
class SpokenTurn:
    """One turn. `asked` and `answered` are the words of both sides; empty where the service gives none."""

    number: int
    marks: dict[str, int] = field(default_factory=dict)
    asked: str = ""
    answered: str = ""
    interrupted: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many characters it has."""
        return len(self.asked) + len(self.answered) + sum(map(len, self.notes))

    @property
    def spoke_ms(self) -> int | None:
        """How long the visitor held the button, or spoke."""
        return span(self.marks, "press", "release")


class Conversation:
    """The turns of one kiosk since somebody looks."""

    def __init__(self) -> None:
        self._turns: deque[SpokenTurn] = deque(maxlen=MOST_TURNS)
        self._before = SpokenTurn(0)  # what is noted before the first press

    def __iter__(self) -> Iterator[SpokenTurn]:
        return iter(self._turns if not self._before.notes else (self._before, *self._turns))

    @property
    def last(self) -> SpokenTurn | None:
        """The newest turn."""
        return self._turns[-1] if self._turns else None

    def mark(self, name: str, number: int, at_ms: int) -> None:
        """A turn has reached a mark. A press begins a turn."""
        if name == "press":
            before = self.last
            if before is not None and "first_sound" in before.marks and "drained" not in before.marks:
                before.interrupted = True
            self._turns.append(SpokenTurn(number))
        for turn in reversed(self._turns):
            if turn.number == number:
                turn.marks.setdefault(name, at_ms)
                return

    def said(self, role: str, text: str, number: object = None) -> None:
        """The service reports what the visitor (`user`) or the answer (`assistant`) said, in this turn."""
        taken = [turn for turn in self._turns if "committed" in turn.marks]
        named = [turn for turn in taken if turn.number == number]
        waits = self._waiting() if role == "user" else []
        turn = next(iter([*named, *waits, *taken[-1:]]), self.last)
        if turn is None:
            return
        if role == "user":
            turn.asked = _joined(turn.asked, text)
        else:
            turn.answered = _joined(turn.answered, text)
        self._forget()

    def cut(self) -> None:
        """The answer that sounds was stopped."""
        if self.last is not None and "first_sound" in self.last.marks and "drained" not in self.last.marks:
            self.last.interrupted = True

    def note(self, text: str) -> None:
        """Something has happened that belongs to neither side."""
        notes = (self.last or self._before).notes
        text = plain(text)
        if notes[-1:] != [text]:
            del notes[MOST_NOTES - 1 :]
            notes.append(text)
            self._forget()

    def _forget(self) -> None:
        """Drop the oldest turns until the rest is within its bound."""
        left = sum(turn.size for turn in self._turns)
        while left > MOST_WORDS and len(self._turns) > 2:  # their words may still come
            left -= self._turns.popleft().size

    def _waiting(self) -> list[SpokenTurn]:
        """The questions of the last two turns that the service has, and whose words may still come."""
        return [
            turn
            for turn in list(self._turns)[-2:]
            if "committed" in turn.marks and "response_done" not in turn.marks and not turn.asked
        ]


def _joined(before: str, text: str) -> str:
    return plain(f"{before[:MOST]} {text}")
