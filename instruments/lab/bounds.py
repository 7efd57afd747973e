"""When a conversation may have been open, judged from outside: what opens and ends it can be observed.

A press opens a conversation. In doubt, the conversation goes on. Only the daemon knows for certain whether a press
ended it or interrupted an answer, and how long speech was on its way. A mute and an unplugged microphone leave no
doubt.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from edged import wire
from instruments.lab.facts import Facts
from instruments.lab.spans import Span, joined, meets, while_it_was
from instruments.lab.witness import Saying

IDLE_S = 34.0  # turn.idle_s, and what may delay its start
HUNG_UP_S = 0.2  # until it is certain that a receiver was hung up, and not jolted
STOPS_S = 0.1  # a sound that a press cuts off
SPEECH_S = 64.0  # turn.longest_s: the longest wait for the end of speech


def own_voice(facts: Facts, sounding: list[Span], on: float) -> int:
    """How many blocks have come when the room no longer echoes the machine, in a light that came on at this time."""
    sounds = [end for begin, end in sounding if begin < on + STOPS_S]
    return 0 if not sounds else bisect_right(facts.blocks, sounds[-1] + facts.tail_s)


def conversations(  # noqa: C901, PLR0912 one kind of moment after the other
    facts: Facts, recording: list[Span], sounding: list[Span], deaf: list[Span]
) -> list[Span]:
    """The longest spans in which sound may have been meant for the service; apart, in order."""
    if facts.lifted:
        return _calls(facts, deaf)
    found: list[Span] = []
    opened: float | None = None
    until = 0.0
    for at, what in sorted(_moments(facts, recording, sounding, deaf)):
        if opened is not None and at > until:
            found.append((opened, until))
            opened = None
        match what:
            case "press" if not any(start <= at < end for start, end in deaf):
                ends = _ends_it(facts, recording, sounding, at)
                if ends and opened is not None:
                    found.append((opened, at))
                if ends:
                    opened = None
                elif opened is None:
                    opened, until = at, at + IDLE_S
                else:
                    until = max(until, at + IDLE_S)
            case "deaf":
                if opened is not None:
                    found.append((opened, at))
                opened = None
            case "speech":
                until = max(until, at + SPEECH_S)
            case "sign":
                until = max(until, at + IDLE_S)
    if opened is not None:
        found.append((opened, min(until, facts.over)))
    return joined(found)


def _calls(facts: Facts, deaf: list[Span]) -> list[Span]:
    """From each lift of a handset until it was certainly hung up, or until the kiosk was deaf."""
    calls = []
    for start, hung_up in while_it_was([*facts.lifted], True, facts.over):
        end = hung_up + HUNG_UP_S
        if not any(first <= start < last for first, last in deaf):
            calls.append((start, min([end, *(first for first, _ in deaf if start <= first < end)])))
    return calls


def _moments(
    facts: Facts, recording: list[Span], sounding: list[Span], deaf: list[Span]
) -> Iterable[tuple[float, str]]:
    yield from ((at, "press") for at in facts.presses)
    yield from ((start, "deaf") for start, _ in deaf)
    yield from ((at, "sign") for span in sounding for at in span)
    for saying in facts.sayings:
        yield saying.at_s, "speech" if isinstance(saying.event, wire.SpeechStarted) else "sign"
    for phrase in facts.phrases:
        if meets(recording, (phrase.began, phrase.ended)):
            yield phrase.began, "speech"
            yield phrase.ended, "speech"


def _ends_it(facts: Facts, recording: list[Span], sounding: list[Span], at: float) -> bool:
    """Whether this press certainly ended a conversation: the recording light was on, and nobody spoke or thought."""
    light = next((span for span in recording if span[0] < at <= span[1] + 1e-6), None)
    if light is None or hearing(facts.sayings, light[0], at):
        return False
    if not facts.duplex:
        return True
    ends = [
        saying.event
        for saying in facts.sayings
        if light[0] <= saying.at_s <= at
        and isinstance(saying.event, wire.Committed | wire.ResponseCreated | wire.ResponseDone)
    ]
    at_rest = not ends or isinstance(ends[-1], wire.ResponseDone)
    return at_rest and not meets(sounding, (at - 1.0, at))


def hearing(sayings: list[Saying], start: float, end: float) -> bool:
    """Whether the kiosk knew at `end` that somebody was speaking."""
    heard = False
    for saying in sayings:
        if start <= saying.at_s <= end:
            if isinstance(saying.event, wire.SpeechStarted):
                heard = True
            elif isinstance(saying.event, wire.Committed):
                heard = False
    return heard
