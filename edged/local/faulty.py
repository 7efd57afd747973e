"""Applies faults (faults.py) to the messages of a session, in order. Pure."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from edged.local import bent
from edged.local.bloat import bloated
from edged.local.faults import BEFORE, InjectedFault
from edged.local.garbage import FRAMES, GARBAGE
from edged.local.later import Later
from edged.wire import ClientName, ServerName, name_of, to_ga

EAGER_AFTER = 10  # appends of one utterance
_LASTING = frozenset(
    {
        "eager",
        "picky",
        "on_top",
        "deaf",
        "nameless",
        "twice",
        "foreign",
        "late",
        "odd",
        "cut",
        "bad_base64",
        "bare",
    }
) | {"code_in_type"}


@dataclass(frozen=True, slots=True)
class SendMessage:
    message: str | bytes


@dataclass(frozen=True, slots=True)
class BreakFraming:
    """Bytes that are not a valid frame, or not valid at this point."""

    frames: bytes


@dataclass(frozen=True, slots=True)
class EndConnection:
    """`do` is close, drop, stall, half_open or expire. The session sends nothing after it."""

    do: str
    code: int = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SpeakUnasked:
    """The session begins an answer that nobody asked for."""


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """Somebody else changes the session; `what` is a key of settings.STRANGERS."""

    what: str


Action = SendMessage | BreakFraming | Later | EndConnection | SpeakUnasked | ChangeSettings


class Faulty:
    """Stands between a session and its socket. Do not call it again after it has returned an `EndConnection`."""

    def __init__(self, faults: Iterable[InjectedFault]) -> None:
        self._faults = [fault for fault in faults if fault.do not in BEFORE]
        # The lasting faults that have started.
        self._lasting = self._begun(fault for fault in self._faults if fault.at is None)
        self._seen: Counter[str] = Counter()
        self._last_delta: str | None = None
        self._appended = 0  # appends of this utterance

    def opened(self) -> list[Action]:
        """The actions before the session says anything."""
        return self._now(None)[0]

    def came(self, message: str | bytes) -> tuple[bool, list[Action]]:
        """Take a message from the client: (whether the session gets it, the actions that it causes)."""
        if not self._faults:
            return True, []
        name = _name(message)
        actions, swallowed = self._now(name)
        self._appended += name == ClientName.APPEND
        if name in (ClientName.COMMIT, ClientName.CLEAR):
            self._appended = 0
        if name == ClientName.APPEND and "eager" in self._lasting and self._appended == EAGER_AFTER:
            actions.append(SpeakUnasked())
        if (
            name == ClientName.SESSION_UPDATE
            and (refused := bent.refusal(message, self._lasting)) is not None
        ):
            return False, [*actions, SendMessage(refused)]
        return not swallowed and not ("deaf" in self._lasting and name == ClientName.COMMIT), actions

    def understood(self, message: str | bytes) -> str | bytes:
        """The form in which the session gets a message that `came` has let through."""
        return bent.without_detection(message) if "on_top" in self._lasting else message

    def goes(self, messages: list[str]) -> list[Action]:
        """The actions to take for messages of the session."""
        if not self._faults:
            return [SendMessage(message) for message in messages]
        out: list[Action] = []
        for message in messages:
            name = _name(message)
            actions, swallowed = self._now(name, message)
            if not swallowed:
                out += self._bent(name, message)
            out += actions
            if out and isinstance(out[-1], EndConnection):
                break
        return out

    def _now(self, name: str | None, message: str | bytes = "") -> tuple[list[Action], bool]:
        if name is not None:
            self._seen[name] += 1
        due = [
            fault
            for fault in self._faults
            if fault.at == name and (name is None or fault.nth == self._seen[name])
        ]
        if name == ServerName.SESSION_CREATED and any(fault.do == "mute" for fault in self._faults):
            return [], True
        self._lasting |= self._begun(due)
        actions = [action for fault in due for action in _actions(fault)]
        actions += [Later(float(fault.arguments[0]), message) for fault in due if fault.do == "delay"]
        return actions, any(fault.do in ("swallow", "delay") for fault in due)

    @staticmethod
    def _begun(due: Iterable[InjectedFault]) -> set[str]:
        """The lasting faults among these, each with its arguments."""
        return {":".join((fault.do, *fault.arguments)) for fault in due if fault.do in _LASTING}

    def _bent(self, name: str | None, message: str) -> list[Action]:
        if name == ServerName.AUDIO_DELTA:
            self._last_delta = message
        out: list[Action] = [SendMessage(each) for each in bent.bent(name, message, self._lasting)]
        if name == ServerName.RESPONSE_DONE and "late" in self._lasting and self._last_delta is not None:
            out.append(SendMessage(self._last_delta))
        return out


def _actions(fault: InjectedFault) -> list[Action]:
    match fault.do:
        case "close":
            return [EndConnection("close", int(fault.arguments[0]), (*fault.arguments, "")[1])]
        case "drop" | "stall" | "half_open" | "expire":
            return [EndConnection(fault.do)]
        case "unasked" | "stranger":
            return [ChangeSettings(*fault.arguments) if fault.arguments else SpeakUnasked()]
        case "break" | "garbage":
            kind = fault.arguments[0]
            return [BreakFraming(FRAMES[kind]) if fault.do == "break" else SendMessage(GARBAGE[kind])]
        case "huge":
            filling = "x" * int(float(fault.arguments[0]) * 2**20)
            return [
                SendMessage(json.dumps({"type": ServerName.ITEM_RETRIEVED.value, "item": {"id": filling}}))
            ]
        case "bloat":
            return [SendMessage(bloated(fault.arguments[0], fault.at or ServerName.RESPONSE_DONE))]
        case "flood":
            limits = json.dumps(
                {"type": ServerName.RATE_LIMITS.value, "event_id": "event_f", "rate_limits": []}
            )
            return [SendMessage(limits)] * int(float(fault.arguments[0]))
        case _:
            return []


def _name(message: str | bytes) -> str | None:
    """The GA name of an event; None if the message is not one."""
    name = name_of(message)
    return None if name is None else to_ga(name)
