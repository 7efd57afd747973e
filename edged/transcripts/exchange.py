"""Joins what both sides said into exchanges: a question, and what the service answered. Pure.

Rules:
1. A transcript of the visitor may come long after the answer, or never. So an exchange is complete `SETTLE_MS` after
   the last news of it, or when news of the same turn can only belong to the next exchange.
2. An exchange without any words is not worth a line.
3. Nothing here grows: at most `MOST_OPEN` exchanges wait, each with at most `MOST_TEXT` characters of each side.

In a conversation, several exchanges belong to one turn: a turn begins with a press.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from edged.endings import SET_FROM

SETTLE_MS = 10_000
MOST_OPEN = 8
MOST_TEXT = 8000
_BREAKS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}  # some programs end a line there


@dataclass(frozen=True, slots=True)
class ClockReading:
    """When something was heard: by the wall clock as it shows, and by the monotonic clock."""

    local: datetime
    wall_s: float
    mono_ms: int

    @property
    def day(self) -> str:
        """Its day in local time; empty while the clock is not set."""
        return self.local.date().isoformat() if self.local.year >= SET_FROM else ""

    @property
    def time(self) -> str | None:
        """The moment in local time, with its distance from UTC; None while the clock is not set."""
        if not self.day:
            return None
        utc = datetime.fromtimestamp(self.wall_s, UTC).replace(tzinfo=None)
        minutes = round((self.local - utc) / timedelta(minutes=1))
        sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
        return f"{self.local.isoformat(timespec='seconds')}{sign}{hours:02}:{rest:02}"


@dataclass(slots=True)
class SpokenExchange:
    """A question and its answer. `status`: how the service ended the answer; empty if no answer has ended."""

    at: ClockReading
    turn: int
    conversation: int
    language: str = ""
    visitor: list[str] = field(default_factory=list)
    machine: list[str] = field(default_factory=list)
    status: str = ""
    changed_ms: int = 0

    def line(self, run: str) -> str:
        """Its line, without the end of the line. `run` names the process."""
        facts = {
            "time": self.at.time,
            "turn": self.turn,
            "session": f"{run}-{self.conversation}",
            "language": self.language or None,
            "visitor": _joined(self.visitor),
            "machine": _joined(self.machine),
            "status": self.status or "unanswered",
        }
        text = json.dumps(facts, ensure_ascii=False)
        for mark, escaped in _BREAKS.items():
            text = text.replace(mark, escaped)
        return text.encode(errors="replace").decode()  # half a character cannot be written


class SpokenExchanges:
    """Those that are not complete yet, the oldest first."""

    def __init__(self) -> None:
        self._open: list[SpokenExchange] = []
        self._complete: list[SpokenExchange] = []

    def said(
        self, at: ClockReading, role: str, text: str, *, turn: int, conversation: int, language: str = ""
    ) -> None:
        """A finished transcript. `role` is user or assistant."""
        found = self._of(turn)
        is_visitor = role == "user"
        if found is not None and found.status and (found.machine if not is_visitor else found.visitor):
            self._close(found)
            found = None
        if found is None:
            found = self._begin(SpokenExchange(at, turn, conversation))
        side = found.visitor if is_visitor else found.machine
        room = MOST_TEXT - sum(map(len, side)) - len(side)
        if room > 0 and text.strip():
            side.append(text.strip()[:room])
        found.language = found.language or language
        found.changed_ms = at.mono_ms

    def ended(self, at: ClockReading, status: str, *, turn: int, conversation: int) -> None:
        """The service has ended a response."""
        found = self._of(turn) or self._begin(SpokenExchange(at, turn, conversation))
        found.status, found.changed_ms = status, at.mono_ms

    def complete(self, now_ms: int) -> list[SpokenExchange]:
        """Take those that are complete."""
        for each in [each for each in self._open if now_ms - each.changed_ms >= SETTLE_MS]:
            self._close(each)
        return self._taken()

    def all(self) -> list[SpokenExchange]:
        """Take all of them as they are."""
        for each in tuple(self._open):
            self._close(each)
        return self._taken()

    @property
    def next_ms(self) -> int | None:
        """When the next one will be complete; None: nothing waits."""
        if self._complete:
            return 0
        return min((each.changed_ms + SETTLE_MS for each in self._open), default=None)

    def _of(self, turn: int) -> SpokenExchange | None:
        return next((each for each in self._open if each.turn == turn), None)

    def _begin(self, exchange: SpokenExchange) -> SpokenExchange:
        if len(self._open) >= MOST_OPEN:
            self._close(self._open[0])
        self._open.append(exchange)
        return exchange

    def _close(self, exchange: SpokenExchange) -> None:
        self._open.remove(exchange)
        if exchange.visitor or exchange.machine:
            self._complete.append(exchange)

    def _taken(self) -> list[SpokenExchange]:
        taken, self._complete = self._complete, []
        return taken


def _joined(texts: list[str]) -> str | None:
    return " ".join(texts) or None
