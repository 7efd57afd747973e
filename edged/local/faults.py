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
    unasked | eager               an answer that nobody asked for begins, where none is under way: once, or a second
                                  into each utterance
    stranger:WHAT                 somebody else changes voice, detection, no_detection (null for it), format, text (no
                                  sound) or instructions
    picky:WHAT                    updates are refused without code and ids: with null for the detection (null), also
                                  with create_response in one (fields), with any (any), or all of them (all)
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

import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from edged.local import bent
from edged.local.bloat import KINDS
from edged.local.garbage import FRAMES, GARBAGE, HANDSHAKES
from edged.local.settings import STRANGERS
from edged.wire import ServerName, to_ga

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
    "stranger": (1, 1),
    "picky": (1, 1),
    "nameless": (0, 1),
}
_WORDS: dict[str, Iterable[str]] = {  # what the argument may be
    "garbage": tuple(GARBAGE),
    "break": tuple(FRAMES),
    "handshake": tuple(HANDSHAKES),
    "bloat": tuple(KINDS),
    "stranger": tuple(STRANGERS),
    "picky": tuple(bent.PICKY),
    "nameless": ("all",),
}
_MOST = {"slow": 60, "delay": 60, "huge": 64, "flood": 100_000}
_DATE = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_RETRY_AFTER = re.compile(rf"\d{{1,9}}|{_DATE}", re.ASCII)
_STATUSES = {str(status.value) for status in HTTPStatus if status >= 200}
_CLOSES = {1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014}
_NONE = (
    "hang", "mute", "drop", "stall", "half_open", "expire", "swallow", "unasked", "eager", "on_top", "deaf", "twice",
    "foreign", "late", "odd", "cut", "bad_base64", "bare", "code_in_type",
)  # fmt: skip
BEFORE = frozenset({"refuse", "refuse_with", "handshake", "slow", "hang"})


@dataclass(frozen=True, slots=True)
class InjectedFault:
    do: str
    arguments: tuple[str, ...] = ()
    at: str | None = None  # an event's GA name
    nth: int = 1
    connections: int | None = None


def parse(line: str) -> InjectedFault:
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
    if arguments and do in _WORDS and arguments[0] not in (known := _WORDS[do]):
        raise ValueError(f"no {do}: {arguments[0][:40]!r} (one of {', '.join(known)})")
    at = to_ga(found["at"]) if found["at"] else None
    if (do == "swallow" and at is None) or (do == "delay" and at not in set(ServerName)):
        of = " of the service" if do == "delay" else ""
        raise ValueError(f"{do} takes an event{of}, as in {':'.join([do, *arguments])}@response.done")
    if at is not None and do in {*BEFORE, "mute"}:
        raise ValueError(f"{do} takes no event: it comes before any")
    if do == "stranger" and at is None:
        at = ServerName.SESSION_CREATED.value  # there is no session before
    first = int(found["first"]) if found["first"] else None
    return InjectedFault(do, arguments, at, int(found["nth"] or 1), first)


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
