"""When a ping is sent, and when a missing pong counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.dial.keepalive import PING_EVERY_S, PONG_UNSEEN_S, PONG_WITHIN_S, Keepalive, KeepaliveStep
from edged.dial.ports import Flow

NOTHING = Flow(0, 0)


def followed(pulse, until_s, flow=lambda now: NOTHING, heard=()):
    """What the keepalive returned, and when; it is looked at when it asks for that. `heard`: when bytes come."""
    said, came = [], sorted(heard)
    while True:
        now = pulse.look_at
        if came and came[0] <= now:
            pulse.heard(came.pop(0))
            continue
        if now > until_s:
            return said
        beat = pulse.look(now, flow(now))
        if beat is not KeepaliveStep.FINE:
            said.append((now, beat))
        if beat is KeepaliveStep.DEAD:
            return said


def test_a_silent_line_is_asked_and_given_up():
    dead_at = pytest.approx(PING_EVERY_S + PONG_WITHIN_S)
    assert followed(Keepalive(0.0), 60) == [(PING_EVERY_S, KeepaliveStep.PING), (dead_at, KeepaliveStep.DEAD)]


def test_a_line_that_answers_is_asked_again_and_lives():
    said = followed(Keepalive(0.0), 29, heard=[5.1, 10.2, 15.3, 20.4, 25.5])
    assert [beat for _, beat in said] == [KeepaliveStep.PING] * 5


def test_whatever_comes_is_life():
    assert followed(Keepalive(0.0), 60, heard=[at / 2 for at in range(120)]) == []


def test_a_ping_behind_sound_is_waited_for_from_when_it_was_delivered():
    """240 kB at 6 kB/s: 40 s until the ping arrives."""
    said = followed(Keepalive(0.0), 60, flow=lambda now: Flow(240_000, max(0, 240_000 - int(now * 6000))))
    assert [beat for _, beat in said] == [KeepaliveStep.PING, KeepaliveStep.DEAD]
    assert 40 + PONG_WITHIN_S <= said[1][0] <= 40 + PONG_WITHIN_S + 0.6


def test_a_ping_behind_sound_that_does_not_move_is_not_waited_for():
    said = followed(Keepalive(0.0), 60, flow=lambda now: Flow(240_000, 200_000))
    assert said[1] == (pytest.approx(PING_EVERY_S + PONG_WITHIN_S), KeepaliveStep.DEAD)


def test_who_takes_all_and_says_nothing_is_given_up_while_somebody_talks():
    """The kernel acknowledges for a program that hangs: the ping was delivered, whatever is sent after it."""
    said = followed(Keepalive(0.0), 60, flow=lambda now: Flow(int(now * 64_000), 6400))
    assert said[1][0] <= PING_EVERY_S + PONG_WITHIN_S + 1.1


def test_where_nobody_knows_what_was_acknowledged_more_patience_is_due():
    said = followed(Keepalive(0.0), 60, flow=lambda now: None)
    assert said[1] == (pytest.approx(PING_EVERY_S + PONG_UNSEEN_S), KeepaliveStep.DEAD)


def test_a_ping_that_could_not_be_sent_is_sent_later():
    pulse = Keepalive(0.0)
    assert pulse.look(5.0, NOTHING) is KeepaliveStep.PING
    pulse.put_off(5.0)
    assert followed(pulse, 60)[0] == (pytest.approx(5.5), KeepaliveStep.PING)


@given(
    st.floats(0, 1e6),
    st.lists(st.tuples(st.floats(0, 4), st.integers(0, 3))),
    st.sampled_from([None, Flow(0, 0), Flow(9000, 5000)]),
)
def test_it_never_asks_to_look_at_once_again(start, steps, flow):
    """This holds for any fractions of the clock: else the look would never end."""
    pulse = Keepalive(start)
    for late_s, what in steps:
        now = pulse.look_at + (late_s if what == 1 else 0)
        if what == 2:
            pulse.heard(now)
        elif (beat := pulse.look(now, flow)) is KeepaliveStep.DEAD:
            return
        elif what == 3 and beat is KeepaliveStep.PING:
            pulse.put_off(now)
        assert pulse.look_at > now


def test_the_time_is_up_when_it_was_said_to_be_whatever_its_fractions():
    for number in range(2000):
        pulse = Keepalive(number * 0.7310585786)
        assert pulse.look(pulse.look_at, NOTHING) is KeepaliveStep.PING
        assert pulse.look(pulse.look_at, NOTHING) is KeepaliveStep.DEAD
