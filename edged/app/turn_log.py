"""The journal lines that no single package can write: one per turn with its legs, one per hour for lasting troubles.

It only listens to published events (docs/control-socket.md). So it delays nothing, and never learns what was said.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edged.causes import CAUSES

log = logging.getLogger(__name__)

REMIND_S = 3600.0
MOST_WAITING = 2  # turns before the present one; this many utterances may be pending
OF_AN_UTTERANCE = {"utterance_too_old", "utterance_refused"}
OF_AN_ANSWER = "answer_lost"
LEGS = {  # each leg reaches from one mark to another
    "held": ("press", "release"),
    "first_sent": ("press", "first_audio_sent"),
    "commit_sent": ("release", "commit_sent"),
    "committed": ("commit_sent", "committed"),
    "first_delta": ("committed", "first_delta"),
    "first_sound": ("first_delta", "first_sound"),
    "latency": ("release", "first_sound"),
    "answer": ("first_sound", "drained"),
}
HEARD_BY = {"press": "microphone", "release": "microphone", "first_sound": "speaker"}
"""The device that a turn uses at a mark."""


class TurnLog:
    """A listener of the App. Use it on the loop, and `close` it at the end."""

    def __init__(self) -> None:
        self._turns: dict[int, _Turn] = {}  # the turns that have not ended, by number
        self._standing: dict[str, _Standing] = {}
        self._opened: dict[str, Mapping[str, Any]] = {}  # the devices that were opened last

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Receive an event."""
        match event["event"]:
            case "mark":
                self._mark(event["name"], event["turn"], event["at_ms"])
            case "cause":
                self._caused(event["id"])
            case "turn" if event["state"] in ("IDLE", "STOPPED"):
                if event["was"] == "AWAITING_SPEECH" and self._turns:  # over, and nobody spoke again
                    # Its release is still to come.
                    asyncio.get_running_loop().call_soon(self._over, max(self._turns))
                self._settled(stopped=event["state"] == "STOPPED")
            case "link":
                self._trouble("line", event["cause"] or "link_closed", up=event["up"] or event["resting"])
            case "device":
                if event.get("opened"):
                    self._opened[event["name"]] = event["opened"]
                self._trouble(event["name"], event["cause"] or f"{event['name']}_lost", up=event["up"])
            case _:
                pass

    def close(self) -> None:
        """Send no more reminders."""
        for standing in self._standing.values():
            standing.reminder.cancel()
        self._standing.clear()

    # -- turns ---------------------------------------------------------------------------------------

    def _mark(self, name: str, turn: int, at_ms: int) -> None:
        if name == "press":
            self._begin(turn)
        if turn in self._turns:
            self._turns[turn].marks[name] = at_ms
            device = HEARD_BY.get(name, "")
            if device in self._opened:
                self._turns[turn].devices[device] = self._opened[device]

    def _begin(self, turn: int) -> None:
        """Begin a turn. An earlier turn goes on if its utterance still waits, for the link or for the same answer."""
        for number, each in tuple(self._turns.items()):
            if each.causes or "first_delta" in each.marks:
                self._ended(number, "answered" if "drained" in each.marks else "interrupted")
        while len(self._turns) > MOST_WAITING:
            self._ended(min(self._turns), "unanswered")
        self._turns[turn] = _Turn()

    def _caused(self, cause: str) -> None:
        """Add a cause to the turns that it concerns.

        A lost utterance concerns the oldest turn that the service does not have. A lost answer concerns all turns that
        the service has received but not begun to answer, even if another turn is under way.
        """
        waiting = [number for number, each in self._turns.items() if "committed" not in each.marks]
        of = waiting[:1] if cause in OF_AN_UTTERANCE else []
        if cause == OF_AN_ANSWER:
            began = [number for number, each in self._turns.items() if "first_delta" in each.marks]
            of = [number for number in self._turns if number not in (*waiting, *began)]
        for number in of or list(self._turns)[-1:]:
            self._turns[number].causes.append(cause)

    def _settled(self, *, stopped: bool) -> None:
        """Nobody speaks. End each turn that was answered, that has a cause, or that precedes an answered turn."""
        answered = max((number for number, each in self._turns.items() if "drained" in each.marks), default=0)
        for number, each in tuple(self._turns.items()):
            if "drained" in each.marks:
                self._ended(number, "answered")
            elif each.causes or number < answered:
                self._ended(number, "unanswered")
            elif stopped:
                self._ended(number, "stopped")

    def _over(self, number: int) -> None:
        if number in self._turns:
            self._ended(number, "unanswered")

    def _ended(self, number: int, outcome: str) -> None:
        turn = self._turns.pop(number)
        outcome = ", ".join(dict.fromkeys(turn.causes)) or outcome
        legs = turn.legs()
        spans = ", ".join(f"{name.replace('_', ' ')} {ms} ms" for name, ms in legs.items())
        fields: dict[str, object] = {f"{name}_ms": ms for name, ms in legs.items()}
        for name, device in (self._opened | turn.devices).items():
            about = {name: device["name"], f"{name}_card": device["card"], f"{name}_hz": device["rate_hz"]}
            fields |= {key: value for key, value in about.items() if value}
        log.info(
            "turn %d: %s; %s",
            number,
            outcome,
            spans or "nothing was said",
            extra={"edged": {"event": "turn", "turn": number, "outcome": outcome, **fields}},
        )

    # -- lasting troubles ----------------------------------------------------------------------------

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
            "%s: still %s after %d minutes. %s",
            "link" if what == "line" else what,
            standing.cause,
            minutes,
            CAUSES[standing.cause].remedy,
            extra={"edged": {"event": "standing", "what": what, "cause": standing.cause, "minutes": minutes}},
        )
        standing.reminder = self._remind(what)


@dataclass(slots=True)
class _Turn:
    marks: dict[str, int] = field(default_factory=dict)
    causes: list[str] = field(default_factory=list)
    devices: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # those that this turn used

    def legs(self) -> dict[str, int]:
        """Milliseconds per leg. Negative ones are left out: a service may commit before the visitor has finished."""
        spans = {
            name: self.marks[end] - self.marks[begin]
            for name, (begin, end) in LEGS.items()
            if begin in self.marks and end in self.marks
        }
        return {name: ms for name, ms in spans.items() if ms >= 0}


class _Standing:
    def __init__(self, since_s: float, reminder: asyncio.TimerHandle) -> None:
        self.since_s, self.reminder, self.cause = since_s, reminder, ""
