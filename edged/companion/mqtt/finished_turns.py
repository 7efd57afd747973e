"""Which turns have ended, and how. Pure: events of a kiosk in, finished turns out. It never sees what was said.

Rules:
1. A turn begins with its press. It has ended once the kiosk is at rest and nothing waits for the link any more: the
   next snapshot says so, and by then all marks of the turn have come.
2. A press over an answer ends the turn of that answer at once.
3. At most `MOST_OPEN` turns are open. The oldest one is given up as `lost`, and so are all if the kiosk is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edged.seen.legs import ANSWER, CALLED, CUT, HARMLESS, legs, span
from edged.seen.plain import plain

AT_REST = frozenset({"IDLE", "OFF_HOOK", "ASKED_BACK", "AWAITING_SPEECH", "STOPPED"})
MOST_OPEN = 8
OUTCOMES = ("answered", "interrupted", "failed", "ended", "lost")
"""`failed`: the visitor was told why there is no answer, or not all of it.

`ended`: there was nothing to answer, such as a tap over an answer.
"""
_MOST_CAUSE = 64


@dataclass(frozen=True, slots=True)
class FinishedTurn:
    """One turn. Times in milliseconds; None where the turn did not come so far. `legs` as in seen/legs.py."""

    number: int
    outcome: str
    cause: str | None
    spoke_ms: int | None
    answer_ms: int | None
    legs: dict[str, int]


@dataclass(slots=True)
class _OpenTurn:
    number: int
    marks: dict[str, int] = field(default_factory=dict)
    cause: str | None = None

    def hear_cause(self, cause: str) -> None:
        if cause not in HARMLESS and self.cause not in CUT:
            self.cause = cause


class FinishedTurns:
    """The turns of one kiosk."""

    def __init__(self) -> None:
        self._open: list[_OpenTurn] = []

    def hear(self, event: Mapping[str, Any]) -> list[FinishedTurn]:
        """Take an event (companion/ports.py); returns the turns that have ended by it, oldest first."""
        match event.get("event"):
            case "mark":
                return self._mark(event)
            case "cause" if self._open:
                self._open[-1].hear_cause(plain(event.get("id"), _MOST_CAUSE))
            case "snapshot" if event.get("state") in AT_REST and not event.get("pending"):
                return self._finish(self._open, None)
            case "gone":
                return self._finish(self._open, "lost")
        return []

    def _mark(self, event: Mapping[str, Any]) -> list[FinishedTurn]:
        name, number, at_ms = event.get("name"), event.get("turn"), event.get("at_ms")
        if not (isinstance(name, str) and isinstance(number, int) and isinstance(at_ms, int)):
            return []
        turn = next((each for each in self._open if each.number == number), None)
        done: list[FinishedTurn] = []
        if turn is None:
            if name != "press":
                return []  # a late mark of a turn that has ended
            done += self._finish([each for each in self._open if "first_sound" in each.marks], None)
            turn = _OpenTurn(number)
            self._open.append(turn)
            done += self._finish(self._open[:-MOST_OPEN], "lost")
        if name in CALLED:
            turn.marks.setdefault(name, at_ms)
        return done

    def _finish(self, turns: list[_OpenTurn], outcome: str | None) -> list[FinishedTurn]:
        ended = list(turns)
        self._open = [each for each in self._open if each not in ended]
        return [_finished(each, outcome or _outcome(each)) for each in ended]


def _outcome(turn: _OpenTurn) -> str:
    if "first_sound" not in turn.marks:
        return "ended" if turn.cause is None else "failed"
    if turn.cause in CUT:
        return "failed"
    return "answered" if "drained" in turn.marks else "interrupted"


def _finished(turn: _OpenTurn, outcome: str) -> FinishedTurn:
    return FinishedTurn(
        turn.number,
        outcome,
        turn.cause if outcome == "failed" else None,
        span(turn.marks, "press", "release"),
        span(turn.marks, *ANSWER),
        {leg.name: leg.ms for leg in legs(turn.marks)},
    )
