"""The journal's lines that no single room can write: one for each turn with its legs, and one an hour for what lasts.

It hears what is published (docs/control-socket.md) and nothing else, so it holds up nothing, and it never hears a word
that was said.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from edged.causes import CAUSES

log = logging.getLogger(__name__)

REMIND_S = 3600.0
LEGS = {  # each leg: from one mark to another
    "held": ("press", "release"),
    "first_sent": ("press", "first_audio_sent"),
    "commit_sent": ("release", "commit_sent"),
    "committed": ("commit_sent", "committed"),
    "first_delta": ("committed", "first_delta"),
    "first_sound": ("first_delta", "first_sound"),
    "latency": ("release", "first_sound"),
    "answer": ("first_sound", "drained"),
}


class Chronicle:
    """A listener of the App; use on the loop, `close` at the end."""

    def __init__(self) -> None:
        self._turn = 0
        self._marks: dict[str, int] = {}
        self._causes: list[str] = []
        self._standing: dict[str, _Standing] = {}

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Hear an event."""
        match event["event"]:
            case "mark":
                self._mark(event["name"], event["turn"], event["at_ms"])
            case "cause":
                self._causes.append(event["id"])
            case "turn" if event["state"] in ("IDLE", "STOPPED"):
                self._settled(stopped=event["state"] == "STOPPED")
            case "link":
                self._trouble("line", event["cause"] or "link_closed", up=event["up"])
            case "device":
                self._trouble(event["name"], event["cause"] or f"{event['name']}_lost", up=event["up"])
            case _:
                pass

    def close(self) -> None:
        """Remind of nothing any more."""
        for standing in self._standing.values():
            standing.reminder.cancel()
        self._standing.clear()

    # -- turns ---------------------------------------------------------------------------------------

    def _mark(self, name: str, turn: int, at_ms: int) -> None:
        if turn != self._turn:
            self._summary("interrupted" if "first_delta" in self._marks else "unanswered")
            self._turn, self._marks, self._causes = turn, {}, []
        self._marks[name] = at_ms

    def _settled(self, *, stopped: bool) -> None:
        """Nobody speaks: the turn has ended if there was an answer, or a cause for none."""
        if "drained" in self._marks:
            self._summary("answered")
        elif self._causes:
            self._summary("unanswered")
        elif stopped:
            self._summary("stopped")

    def _summary(self, outcome: str) -> None:
        if not self._marks:
            return
        outcome = ", ".join(dict.fromkeys(self._causes)) or outcome
        legs = {
            name: self._marks[end] - self._marks[begin]
            for name, (begin, end) in LEGS.items()
            if begin in self._marks and end in self._marks
        }
        told = ", ".join(f"{name.replace('_', ' ')} {ms} ms" for name, ms in legs.items())
        fields = {f"{name}_ms": ms for name, ms in legs.items()}
        log.info(
            "turn %d: %s; %s",
            self._turn,
            outcome,
            told or "nothing was said",
            extra={"edged": {"event": "turn", "turn": self._turn, "outcome": outcome, **fields}},
        )
        self._marks, self._causes = {}, []

    # -- what lasts ----------------------------------------------------------------------------------

    def _trouble(self, what: str, cause: str, *, up: bool) -> None:
        standing = self._standing.pop(what, None)
        if up:
            if standing is not None:
                standing.reminder.cancel()
            return
        if standing is None:
            standing = _Standing(asyncio.get_running_loop().time(), self._remind(what))
        standing.cause = cause
        self._standing[what] = standing

    def _remind(self, what: str) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(REMIND_S, self._say_again, what)

    def _say_again(self, what: str) -> None:
        standing = self._standing[what]
        minutes = round((asyncio.get_running_loop().time() - standing.since_s) / 60)
        log.warning(
            "%s: still %s, for %d minutes. %s",
            what,
            standing.cause,
            minutes,
            CAUSES[standing.cause].remedy,
            extra={"edged": {"event": "standing", "what": what, "cause": standing.cause, "minutes": minutes}},
        )
        standing.reminder = self._remind(what)


class _Standing:
    def __init__(self, since_s: float, reminder: asyncio.TimerHandle) -> None:
        self.since_s, self.reminder, self.cause = since_s, reminder, ""
