"""Faults on demand: what a bad network, a bad gateway or a bad service does to a client. Pure.

A fault is a line: `DO[:ARGUMENT...][@EVENT[#NUMBER]]`, in a script's `faults` or, where the server allows it, as
`fault=` in the URL's query (there for this one connection). Without `@` it happens at once, with one at the first such
event, or the NUMBERth, whichever side it comes from; events in either dialect's name. What lasts begins there, with
that very event; what comes before the session has no event. In a script, `DO...~COUNT` is for the first COUNT
connections only.

    refuse:STATUS[:RETRY_AFTER]   HTTP status instead of a handshake; RETRY_AFTER is seconds or a date
    refuse_with:STATUS:BODY       the same with a body: a name (refusing.py), or any text
    handshake:KIND                let in, but wrongly: accept, unaccepted, upgrade, connection, extension, subprotocol
    slow:SECONDS | hang           a late handshake (60 s at most), or none
    mute                          no session.created
    close:CODE[:REASON]           a close frame
    break:KIND                    what is no frame: opcode, reserved, masked, utf8, utf8_split, long_control,
                                  split_control, continuation, interleaved, close_code, close_short, close_utf8
    drop                          the connection ends without one
    stall                         nothing more is sent or done; pings are answered: a gateway before a dead service
    half_open                     nothing at all any more, pings neither
    expire                        the session's time is up
    swallow@EVENT                 this event is not sent, or not taken (`swallow@response.done`: never done)
    delay:SECONDS@EVENT           this event of the service comes later, and nothing waits for it (60 s at most)
    unasked                       an answer that nobody asked for begins, where none is under way
    deaf                          commits are never honoured
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
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from edged.local.bloat import KINDS, bloated
from edged.local.garbage import FRAMES, GARBAGE, HANDSHAKES
from edged.local.later import Later
from edged.wire import ClientName, ServerName, name_of, to_ga

Json = dict[str, Any]
_LINE = re.compile(
    r"(?P<do>[a-z0-9_]+)(?P<arguments>(?::[^@#~]*)?)(?:@(?P<at>[a-z_.]+)(?:#(?P<nth>[1-9]\d{0,8}))?)?(?:~(?P<first>[1-9]\d*))?"
)
_ARGUMENTS = {
    "refuse": (1, 2),
    "refuse_with": (2, 2),
    "handshake": (1, 1),
    "break": (1, 1),
    "slow": (1, 1),
    "delay": (1, 1),
    "close": (1, 2),
    "garbage": (1, 1),
    "huge": (1, 1),
    "bloat": (1, 1),
    "flood": (1, 1),
}
_MOST = {"slow": 60, "delay": 60, "huge": 64, "flood": 100_000}
_DATE = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_RETRY_AFTER = re.compile(rf"\d{{1,9}}|{_DATE}", re.ASCII)
_STATUSES = {str(status.value) for status in HTTPStatus if status >= 200}
_CLOSES = {1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014}
_NONE = (
    "hang", "mute", "drop", "stall", "half_open", "expire", "swallow", "unasked", "deaf", "twice", "foreign", "late",
    "odd", "cut", "bad_base64", "bare", "code_in_type",
)  # fmt: skip
BEFORE = frozenset({"refuse", "refuse_with", "handshake", "slow", "hang"})
_KINDS = {"bloat": KINDS, "garbage": GARBAGE, "break": FRAMES, "handshake": HANDSHAKES}
ODD = 481  # bytes
_LASTING = frozenset({"deaf", "twice", "foreign", "late", "odd", "cut", "bad_base64", "bare", "code_in_type"})


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
class Break:
    """Bytes that are no frame, or not in this place."""

    frames: bytes


@dataclass(frozen=True, slots=True)
class End:
    """`do` is close, drop, stall, half_open or expire: nothing of the session comes after it."""

    do: str
    code: int = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Speak:
    """The session begins an answer by itself."""


Action = Send | Break | Later | End | Speak


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
    if do in ("close", "refuse", "refuse_with"):  # the second has colons of its own
        arguments = (arguments[0], ":".join(arguments[1:])) if len(arguments) > 1 else arguments
    if not least <= len(arguments) <= most:
        raise ValueError(f"{do} takes {least} to {most} arguments, as in {do}{':X' * least}")
    counted = ("refuse", "refuse_with", "close", "slow", "delay", "huge", "flood")
    numbers = arguments[:1] if do in counted else ()
    if not all(re.fullmatch(r"\d{1,9}(\.\d{1,9})?", number, re.ASCII) for number in numbers):
        raise ValueError(f"{do} takes a number, not {arguments[0][:40]!r}")
    _check(do, arguments)
    if do in _KINDS and arguments[0] not in _KINDS[do]:
        raise ValueError(f"no {do}: {arguments[0][:40]!r} (one of {', '.join(_KINDS[do])})")
    at = to_ga(found["at"]) if found["at"] else None
    if (do == "swallow" and at is None) or (do == "delay" and at not in set(ServerName)):
        of = " of the service" if do == "delay" else ""
        raise ValueError(f"{do} takes an event{of}, as in {':'.join([do, *arguments])}@response.done")
    if at is not None and do in {*BEFORE, "mute"}:
        raise ValueError(f"{do} takes no event: it comes before any")
    first = int(found["first"]) if found["first"] else None
    return Fault(do, arguments, at, int(found["nth"] or 1), first)


def _check(do: str, arguments: tuple[str, ...]) -> None:
    """Raises ValueError for figures that no connection knows."""
    if do in ("refuse", "refuse_with") and arguments[0] not in _STATUSES:
        raise ValueError(f"{do} takes an HTTP status from 200 on, not {arguments[0][:40]!r}")
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
        self._lasting = {fault.do for fault in self._faults if fault.at is None} & _LASTING
        self._seen: Counter[str] = Counter()
        self._last_delta: str | None = None

    def opened(self) -> list[Action]:
        """Before the session says anything."""
        return self._now(None)[0]

    def came(self, message: str | bytes) -> tuple[bool, list[Action]]:
        """A message of the client: whether the session is to have it, and what happens besides."""
        if not self._faults:
            return True, []
        name = _name(message)
        actions, swallowed = self._now(name)
        return not swallowed and not ("deaf" in self._lasting and name == ClientName.COMMIT), actions

    def goes(self, messages: list[str]) -> list[Action]:
        """What becomes of messages of the session."""
        if not self._faults:
            return [Send(message) for message in messages]
        out: list[Action] = []
        for message in messages:
            name = _name(message)
            actions, swallowed = self._now(name, message)
            if not swallowed:
                out += self._bent(name, message)
            out += actions
            if out and isinstance(out[-1], End):
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
        self._lasting |= {fault.do for fault in due} & _LASTING
        actions = [action for fault in due for action in _actions(fault)]
        actions += [Later(float(fault.arguments[0]), message) for fault in due if fault.do == "delay"]
        return actions, any(fault.do in ("swallow", "delay") for fault in due)

    def _bent(self, name: str | None, message: str) -> list[Action]:
        lasting = self._lasting
        if name == ServerName.ERROR and lasting & {"bare", "code_in_type"}:
            return [Send(_bare(message, code_in_type="code_in_type" in lasting))]
        out: list[Action] = [Send(message)]
        if name == ServerName.AUDIO_DELTA:
            self._last_delta = message
            if "odd" in lasting:
                out = [Send(piece) for piece in _odd(message)]
            if "cut" in lasting:
                out = [Send(_sounding(message, b64decode(json.loads(message)["delta"])[:-1]))]
            if "bad_base64" in lasting:
                out = [Send(_with(message, delta="!" + json.loads(message)["delta"][1:]))]
            if "foreign" in lasting:
                out.append(Send(_with(message, response_id="resp_foreign", item_id="item_foreign")))
            if "twice" in lasting:
                out.append(Send(message))
        if name == ServerName.RESPONSE_DONE and "late" in lasting and self._last_delta is not None:
            out.append(Send(self._last_delta))
        return out


def _actions(fault: Fault) -> list[Action]:
    match fault.do:
        case "close":
            return [End("close", int(fault.arguments[0]), (*fault.arguments, "")[1])]
        case "drop" | "stall" | "half_open" | "expire":
            return [End(fault.do)]
        case "unasked":
            return [Speak()]
        case "break" | "garbage":
            kind = fault.arguments[0]
            return [Break(FRAMES[kind]) if fault.do == "break" else Send(GARBAGE[kind])]
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


def _with(message: str, **changes: Any) -> str:
    return json.dumps({**json.loads(message), **changes})


def _odd(message: str) -> list[str]:
    """A delta as two, the first of an odd length."""
    sound = b64decode(json.loads(message)["delta"])
    pieces = [piece for piece in (sound[:ODD], sound[ODD:]) if piece]
    return [_sounding(message, piece) for piece in pieces]


def _sounding(message: str, sound: bytes) -> str:
    return _with(message, delta=b64encode(sound).decode())


def _bare(message: str, *, code_in_type: bool) -> str:
    error = json.loads(message)["error"]
    if code_in_type:
        told = {
            "type": error["code"],
            "message": error["message"],
            "code": None,
            "param": None,
            "event_id": None,
        }
        return _with(message, error=told)
    return json.dumps({"type": "error", "error": {"type": error["type"], "message": error["message"]}})
