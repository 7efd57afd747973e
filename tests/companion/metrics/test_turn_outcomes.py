"""What becomes of turns, and how long their legs take."""

import pytest

from edged.companion.metrics.turn_outcomes import LEGS, MOST_OPEN
from edged.seen.legs import CALLED
from tests.companion.metrics.kiosks import cause, counted, mark, outcomes, snapshot, state, turn

REST = state("IDLE", "NOTICE", "CUE_DONE")
COURSES = {
    "heard to the end": ([*turn(1), REST], {"answered": 1}),
    "stopped by the next press": (
        [*turn(1, until="first_sound"), *turn(2), REST],
        {"interrupted": 1, "answered": 1},
    ),
    "stopped by a tap": ([*turn(1, until="first_sound"), REST], {"interrupted": 1}),
    "released at once": ([*turn(1, until="release"), cause("too_short"), REST], {"too_short": 1}),
    "silence": ([*turn(1, until="release"), cause("nothing_said"), REST], {"nothing_said": 1}),
    "no answer came": ([*turn(1, until="committed"), cause("answer_late"), REST], {"failed": 1}),
    "the rest did not come": (
        [
            *turn(1, until="first_sound"),
            state("TRUNCATED"),
            mark("drained", 1, 9000),
            cause("answer_cut"),
            REST,
        ],
        {"failed": 1},
    ),
    "it went on for too long": (
        [*turn(1, until="first_sound"), cause("answer_too_long"), REST],
        {"failed": 1},
    ),
    "pressed while muted": ([*turn(1, until="first_sound"), cause("muted"), REST], {"interrupted": 1}),
    "called off": ([*turn(1, until="committed"), REST], {"unanswered": 1}),
    "the press was taken back": ([mark("press", 1, 1000), REST], {"not_asked": 1}),
    "cut at the longest": (
        [mark("press", 1, 1), cause("utterance_limit"), *turn(1)[1:], REST],
        {"answered": 1},
    ),
    "two questions, one answer": (
        [
            *(*turn(1, until="committed"), *turn(2, until="committed")),
            *(mark(name, number, 9000) for name in ("first_sound", "drained") for number in (1, 2)),
            REST,
        ],
        {"answered": 2},
    ),
    "the kiosk ends": ([*turn(1, until="committed"), {"event": "gone", "text": ""}], {"lost": 1}),
    "asked before anybody looked": ([snapshot(turns=3), *turn(5), REST], {"unseen": 4, "answered": 1}),
    "a cause at rest": ([*turn(1), REST, cause("microphone_lost"), *turn(2), REST], {"answered": 2}),
}


@pytest.mark.parametrize("course", COURSES)
def test_each_turn_has_one_outcome(course):
    events, expected = COURSES[course]
    assert outcomes(counted(*events)) == expected


def test_the_legs_are_measured_once_however_their_marks_come():
    marks = turn(1, step_ms=250)
    counting = counted(*reversed(marks[1:4]), *marks, *marks)
    for name, (since, until) in LEGS.items():
        spread = counting.totals.spreads[name]
        legs = list(CALLED).index(until) - list(CALLED).index(since)
        assert (sum(spread.counts), spread.sum_s) == (1, legs * 0.25), name


def test_marks_of_another_order_are_no_leg():
    counting = counted(mark("press", 1, 1000), mark("release", 1, 900), mark("first_sound", 1, 800))
    assert sum(counting.totals.spreads["edged_first_audio_seconds"].counts) == 0


def test_turns_that_never_end_have_a_bound():
    presses = [mark("press", number, number) for number in range(1, 101)]
    assert outcomes(counted(*presses)) == {"not_asked": 100 - MOST_OPEN}
    assert outcomes(counted(snapshot(), *presses, snapshot(turns=100), REST)) == {"not_asked": 100}


NONSENSE = [None, True, -1, 1.5, 2**80, "1", [], {}]


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
def test_marks_that_make_no_sense_are_ignored(value):
    events = (mark("press", value, 1), mark("press", 1, value), mark(value, 1, 1), state(value), cause(value))
    assert not outcomes(counted(*events, REST, snapshot(turns=value)))
