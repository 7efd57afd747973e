"""What the gestures of a button mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.panel.bindings import TAKE_BACK, Act, Bindings, Meanings
from edged.panel.gestures import Gesture

PRESS, RELEASE, LONG, VERY_LONG, DOUBLE, REPEAT = (
    Gesture.PRESS,
    Gesture.RELEASE,
    Gesture.LONG_PRESS,
    Gesture.VERY_LONG_PRESS,
    Gesture.DOUBLE_PRESS,
    Gesture.REPEAT,
)


def meant(bindings, *gestures):
    meanings = Meanings(bindings)
    return [each for gesture in gestures for each in meanings.of(gesture)]


def test_a_button_that_only_talks_passes_on_what_the_turn_knows():
    everything = (PRESS, LONG, VERY_LONG, RELEASE, DOUBLE)
    assert meant(Bindings(), *everything) == [PRESS, LONG, RELEASE]


def test_a_button_that_does_something_else_never_speaks():
    mutes = Bindings(talks=False, press="mute")
    assert meant(mutes, PRESS, Gesture.MEANT, LONG, VERY_LONG, RELEASE, DOUBLE) == [Act("mute")]


def test_a_held_volume_button_repeats():
    louder = Bindings(talks=False, press="volume_up")
    assert meant(louder, PRESS, Gesture.MEANT, REPEAT, REPEAT, RELEASE) == [Act("volume_up")] * 3


def test_a_disturbance_takes_the_press_back():
    assert meant(Bindings(), PRESS, Gesture.DISTURBANCE, RELEASE) == [PRESS, TAKE_BACK, RELEASE]
    assert meant(Bindings(talks=False, press="mute"), PRESS, Gesture.DISTURBANCE, RELEASE) == []


def test_a_button_that_waits_speaks_once_its_press_is_meant():
    hook = Bindings(waits=True)
    assert meant(hook, PRESS, Gesture.MEANT, LONG, RELEASE) == [PRESS, LONG, RELEASE]
    assert meant(hook, PRESS, RELEASE, PRESS, Gesture.DISTURBANCE, RELEASE) == []
    assert meant(hook, PRESS, Gesture.MEANT, RELEASE, PRESS, RELEASE) == [PRESS, RELEASE]


def test_an_action_that_needs_a_long_press_needs_one():
    ends = Bindings(talks=False, long_press="shutdown")
    assert meant(ends, PRESS, RELEASE, PRESS, RELEASE, DOUBLE) == []
    assert meant(ends, PRESS, LONG, VERY_LONG, RELEASE) == [Act("shutdown")]


def test_an_action_of_a_long_press_takes_the_press_back():
    assert meant(Bindings(long_press="mute"), PRESS, LONG, RELEASE) == [
        PRESS,
        TAKE_BACK,
        Act("mute"),
        RELEASE,
    ]


def test_of_two_lengths_only_the_one_that_was_meant_runs():
    both = Bindings(long_press="mute", very_long_press="shutdown")
    assert meant(both, PRESS, LONG, RELEASE) == [PRESS, TAKE_BACK, RELEASE, Act("mute")]
    assert meant(both, PRESS, LONG, VERY_LONG, RELEASE) == [PRESS, TAKE_BACK, Act("shutdown"), RELEASE]


def test_an_action_of_a_very_long_press_alone_takes_the_press_back_early_enough():
    """Otherwise the kiosk would record until then."""
    ends = Bindings(very_long_press="shutdown")
    assert meant(ends, PRESS, LONG, VERY_LONG, RELEASE) == [PRESS, TAKE_BACK, Act("shutdown"), RELEASE]
    assert meant(ends, PRESS, LONG, RELEASE) == [PRESS, TAKE_BACK, RELEASE]


def test_a_double_press_runs_its_action_beside_the_two_presses():
    repeats = Bindings(double_press="repeat_answer")
    assert meant(repeats, PRESS, RELEASE, PRESS, RELEASE, DOUBLE) == [PRESS, RELEASE] * 2 + [
        Act("repeat_answer")
    ]


@pytest.mark.parametrize(
    ("before", "means"),
    [
        (Bindings(), [LONG, RELEASE]),
        (Bindings(long_press="stop", very_long_press="mute"), [TAKE_BACK, RELEASE, Act("stop")]),
    ],
)
def test_other_bindings_count_from_the_next_press_on(before, means):
    meanings, held = Meanings(before), (LONG, RELEASE)
    list(meanings.of(PRESS))
    meanings.bind(Bindings(long_press="shutdown"))
    assert [each for gesture in held for each in meanings.of(gesture)] == means
    assert [each for gesture in (PRESS, *held) for each in meanings.of(gesture)] == [
        PRESS,
        TAKE_BACK,
        Act("shutdown"),
        RELEASE,
    ]


ACTION = st.sampled_from(["", "mute", "shutdown"])


@given(
    bindings=st.builds(
        Bindings,
        talks=st.just(True),
        press=st.just(""),
        long_press=ACTION,
        very_long_press=ACTION,
        double_press=ACTION,
    ),
    gestures=st.lists(st.sampled_from(list(Gesture)), max_size=30),
)
def test_whatever_is_bound_press_and_release_are_passed_on_in_place(bindings, gestures):
    meanings = Meanings(bindings)
    for gesture in gestures:
        found = list(meanings.of(gesture))
        if gesture in (PRESS, RELEASE):
            assert found[0] is gesture
            assert found.count(gesture) == 1
        else:
            assert PRESS not in found
            assert RELEASE not in found


@pytest.mark.parametrize("gesture", list(Gesture))
def test_without_bindings_nothing_acts(gesture):
    assert not any(isinstance(each, Act) for each in meant(Bindings(), gesture))
