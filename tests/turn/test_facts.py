"""What forbids an open gate, and whether anybody has asked for one."""

import itertools

import pytest

from edged.turn import OPEN, Event, Facts, State
from edged.turn.facts import Invitation


def invited():
    """An invitation by a press that has opened the gate."""
    invitation = Invitation()
    invitation.after(Event.PRESS, State.IDLE, State.AWAITING_SPEECH)
    assert invitation.stands
    return invitation


def withdrawn(event=Event.MUTED):
    """The same, while an answer sounds."""
    invitation = invited()
    invitation.after(event, State.SPEAKING, State.SPEAKING)
    assert not invitation.stands
    return invitation


def test_the_gate_is_free_only_where_every_fact_is_for_it():
    for facts in itertools.product([False, True], repeat=4):
        assert Facts(*facts, None).forbid == (facts != (False, True, True, True))


@pytest.mark.parametrize("room", [False, True])
def test_the_cause_of_a_refusal_is_the_mute_then_the_microphone_then_the_room(room):
    assert Facts(True, False, room, True, None).refusal == "muted"
    assert Facts(False, False, room, True, None).refusal == "microphone_lost"
    assert Facts(False, True, room, True, None).refusal == "busy"


def test_a_kiosk_that_is_closed_says_that_first_and_forbids_no_open_gate():
    closed = Facts(muted=True, microphone=False, room=False, invited=True, closed="outside_hours")
    assert closed.refusal == "outside_hours"
    assert not Facts(muted=False, microphone=True, room=True, invited=True, closed="outside_hours").forbid


def test_a_pace_too_fast_comes_last_and_forbids_nothing_by_itself():
    fast = Facts(muted=False, microphone=True, room=True, invited=True, too_fast=True)
    assert fast.refusal == "pressed_too_fast"
    assert not fast.forbid


def test_where_nobody_is_waited_for_it_is_what_ended_the_invitation():
    for facts in itertools.product([False, True], repeat=3):
        assert Facts(*facts, False, None).refusal is None
        assert Facts(*facts, False, "microphone_lost").refusal == "microphone_lost"


def test_nobody_is_invited_at_first_and_whoever_presses_invites_himself():
    invitation = Invitation()
    assert (invitation.stands, invitation.withdrawn) == (False, None)
    assert [event for event in Event if invitation.before(event)] == [Event.PRESS]
    assert all(invited().before(event) for event in Event)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_a_press_that_opens_the_gate_is_an_invitation(state):
    for invitation in (Invitation(), withdrawn()):
        invitation.after(Event.PRESS, State.IDLE, state)
        assert (invitation.stands, invitation.withdrawn) == (True, None)


@pytest.mark.parametrize("state", sorted(set(State) - OPEN))
def test_one_that_does_not_is_none(state):
    invitation = Invitation()
    invitation.after(Event.PRESS, State.LATCHED, state)
    assert not invitation.stands


@pytest.mark.parametrize("state", sorted(OPEN))
def test_nor_is_anything_else_that_opens_it(state):
    for event in set(Event) - {Event.PRESS}:
        invitation = Invitation()
        invitation.after(event, State.DRAINING, state)
        assert not invitation.stands


@pytest.mark.parametrize("state", sorted(State))
def test_it_stands_until_the_turn_comes_to_rest_or_something_goes_wrong_or_the_daemon_ends(state):
    ends = state in (State.IDLE, State.OFF_HOOK, State.NOTICE, State.STOPPED)
    for event in set(Event) - {Event.PRESS, Event.MUTED, Event.DEVICE_LOST}:
        invitation = invited()
        invitation.after(event, State.SPEAKING, state)
        assert invitation.stands == (not ends)
        invitation = withdrawn()
        invitation.after(event, State.SPEAKING, state)
        assert (invitation.withdrawn is None) == ends


@pytest.mark.parametrize(("event", "cause"), [(Event.MUTED, "muted"), (Event.DEVICE_LOST, "microphone_lost")])
def test_a_mute_or_a_lost_microphone_ends_it_and_while_the_gate_is_shut_it_is_told_later(event, cause):
    for was in (State.SPEAKING, State.THINKING, State.COMMITTING):
        invitation = invited()
        invitation.after(event, was, was)
        assert (invitation.stands, invitation.withdrawn) == (False, cause)
    for was in OPEN:
        invitation = invited()
        invitation.after(event, was, State.COMMITTING)  # the step reports it at once
        assert (invitation.stands, invitation.withdrawn) == (False, None)


def test_what_ended_it_first_is_told():
    invitation = withdrawn(Event.DEVICE_LOST)
    invitation.after(Event.MUTED, State.SPEAKING, State.SPEAKING)
    assert invitation.withdrawn == "microphone_lost"


def test_where_nobody_was_invited_nothing_is_withdrawn():
    invitation = Invitation()
    invitation.after(Event.MUTED, State.SPEAKING, State.SPEAKING)
    assert invitation.withdrawn is None
