"""The legs of a turn: how long each part of it took. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

CALLED = {
    "press": "press",
    "first_audio_sent": "first audio sent",
    "release": "release",
    "commit_sent": "commit sent",
    "committed": "acknowledged",
    "first_delta": "first delta",
    "first_sound": "first sound",
    "response_done": "answer complete",
    "drained": "drained",
}
"""The marks of a turn (timeline.py), in their usual order, and what each is called."""

_BRIEF = {
    "first_audio_sent": "sent",
    "release": "release",
    "commit_sent": "commit",
    "committed": "taken",
    "first_delta": "delta",
    "first_sound": "sound",
    "response_done": "done",
}
ANSWER = ("release", "first_sound")
"""What a visitor waits for."""
CUT = frozenset({"answer_cut", "answer_too_long"})
"""Causes for which a visitor does not hear the rest of an answer."""
HARMLESS = frozenset({"interrupted", "utterance_limit", "budget_near", "nothing_to_repeat", "off_hook"})
"""Causes that visitors meet although their turn may get its answer, or had it."""


class Leg(NamedTuple):
    """A mark, and how long it came after the mark before it, in milliseconds."""

    name: str
    ms: int


def in_order(marks: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The marks by their time. Marks of one moment keep their usual order."""
    known = [(name, marks[name]) for name in CALLED if name in marks]
    yield from sorted(known, key=lambda mark: mark[1])


def legs(marks: Mapping[str, int]) -> list[Leg]:
    """The legs from the press on, as far as the turn has come."""
    found, before = [], marks.get("press")
    for name, at_ms in in_order(marks):
        if before is not None and name in _BRIEF:
            found.append(Leg(_BRIEF[name], at_ms - before))
            before = at_ms
    return found


def span(marks: Mapping[str, int], since: str, until: str) -> int | None:
    """Milliseconds between two marks; None as long as one of them is missing."""
    if since not in marks or until not in marks:
        return None
    return marks[until] - marks[since]
