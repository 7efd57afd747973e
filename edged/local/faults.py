"""Faults on demand: what a bad network, a bad gateway or a bad service does to a client. Pure.

A fault is a line: `DO[:ARGUMENT...][@EVENT[#NUMBER]]`, in a script's `faults` or, where the server allows it, as
`fault=` in the URL's query (there for this one connection). Without `@` it happens at once, with one at the first such
event, or the NUMBERth, whichever side it comes from; events in either dialect's name. What lasts begins there, with
that very event; what comes before the session has no event. In a script, `DO...~COUNT` is for the first COUNT
connections only.

    refuse:STATUS[:RETRY_AFTER]   HTTP status instead of a handshake; RETRY_AFTER is seconds or a date
    slow:SECONDS | hang           a late handshake (60 s at most), or none
    mute                          no session.created
    close:CODE[:REASON]           a close frame
    drop                          the connection ends without one
    stall                         nothing more is sent or done; pings are answered: a gateway before a dead service
    half_open                     nothing at all any more, pings neither
    expire                        the session's time is up
    swallow@EVENT                 this event is not sent, or not taken (`swallow@response.done`: never done)
    unasked | eager               an answer that nobody asked for begins, where none is under way: once, or a second
                                  into each utterance
    stranger:WHAT                 somebody else changes voice, detection, format, text (no sound) or instructions
    picky:WHAT                    updates are refused without code and ids: with null for the detection (null), also
                                  with create_response in one (fields), or all of them (all)
    on_top                        detection is not known where GA has it, and told at the top level
    deaf                          commits are never honoured
    nameless[:all]                acknowledgements lack their id, or all events lack all ids
    twice | foreign | late        deltas of sound: two times, also of a response nobody asked for, again after the end
    odd | cut | bad_base64        deltas of odd length, without their last byte, or of no base64
    garbage:KIND                  text, array, untyped, typed_null, deep, binary, nul, huge_number, lone_surrogate
    huge:MEGABYTES                a message of this size, 64 at most
    bloat:KIND                    15 MiB that cost more than their bytes: lists, items, keys, depth, digits, words, wide
    flood:COUNT                   so many rate_limits.updated at once, 100 000 at most
    bare | code_in_type           errors as some gateways send them: without code and ids, the code in `type`
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from edged.local import bent
from edged.local.bent import GARBAGE
from edged.local.bloat import KINDS, bloated
from edged.local.settings import STRANGERS
from edged.wire import ClientName, ServerName, name_of, to_ga

_LINE = re.compile(
    r"(?P<do>[a-z0-9_]+)(?P<arguments>(?::[^@#~]*)?)(?:@(?P<at>[a-z_.]+)(?:#(?P<nth>[1-9]\d{0,8}))?)?(?:~(?P<first>[1-9]\d*))?"
)
_ARGUMENTS = {
    "refuse": (1, 2),
    "slow": (1, 1),
    "close": (1, 2),
    "garbage": (1, 1),
    "huge": (1, 1),
    "bloat": (1, 1),
    "flood": (1, 1),
    "stranger": (1, 1),
    "picky": (1, 1),
    "nameless": (0, 1),
}
_WORDS: dict[str, Iterable[str]] = {  # what the argument may be
    "garbage": tuple(GARBAGE),
    "bloat": tuple(KINDS),
    "stranger": tuple(STRANGERS),
    "picky": tuple(bent.PICKY),
    "nameless": ("all",),
}
_MOST = {"slow": 60, "huge": 64, "flood": 100_000}
_DATE = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_RETRY_AFTER = re.compile(rf"\d{{1,9}}|{_DATE}", re.ASCII)
_STATUSES = {str(status.value) for status in HTTPStatus if status >= 200}
_CLOSES = {1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014}
_NONE = (
    "hang", "mute", "drop", "stall", "half_open", "expire", "swallow", "unasked", "eager", "on_top", "deaf", "twice",
    "foreign", "late", "odd", "cut", "bad_base64", "bare", "code_in_type",
)  # fmt: skip
BEFORE = frozenset({"refuse", "slow", "hang"})
EAGER_AFTER = 10  # messages of sound in an utterance
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
class Fault:
    do: str
    arguments: tuple[str, ...] = ()
    at: str | None = None  # an event's GA name
    nth: int = 1
    connections: int | None = None


@dataclass(frozen=True, slots=True)
class Send:
    message: str | bytes


@dataclass(frozen=True, slots=True)
class End:
    """`do` is close, drop, stall, half_open or expire: nothing of the session comes after it."""

    do: str
    code: int = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Speak:
    """The session begins an answer by itself."""


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody else changes the session: `what` of settings.STRANGERS."""

    what: str


Action = Send | End | Speak | Change


def parse(line: str) -> Fault:
    """The fault in `line`.

    Raises:
        ValueError: it is none; says what is.
    """
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise ValueError(f"no fault: {line[:80]!r}; good: drop@response.done#2")
    do = found["do"]
    arguments = tuple(found["arguments"].split(":")[1:])
    if do not in _ARGUMENTS and do not in _NONE:
        raise ValueError(f"no fault: {do[:40]!r} (one of {', '.join(sorted((*_ARGUMENTS, *_NONE)))})")
    least, most = _ARGUMENTS.get(do, (0, 0))
    if do in ("close", "refuse"):  # the second has colons of its own
        arguments = (arguments[0], ":".join(arguments[1:])) if len(arguments) > 1 else arguments
    if not least <= len(arguments) <= most:
        raise ValueError(f"{do} takes {least} to {most} arguments, as in {do}{':X' * least}")
    numbers = arguments[:1] if do in ("refuse", "close", "slow", "huge", "flood") else ()
    if not all(re.fullmatch(r"\d{1,9}(\.\d{1,9})?", number, re.ASCII) for number in numbers):
        raise ValueError(f"{do} takes a number, not {arguments[0][:40]!r}")
    _check(do, arguments)
    if arguments and do in _WORDS and arguments[0] not in (known := _WORDS[do]):
        raise ValueError(f"no {do}: {arguments[0][:40]!r} (one of {', '.join(known)})")
    at = to_ga(found["at"]) if found["at"] else None
    if at is None and do == "swallow":
        raise ValueError("swallow takes an event, as in swallow@response.done")
    if at is not None and do in {*BEFORE, "mute"}:
        raise ValueError(f"{do} takes no event: it comes before any")
    if do == "stranger" and at is None:
        at = ServerName.SESSION_CREATED.value  # there is no session before
    first = int(found["first"]) if found["first"] else None
    return Fault(do, arguments, at, int(found["nth"] or 1), first)


def _check(do: str, arguments: tuple[str, ...]) -> None:
    """Raises ValueError for figures that no connection knows."""
    if do == "refuse" and arguments[0] not in _STATUSES:
        raise ValueError(f"refuse takes an HTTP status from 200 on, not {arguments[0][:40]!r}")
    if do == "refuse" and len(arguments) > 1 and not _RETRY_AFTER.fullmatch(arguments[1]):
        raise ValueError(f"refuse takes seconds or an HTTP date to retry after, not {arguments[1][:40]!r}")
    if do in _MOST and float(arguments[0]) > _MOST[do]:
        raise ValueError(f"{do} takes {_MOST[do]} at most, not {arguments[0]}")
    if do == "close":
        code = int(arguments[0]) if arguments[0].isdecimal() else 0
        if not (code in _CLOSES or 3000 <= code < 5000):
            raise ValueError(
                f"close takes a code that may be sent (or 1005: none), not {arguments[0][:40]!r}"
            )
        if len(arguments) > 1 and len(arguments[1].encode()) > 123:
            raise ValueError("a close's reason has 123 bytes at most")


class Faulty:
    """Stands between a session and its socket; once an `End` came out of it, it is not asked again."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = [fault for fault in faults if fault.do not in BEFORE]
        # of those that last, what has begun
        self._lasting = self._begun(fault for fault in self._faults if fault.at is None)
        self._seen: Counter[str] = Counter()
        self._last_delta: str | None = None
        self._appended = 0  # messages of sound in this utterance

    def opened(self) -> list[Action]:
        """Before the session says anything."""
        return self._now(None)[0]

    def came(self, message: str | bytes) -> tuple[bool, list[Action]]:
        """A message of the client: whether the session is to have it, and what happens besides."""
        if not self._faults:
            return True, []
        name = _name(message)
        actions, swallowed = self._now(name)
        self._appended += name == ClientName.APPEND
        if name in (ClientName.COMMIT, ClientName.CLEAR):
            self._appended = 0
        if name == ClientName.APPEND and "eager" in self._lasting and self._appended == EAGER_AFTER:
            actions.append(Speak())
        if (
            name == ClientName.SESSION_UPDATE
            and (refused := bent.refusal(message, self._lasting)) is not None
        ):
            return False, [*actions, Send(refused)]
        return not swallowed and not ("deaf" in self._lasting and name == ClientName.COMMIT), actions

    def understood(self, message: str | bytes) -> str | bytes:
        """What the session is to have of a message that it is to have."""
        return bent.without_detection(message) if "on_top" in self._lasting else message

    def goes(self, messages: list[str]) -> list[Action]:
        """What becomes of messages of the session."""
        if not self._faults:
            return [Send(message) for message in messages]
        out: list[Action] = []
        for message in messages:
            name = _name(message)
            actions, swallowed = self._now(name)
            if not swallowed:
                out += self._bent(name, message)
            out += actions
            if out and isinstance(out[-1], End):
                break
        return out

    def _now(self, name: str | None) -> tuple[list[Action], bool]:
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
        return actions, any(fault.do == "swallow" for fault in due)

    @staticmethod
    def _begun(due: Iterable[Fault]) -> set[str]:
        """What lasts of these, each with what it was told."""
        return {":".join((fault.do, *fault.arguments)) for fault in due if fault.do in _LASTING}

    def _bent(self, name: str | None, message: str) -> list[Action]:
        if name == ServerName.AUDIO_DELTA:
            self._last_delta = message
        out: list[Action] = [Send(each) for each in bent.bent(name, message, self._lasting)]
        if name == ServerName.RESPONSE_DONE and "late" in self._lasting and self._last_delta is not None:
            out.append(Send(self._last_delta))
        return out


def _actions(fault: Fault) -> list[Action]:
    match fault.do:
        case "close":
            return [End("close", int(fault.arguments[0]), (*fault.arguments, "")[1])]
        case "drop" | "stall" | "half_open" | "expire":
            return [End(fault.do)]
        case "unasked" | "stranger":
            return [Change(*fault.arguments) if fault.arguments else Speak()]
        case "garbage":
            return [Send(GARBAGE[fault.arguments[0]])]
        case "huge":
            filling = "x" * int(float(fault.arguments[0]) * 2**20)
            return [Send(json.dumps({"type": ServerName.ITEM_RETRIEVED.value, "item": {"id": filling}}))]
        case "bloat":
            return [Send(bloated(fault.arguments[0], fault.at or ServerName.RESPONSE_DONE))]
        case "flood":
            limits = json.dumps(
                {"type": ServerName.RATE_LIMITS.value, "event_id": "event_f", "rate_limits": []}
            )
            return [Send(limits)] * int(float(fault.arguments[0]))
        case _:
            return []


def _name(message: str | bytes) -> str | None:
    """The GA name of an event; None where it is none."""
    name = name_of(message)
    return None if name is None else to_ga(name)
