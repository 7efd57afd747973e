"""Follows each turn by its events: what became of it, and how long its legs took. Pure.

Rules:
1. A turn begins with its mark `press`. It is over when its answer was heard to the end, when the kiosk comes to rest,
   or when the next press interrupts its answer. Then it counts once.
2. A turn that was asked and not answered yet stays open over the next press: one answer may belong to both.
3. The kiosk counts its turns, too. What is missing between its count and ours happened while nobody looked: UNSEEN.
4. A turn that is open when the companion ends is not counted by it. The next companion finds it by rule 3.
"""

from collections.abc import Callable, Mapping
from typing import Any

from edged.companion.metrics.catalogue import TurnOutcome
from edged.companion.metrics.numbers import is_whole
from edged.companion.metrics.totals import Totals
from edged.seen.legs import CUT, HARMLESS, span

MOST_OPEN = 8  # two questions may wait, and a third may be spoken
LONGEST_MS = 3_600_000  # anything longer is no leg of a turn
AT_REST = frozenset({"IDLE", "OFF_HOOK", "ASKED_BACK", "STOPPED"})
_OF_CAUSES = {
    "too_short": TurnOutcome.TOO_SHORT,
    "nothing_said": TurnOutcome.NOTHING_SAID,
    "speech_too_quiet": TurnOutcome.NOTHING_SAID,
}
LEGS = {
    "edged_first_audio_seconds": ("release", "first_sound"),
    "edged_press_to_send_seconds": ("press", "first_audio_sent"),
    "edged_question_seconds": ("press", "release"),
    "edged_release_to_commit_seconds": ("release", "commit_sent"),
    "edged_commit_seconds": ("commit_sent", "committed"),
    "edged_first_delta_seconds": ("committed", "first_delta"),
    "edged_playout_start_seconds": ("first_delta", "first_sound"),
    "edged_answer_seconds": ("first_sound", "drained"),
}


class _CountedTurn:
    def __init__(self) -> None:
        self.marks: dict[str, int] = {}
        self.observed: set[str] = set()
        self.cause: str | None = None
        self.is_cut = False  # the rest of its answer will never come

    @property
    def sounds(self) -> bool:
        return "first_sound" in self.marks

    def outcome(self) -> TurnOutcome:
        if self.is_cut or (self.cause is not None and not self.sounds):
            return _OF_CAUSES.get(self.cause or "", TurnOutcome.FAILED)
        if self.sounds:
            return TurnOutcome.ANSWERED if "drained" in self.marks else TurnOutcome.INTERRUPTED
        asked = self.marks.keys() & {"commit_sent", "committed"}
        return TurnOutcome.UNANSWERED if asked else TurnOutcome.NOT_ASKED


class TurnOutcomes:
    """`totals()` is what to add to."""

    def __init__(self, totals: Callable[[], Totals], last: int = 0) -> None:
        self._totals = totals
        self._last = last  # the newest turn that was begun or counted
        self._open: dict[int, _CountedTurn] = {}

    @property
    def counted(self) -> int:
        """How many turns of this run of the kiosk are counted, for the file."""
        return self._last - len(self._open)

    def mark(self, event: Mapping[str, Any]) -> None:
        """A turn has reached a mark."""
        name, number, at_ms = event.get("name"), event.get("turn"), event.get("at_ms")
        if not (isinstance(name, str) and is_whole(number) and is_whole(at_ms)):
            return
        if name == "press" and number > self._last:
            self._press(number)
        turn = self._open.get(number)
        if turn is None:
            return
        turn.marks.setdefault(name, at_ms)
        self._observe(turn)
        if name == "drained" and not turn.is_cut:
            self._close(number)

    def state(self, event: Mapping[str, Any]) -> None:
        """The turn's state has changed."""
        state = event.get("state")
        if state == "TRUNCATED":
            for turn in self._open.values():
                turn.is_cut = turn.is_cut or turn.sounds
        elif isinstance(state, str) and state in AT_REST:
            self._close_all()

    def cause(self, event: Mapping[str, Any]) -> None:
        """The visitor hears of a problem."""
        cause = event.get("id")
        if isinstance(cause, str) and cause not in HARMLESS:
            for turn in self._open.values():
                turn.cause = turn.cause or cause
                turn.is_cut = turn.is_cut or (cause in CUT and turn.sounds)

    def seen(self, turns: object) -> None:
        """The kiosk has counted so many turns since its start."""
        if is_whole(turns) and turns > self._last:
            self._totals().add("edged_turns_total", TurnOutcome.UNSEEN, by=turns - self._last)
            self._last = turns

    def restarted(self) -> None:
        """The kiosk has ended, or has started again: its turns begin at 1 again."""
        self.abandoned()
        self._last = 0

    def abandoned(self) -> None:
        """The kiosk has ended, or does not answer any more."""
        for number in list(self._open):
            self._close(number, TurnOutcome.LOST)

    def _press(self, number: int) -> None:
        self.seen(number - 1)
        for other, turn in list(self._open.items()):
            if turn.sounds:
                self._close(other)
        while len(self._open) >= MOST_OPEN:
            self._close(next(iter(self._open)))
        self._last = number
        self._open[number] = _CountedTurn()

    def _close_all(self) -> None:
        for number in list(self._open):
            self._close(number)

    def _close(self, number: int, outcome: TurnOutcome | None = None) -> None:
        turn = self._open.pop(number)
        self._totals().add("edged_turns_total", outcome or turn.outcome())

    def _observe(self, turn: _CountedTurn) -> None:
        for name, (since, until) in LEGS.items():
            ms = span(turn.marks, since, until)
            if ms is not None and name not in turn.observed and 0 <= ms <= LONGEST_MS:
                turn.observed.add(name)
                self._totals().observe(name, ms / 1000)
