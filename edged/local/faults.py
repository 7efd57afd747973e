"""Faults on demand: what a bad network, a bad gateway or a bad service does to a client. Pure.

A fault is one line: `DO[:ARGUMENT...][@EVENT[#NUMBER]]`. It stands in a script's `faults`. If the server allows it,
a client may also put it into the query of its URL as `fault=`; then it holds for that connection.

Without `@` the fault happens at once. With `@EVENT` it happens at the first such event, or at the NUMBERth, from
either side; EVENT may have its name in either dialect. A lasting fault starts with that event. A fault that happens
before the session takes no event. In a script, `~COUNT` at the end limits a fault to the first COUNT connections.

    refuse:STATUS[:RETRY_AFTER]   an HTTP status instead of the handshake; RETRY_AFTER is seconds or a date
    refuse_with:STATUS:BODY       the same with a body: a name (refusing.py), or any text
    handshake:KIND                a wrong handshake: accept, unaccepted, upgrade, connection, extension, subprotocol
    slow:SECONDS | hang           the handshake comes late (60 s at most), or never
    mute                          no session.created
    close:CODE[:REASON]           a close frame
    break:KIND                    an invalid frame: opcode, reserved, masked, utf8, utf8_split, long_control,
                                  split_control, continuation, interleaved, close_code, close_short, close_utf8
    drop                          the connection ends without a close frame
    stall                         the service answers pings and does nothing else, as a gateway before a dead service
    half_open                     the service does not even answer pings
    expire                        the session reaches its time limit
    swallow@EVENT                 this event is lost, in either direction (`swallow@response.done`: an endless answer)
    delay:SECONDS@EVENT           this event from the service comes later (60 s at most); the others do not wait for it
    unasked | eager               an answer that nobody asked for begins, unless another is under way: once, or about
                                  a second into each utterance
    stranger:WHAT                 somebody else changes voice, detection, no_detection (to null), format, text (no
                                  more sound) or instructions
    picky:WHAT                    the service refuses updates, without code and ids: null detection (null), that and
                                  create_response in a detection (fields), any detection (any), or everything (all)
    on_top                        the service ignores detection where GA has it, and reports it at the top level
    deaf                          the service ignores commits
    nameless[:all]                acknowledgements lack their id, or all events lack all ids
    twice | foreign | late        deltas of sound: each twice, each also for a foreign response, the last after the end
    odd | cut | bad_base64        deltas of sound: of odd length, without their last byte, with invalid base64
    garbage:KIND                  text, array, untyped, typed_null, deep, binary, nul, huge_number, lone_surrogate
    huge:MEGABYTES                one message of this size, 64 at most
    bloat:KIND                    15 MiB that cost more than that: lists, items, keys, depth, digits, words, wide
    flood:COUNT                   COUNT times rate_limits.updated at once, 100 000 at most
    bare | code_in_type           errors as some gateways send them: without code and ids, or with the code in `type`
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
_WORDS: dict[str, Iterable[str]] = {  # the allowed arguments
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
    at: str | None = None  # the GA name of an event
    nth: int = 1
    connections: int | None = None


def parse(line: str) -> InjectedFault:
    """The fault in `line`.

    Raises:
        ValueError: The line is not a fault; the message says what a good one looks like.
    """
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise ValueError(f"{line[:80]!r} is not a fault; good: drop@response.done#2")
    do = found["do"]
    arguments = tuple(found["arguments"].split(":")[1:])
    if do not in _ARGUMENTS and do not in _NONE:
        raise ValueError(f"{do[:40]!r} is not a fault (one of {', '.join(sorted((*_ARGUMENTS, *_NONE)))})")
    least, most = _ARGUMENTS.get(do, (0, 0))
    if do in ("close", "refuse", "refuse_with"):  # the second argument may contain colons
        arguments = (arguments[0], ":".join(arguments[1:])) if len(arguments) > 1 else arguments
    if not least <= len(arguments) <= most:
        raise ValueError(f"{do} takes {least} to {most} arguments, as in {do}{':X' * least}")
    counted = ("refuse", "refuse_with", "close", "slow", "delay", "huge", "flood")
    numbers = arguments[:1] if do in counted else ()
    if not all(re.fullmatch(r"\d{1,9}(\.\d{1,9})?", number, re.ASCII) for number in numbers):
        raise ValueError(f"{do} takes a number, not {arguments[0][:40]!r}")
    _check(do, arguments)
    if arguments and do in _WORDS and arguments[0] not in (known := _WORDS[do]):
        raise ValueError(f"{do} does not know {arguments[0][:40]!r} (one of {', '.join(known)})")
    at = to_ga(found["at"]) if found["at"] else None
    if (do == "swallow" and at is None) or (do == "delay" and at not in set(ServerName)):
        of = " of the service" if do == "delay" else ""
        raise ValueError(f"{do} takes an event{of}, as in {':'.join([do, *arguments])}@response.done")
    if at is not None and do in {*BEFORE, "mute"}:
        raise ValueError(f"{do} takes no event: it happens before the first one")
    if do == "stranger" and at is None:
        at = ServerName.SESSION_CREATED.value  # before it, there is no session to change
    first = int(found["first"]) if found["first"] else None
    return InjectedFault(do, arguments, at, int(found["nth"] or 1), first)


def _check(do: str, arguments: tuple[str, ...]) -> None:
    """Raises ValueError for figures that are not possible on a connection."""
    if do in ("refuse", "refuse_with") and arguments[0] not in _STATUSES:
        raise ValueError(f"{do} takes an HTTP status from 200 on, not {arguments[0][:40]!r}")
    if do == "refuse" and len(arguments) > 1 and not _RETRY_AFTER.fullmatch(arguments[1]):
        raise ValueError(f"refuse takes seconds or an HTTP date as RETRY_AFTER, not {arguments[1][:40]!r}")
    if do in _MOST and float(arguments[0]) > _MOST[do]:
        raise ValueError(f"{do} takes {_MOST[do]} at most, not {arguments[0]}")
    if do == "close":
        code = int(arguments[0]) if arguments[0].isdecimal() else 0
        if not (code in _CLOSES or 3000 <= code < 5000):
            raise ValueError(
                f"close takes a code that may be sent, or 1005 to send none, not {arguments[0][:40]!r}"
            )
        if len(arguments) > 1 and len(arguments[1].encode()) > 123:
            raise ValueError("the reason of a close has at most 123 bytes")
