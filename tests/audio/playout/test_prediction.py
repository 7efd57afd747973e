"""Each response is weighed under every rule, and the best rule starts the next one."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.audio.playout.arrivals import Arrivals, Replay
from edged.audio.playout.prediction import COLD, RULES, Prediction
from tests.audio.playout.test_arrivals import least_delay_ms


def came(deltas, done=None):
    arrivals = Arrivals()
    for at_ms, length_ms in deltas:
        arrivals.add(at_ms, length_ms)
    arrivals.end(deltas[-1][0] if done is None else done)
    return arrivals


def every(gap_ms, length_ms=100, count=40, late=()):
    late = dict(late)
    at, deltas = 0, []
    for n in range(count):
        deltas.append((at + late.get(n, 0), length_ms))
        at += gap_ms
    return came(deltas)


def learnt(*responses):
    prediction = Prediction()
    for arrivals in responses:
        prediction.learn(arrivals)
    return prediction


def start(prediction, arrivals):
    return min(prediction.rule.delay_ms, arrivals.queued_at(prediction.rule.queued_ms))


EVEN = every(100)
FRAMES = every(100, late={7: 75, 20: 60})  # as models that send in real time do
AHEAD = every(30)


def test_before_anything_is_known_it_waits_a_little_unless_much_is_there():
    assert Prediction().rule == COLD == (60, 320)


def test_an_even_line_is_not_waited_for():
    assert start(learnt(*[EVEN] * 20), EVEN) <= 10


def test_what_is_late_again_and_again_is_waited_for():
    prediction = learnt(*[FRAMES] * 20)
    assert Replay(FRAMES, stretched=False).outcome(start(prediction, FRAMES)).gaps == 0
    assert start(prediction, FRAMES) <= least_delay_ms(FRAMES) + 10


def test_a_service_that_runs_ahead_is_started_at_once():
    late = every(30, late={0: 0, 1: 40})
    assert start(learnt(*[AHEAD, late] * 10), AHEAD) <= 10


def test_one_stall_among_many_responses_does_not_lengthen_every_start():
    stall = every(100, late={20: 900})
    assert start(learnt(*[EVEN] * 10, stall, *[EVEN] * 9), EVEN) <= 20


def test_old_experience_fades():
    prediction = learnt(*[FRAMES] * 100, *[EVEN] * 60)
    assert start(prediction, EVEN) <= 10


@pytest.mark.parametrize(
    ("gap_ms", "slow"), [(95, False), (100, False), (100.5, False), (102, True), (111, True)]
)
def test_a_server_slower_than_real_time_is_known_by_its_rate(gap_ms, slow):
    prediction = learnt(*[every(gap_ms)] * 3)
    assert prediction.slow is slow
    assert prediction.rate == pytest.approx(100 / gap_ms, rel=0.01)


def test_the_line_does_not_make_a_server_slow():
    assert not learnt(*[every(100, late={30: 300, 38: 200})] * 5).slow


def test_short_answers_tell_no_rate():
    assert learnt(*[every(120, count=8)] * 20).rate == 1.0


def test_what_was_learnt_outlives_the_process():
    prediction, later = learnt(*[FRAMES] * 9, *[every(112)] * 9), Prediction()
    assert later.recall(json.loads(json.dumps(prediction.facts())))
    assert (later.rule, later.slow) == (prediction.rule, prediction.slow)
    for each in (prediction, later):
        each.learn(AHEAD)
    assert later.rule == prediction.rule


@pytest.mark.parametrize(
    "change",
    [
        {"rules": 3},
        {"costs_ms": None},
        {"costs_ms": [1.0] * 3},
        {"costs_ms": ["1"] * len(RULES)},
        {"costs_ms": [float("nan")] * len(RULES)},
        {"costs_ms": [-1.0] * len(RULES)},
        {"sound_ms": None},
        {"time_ms": True},
        {"time_ms": float("inf")},
    ],
)
def test_facts_that_are_none_are_left_alone(change):
    prediction = learnt(*[FRAMES] * 9)
    before = prediction.facts()
    assert not prediction.recall(before | change)
    assert prediction.facts() == before


def test_nothing_was_learnt_from_nothing():
    assert not Prediction().recall({})


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 3000), st.floats(0.05, 500)), min_size=1, max_size=40), st.floats(0, 9000)
)
def test_anything_may_come(gaps, done_after):
    at, deltas = 0.0, []
    for gap, length in gaps:
        at += gap
        deltas.append((at, length))
    arrivals = came([(when - deltas[0][0], length) for when, length in deltas], at + done_after)
    prediction = learnt(arrivals, arrivals)
    assert prediction.rule in RULES
    outcome = Replay(arrivals, stretched=prediction.slow).outcome(least_delay_ms(arrivals))
    assert outcome.gaps == 0
