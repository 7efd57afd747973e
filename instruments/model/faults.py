"""Fixes, each of them taken out again: a model that does not notice this is blind."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from unittest import mock

from edged.gate_facts import GateFacts
from edged.turn import TABLES, Event, Facts, Mode, State, Step, driver, facts

MUTED, GONE = {Event.MUTED: "muted"}, {Event.DEVICE_LOST: "microphone_lost"}
BETWEEN = State.BRIDGING, Event.UTTERANCE_LOST


@contextmanager
def facts_as(withdraws: dict[Event, str] = facts._WITHDRAWS, **changed: bool) -> Iterator[None]:
    """Some facts always have these values; only `withdraws` ends an invitation."""
    whole = GateFacts.__call__

    def known(facts: GateFacts, **more: object) -> Facts:
        return replace(whole(facts, **more), **changed)

    with mock.patch.object(GateFacts, "__call__", known), mock.patch.object(facts, "_WITHDRAWS", withdraws):
        yield


@contextmanager
def untold_between() -> Iterator[None]:
    """An utterance that is lost between the parts of an answer leads to no notice."""
    rows = {mode: table[BETWEEN] for mode, table in TABLES.items()}
    try:
        for table in TABLES.values():
            table[BETWEEN] = Step(State.BRIDGING)
        yield
    finally:
        for mode, row in rows.items():
            TABLES[mode][BETWEEN] = row


@contextmanager
def stays_open() -> Iterator[None]:
    """Hanging up does not end a conversation in which nobody speaks."""
    pair, table = (State.AWAITING_SPEECH, Event.RELEASE), TABLES[Mode.HANDSET]
    row = table[pair]
    try:
        table[pair] = Step(State.AWAITING_SPEECH)
        yield
    finally:
        table[pair] = row


def nobody_holds() -> AbstractContextManager[object]:
    """Any program can release any press."""
    return mock.patch.object(driver, "_OF_THE_HOLDER", frozenset())


FAULTS: dict[str, tuple[str, Callable[[], AbstractContextManager[object]]]] = {
    "an answer that nobody asked for opens the gate": ("conversation", lambda: facts_as(invited=True)),
    "a mute is ignored": ("conversation", lambda: facts_as(GONE, muted=False)),
    "a mute that is taken back is forgotten": ("conversation", lambda: facts_as(GONE)),
    "a microphone that goes is ignored": ("conversation", lambda: facts_as(MUTED, microphone=True)),
    "a log without room is ignored": ("conversation", lambda: facts_as(room=True)),
    "an utterance lost between the parts of an answer is not reported": ("conversation", untold_between),
    "any program releases any press": ("hold", nobody_holds),
    "hanging up does not shut the gate": ("handset", stays_open),
}
