"""Mends taken out again, one at a time: a model that does not notice that is blind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

from edged.appliance import Appliance
from edged.turn import TABLES, Event, Facts, State, Step, driver, facts

_LOST_IN_BETWEEN = State.BRIDGING, Event.UTTERANCE_LOST


@contextmanager
def _facts_as(change: Callable[[Facts], Facts], **more: object) -> Iterator[None]:
    """The appliance's facts changed, and the causes that end an invitation replaced."""
    whole = Appliance.facts
    with (
        mock.patch.object(Appliance, "facts", lambda self, **known: change(whole(self, **known))),
        mock.patch.object(facts, "_WITHDRAWS", more.get("withdraws", facts._WITHDRAWS)),
    ):
        yield


@contextmanager
def _untold_in_between() -> Iterator[None]:
    with contextmanager_of_tables(Step(State.BRIDGING)):
        yield


@contextmanager
def contextmanager_of_tables(step: Step) -> Iterator[None]:
    """Every mode's row for an utterance that is lost between the parts of an answer."""
    rows = {mode: table[_LOST_IN_BETWEEN] for mode, table in TABLES.items()}
    try:
        for table in TABLES.values():
            table[_LOST_IN_BETWEEN] = step
        yield
    finally:
        for mode, row in rows.items():
            TABLES[mode][_LOST_IN_BETWEEN] = row


FAULTS = {
    "an answer that nobody asked for opens the gate": (
        "conversation",
        lambda: _facts_as(lambda known: replace(known, invited=True)),
    ),
    "a mute while an answer sounds is ignored": (
        "conversation",
        lambda: _facts_as(
            lambda known: replace(known, muted=False), withdraws={Event.DEVICE_LOST: "microphone_lost"}
        ),
    ),
    "a microphone that goes while an answer sounds is ignored": (
        "conversation",
        lambda: _facts_as(lambda known: replace(known, microphone=True), withdraws={Event.MUTED: "muted"}),
    ),
    "a mute that is taken back does not end the conversation": (
        "conversation",
        lambda: _facts_as(lambda known: known, withdraws={}),
    ),
    "a log without room is ignored": (
        "conversation",
        lambda: _facts_as(lambda known: replace(known, room=True)),
    ),
    "an utterance that is lost between the parts of an answer is not told": ("hold", _untold_in_between),
    "anybody releases anybody's press": (
        "hold",
        lambda: mock.patch.object(driver, "_OF_THE_HOLDER", frozenset()),
    ),
}
