from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.panel.button import Gesture, Grammar

PRESS, RELEASE, LONG = Gesture.PRESS, Gesture.RELEASE, Gesture.LONG_PRESS


def played(edges, until_ms, grammar=None):
    """Return the gestures [(ms, gesture)] for edges [(ms, down)], with the timers run as a driver would."""
    grammar = grammar or Grammar(bounce_ms=25, long_press_ms=1500)
    out, todo = [], sorted(edges, key=lambda edge: edge[0])
    while True:
        due = grammar.due()
        if todo and (due is None or todo[0][0] <= due):
            at, down = todo.pop(0)
            out += [(at, gesture) for gesture in grammar.edge(down, at)]
        elif due is not None and due <= until_ms:
            out += [(due, gesture) for gesture in grammar.tick(due)]
        else:
            return out


def test_a_press_acts_at_its_first_edge_and_a_release_too():
    assert played([(100, True), (900, False)], 5000) == [(100, PRESS), (900, RELEASE)]


def test_bouncing_is_one_press():
    bounces = [(100 + n, n % 2 == 0) for n in range(24)]
    assert played([*bounces, (124, True), (900, False)], 5000) == [(100, PRESS), (900, RELEASE)]


def test_the_level_that_is_left_when_the_bouncing_is_over_decides():
    assert played([(100, True), (110, False)], 5000) == [(100, PRESS), (125, RELEASE)]


def test_an_edge_at_the_end_of_the_bouncing_counts():
    assert played([(100, True), (125, False)], 5000) == [(100, PRESS), (125, RELEASE)]
    assert played([(100, True), (124, False), (124, True)], 200) == [(100, PRESS)]


def test_the_release_bounces_too():
    assert played([(100, True), (900, False), (905, True), (910, False)], 5000) == [
        (100, PRESS),
        (900, RELEASE),
    ]


def test_a_long_press_is_told_once_while_it_is_down():
    assert played([(100, True), (4000, False)], 9000) == [(100, PRESS), (1600, LONG), (4000, RELEASE)]
    assert played([(100, True), (1599, False)], 9000) == [(100, PRESS), (1599, RELEASE)]


def test_down_when_first_looked_at_says_nothing_until_it_was_let_go():
    grammar = Grammar()
    grammar.held_at_start()
    assert played([(5000, False)], 9000, grammar) == []
    assert played([(10_000, True), (10_500, False)], 20_000, grammar) == [(10_000, PRESS), (10_500, RELEASE)]


def test_the_bouncing_of_that_first_release_is_no_press():
    grammar = Grammar()
    grammar.held_at_start()
    assert played([(5000, False), (5005, True), (5010, False)], 9000, grammar) == []


def test_edges_that_repeat_a_level_are_nothing():
    assert played([(100, True), (500, True), (900, False), (1400, False)], 5000) == [
        (100, PRESS),
        (900, RELEASE),
    ]


edges = st.lists(st.tuples(st.integers(0, 5000), st.booleans()), max_size=40)


@given(edges=edges, bounce_ms=st.integers(1, 60), long_ms=st.integers(50, 900))
def test_press_and_release_alternate_strictly_and_nothing_is_long_without_a_press(edges, bounce_ms, long_ms):
    out = played(edges, 20_000, Grammar(bounce_ms=bounce_ms, long_press_ms=long_ms))
    down = long_told = False
    for _, gesture in out:
        if gesture is PRESS:
            assert not down
            down, long_told = True, False
        elif gesture is RELEASE:
            assert down
            down = False
        else:
            assert down
            assert not long_told
            long_told = True
    in_time = sorted(edges, key=lambda edge: edge[0])
    final = in_time[-1][1] if edges else False
    assert down == final


@given(edges=edges)
def test_two_gestures_of_the_finger_are_never_closer_than_the_bounce(edges):
    times = [at for at, gesture in played(edges, 20_000) if gesture is not LONG]
    assert all(b - a >= 25 for a, b in pairwise(times))


@given(edges=edges)
def test_the_first_press_comes_with_the_first_edge_down(edges):
    presses = [at for at, gesture in played(edges, 20_000) if gesture is PRESS]
    downs = [at for at, down in sorted(edges, key=lambda edge: edge[0]) if down]
    assert (presses[:1] or None) == (downs[:1] or None)


@pytest.mark.parametrize("at", [99, 100])
def test_a_tick_too_early_does_nothing(at):
    grammar = Grammar(bounce_ms=25, long_press_ms=100)
    grammar.edge(True, 0)
    grammar.tick(25)
    assert grammar.tick(at) == ([LONG] if at == 100 else [])


@pytest.mark.parametrize("after_ms", [5, 500])
def test_one_that_goes_while_it_is_down_is_let_go_at_once_and_never_long(after_ms):
    grammar = Grammar(bounce_ms=25, long_press_ms=1500)
    assert grammar.edge(True, 0) == [Gesture.PRESS]
    assert grammar.gone(after_ms) == [Gesture.RELEASE]
    grammar.held_at_start()
    assert grammar.tick(after_ms + 25) == []
    assert grammar.due() is None
    assert grammar.edge(False, 2000) == []
    assert grammar.edge(True, 3000) == [Gesture.PRESS]
