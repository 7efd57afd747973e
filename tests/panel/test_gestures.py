"""What a finger does to a button."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.panel.contact import LevelChange
from edged.panel.gestures import (
    BETWEEN_MS,
    MOST_REPEATS,
    REPEAT_AFTER_MS,
    REPEAT_MS,
    Gesture,
    GestureTimes,
    Grammar,
)

PRESS, RELEASE, LONG, VERY_LONG = (
    Gesture.PRESS,
    Gesture.RELEASE,
    Gesture.LONG_PRESS,
    Gesture.VERY_LONG_PRESS,
)
DOUBLE, REPEAT = Gesture.DOUBLE_PRESS, Gesture.REPEAT
TIMES = GestureTimes(tap_ms=300, long_press_ms=1500, very_long_press_ms=5000)


def played(holds, *, pause_ms=200, times=TIMES, repeats=False, until_ms=30_000):
    """The gestures [(ms, gesture)] of presses with these lengths, or of (pause before, length)."""
    grammar, now, out = Grammar(times, repeats=repeats), 0, []
    todo = []
    for hold in holds:
        pause, length = hold if isinstance(hold, tuple) else (pause_ms, hold)
        todo += [
            LevelChange(active=True, at_ms=now + pause),
            LevelChange(active=False, at_ms=now + pause + length),
        ]
        now += pause + length
    while True:
        due = grammar.due()
        if todo and (due is None or todo[0].at_ms <= due):
            change = todo.pop(0)
            out += [(change.at_ms, gesture) for gesture in grammar.change(change)]
        elif due is not None and due <= until_ms:
            out += [(due, gesture) for gesture in grammar.tick(due)]
        else:
            return out


def names(holds, **more):
    return [gesture for _, gesture in played(holds, **more)]


def test_a_press_and_a_release_are_told_at_once():
    grammar = Grammar()
    assert grammar.change(LevelChange(active=True, at_ms=100)) == [PRESS]
    assert grammar.change(LevelChange(active=False, at_ms=900)) == [RELEASE]
    assert grammar.due() is None


def test_a_long_press_and_a_very_long_one_are_told_once_while_it_is_down():
    assert played([(100, 9000)]) == [
        (100, PRESS),
        (1600, LONG),
        (5100, VERY_LONG),
        (9100, RELEASE),
    ]


@pytest.mark.parametrize("held_ms", [1499, 1500, 4999, 5000])
def test_one_that_is_released_before_is_not_long(held_ms):
    expected = [
        PRESS,
        *([LONG] if held_ms >= 1500 else []),
        *([VERY_LONG] if held_ms >= 5000 else []),
        RELEASE,
    ]
    assert names([held_ms]) == expected


@pytest.mark.parametrize("at", [99, 100])
def test_a_tick_too_early_does_nothing(at):
    grammar = Grammar(GestureTimes(long_press_ms=100))
    grammar.change(LevelChange(active=True, at_ms=0))
    assert grammar.tick(at) == ([LONG] if at == 100 else [])


def test_two_taps_are_a_double_press_once_no_third_one_follows():
    assert played([(100, 90), (200, 90)]) == [
        (100, PRESS),
        (190, RELEASE),
        (390, PRESS),
        (480, RELEASE),
        (480 + BETWEEN_MS, DOUBLE),
    ]


@pytest.mark.parametrize(
    "holds",
    [
        [90],
        [90, 90, 90],
        [90, 90, 90, 90],
        [90] * 20,
        [300, 90],
        [90, 300],
        [90, 2000],
        [(100, 90), (BETWEEN_MS, 90)],
        [(100, 90), (200, 90), (BETWEEN_MS - 1, 90)],
    ],
)
def test_nothing_else_is_a_double_press(holds):
    assert DOUBLE not in names(holds)


def test_two_double_presses_with_a_pause_are_two():
    assert names([90, 90, (1000, 90), 90]).count(DOUBLE) == 2


def test_a_press_that_follows_a_double_press_begins_anew():
    assert names([90, 90, (BETWEEN_MS, 90)]).count(DOUBLE) == 1
    assert names([90, 90, (BETWEEN_MS, 90), 90]).count(DOUBLE) == 2


def test_a_button_that_repeats_does_so_while_it_is_down():
    times = [at for at, gesture in played([(100, 1500)], repeats=True) if gesture is REPEAT]
    first = 100 + REPEAT_AFTER_MS
    assert times == list(range(first, 1600, REPEAT_MS)) or times == list(range(first, 1601, REPEAT_MS))
    assert REPEAT not in names([1500])
    assert REPEAT not in names([REPEAT_AFTER_MS - 1], repeats=True)


def test_something_that_leans_on_a_button_does_not_repeat_it_for_ever():
    assert names([600_000, 600_000], repeats=True, until_ms=10**9).count(REPEAT) == 2 * MOST_REPEATS


def test_repeats_that_nobody_fetched_do_not_come_all_at_once():
    grammar = Grammar(repeats=True)
    grammar.change(LevelChange(active=True, at_ms=0))
    assert grammar.tick(10_000).count(REPEAT) == 1


def test_a_change_that_is_told_late_comes_after_what_was_due_before_it():
    grammar = Grammar(TIMES)
    grammar.change(LevelChange(active=True, at_ms=0))
    assert grammar.change(LevelChange(active=False, at_ms=2000)) == [LONG, RELEASE]


def test_other_times_count_from_the_next_press_on():
    grammar = Grammar(TIMES)
    grammar.change(LevelChange(active=True, at_ms=0))
    grammar.times = GestureTimes(long_press_ms=100)
    assert grammar.due() == 1500
    grammar.change(LevelChange(active=False, at_ms=50))
    grammar.change(LevelChange(active=True, at_ms=5000))
    assert grammar.due() == 5100


HOLDS = st.lists(st.tuples(st.integers(1, 2000), st.integers(1, 8000)), max_size=12)


@given(holds=HOLDS, repeats=st.booleans())
def test_press_and_release_come_at_the_changes_themselves_whatever_else_is_told(holds, repeats):
    now, expected = 0, []
    for pause, length in holds:
        expected += [(now + pause, PRESS), (now + pause + length, RELEASE)]
        now += pause + length
    found = played(holds, repeats=repeats, until_ms=10**9)
    assert [each for each in found if each[1] in (PRESS, RELEASE)] == expected


@given(holds=HOLDS, repeats=st.booleans())
def test_what_is_told_beside_them_belongs_to_a_press_that_was_as_long(holds, repeats):
    down, seen = None, set()
    for at, gesture in played(holds, repeats=repeats, until_ms=10**9):
        if gesture is PRESS:
            down, seen = at, set()
        elif gesture is RELEASE:
            assert (LONG in seen) == (at - down >= TIMES.long_press_ms)
            assert (VERY_LONG in seen) == (at - down >= TIMES.very_long_press_ms)
            down = None
        elif gesture is DOUBLE:
            assert down is None
        else:
            assert down is not None
            assert gesture is REPEAT or gesture not in seen
            seen.add(gesture)


@given(holds=HOLDS)
def test_double_presses_are_the_groups_of_exactly_two_taps(holds):
    """A group: taps with short pauses between them, and no other press beside them."""
    groups, group = [], []
    for pause, length in holds:
        if pause >= BETWEEN_MS:
            groups.append(group)
            group = []
        group.append(length < TIMES.tap_ms)
    groups.append(group)
    expected = 0
    for group in groups:
        runs = [(is_tap, len(list(run))) for is_tap, run in groupby(group)]
        last = len(runs) - 1
        # Two taps count if they end the group: a press that follows soon is a third one.
        expected += sum(is_tap and n == 2 and at == last for at, (is_tap, n) in enumerate(runs))
    assert names(holds, until_ms=10**9).count(DOUBLE) == expected


@pytest.mark.parametrize("found_at", [30, 40, 170, 390, None])
def test_a_press_that_has_to_last_is_meant_once_the_contact_is_found_active(found_at):
    grammar = Grammar(TIMES, meant_after_ms=405)
    grammar.has_to_last = True
    grammar.change(LevelChange(active=True, at_ms=1000))
    meant = []
    for now_ms in range(1000, 1400):
        grammar.looked(now_ms - 1000 < 30 or now_ms - 1000 == found_at, now_ms)
        meant += [now_ms - 1000] * (Gesture.MEANT in grammar.tick(now_ms))
    assert meant == ([] if found_at is None else [found_at])
    assert grammar.look_at is None or found_at is None
    assert Gesture.MEANT not in grammar.change(LevelChange(active=False, at_ms=1400), is_disturbance=True)
    assert grammar.look_at is None
