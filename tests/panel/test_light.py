import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.causes import CAUSES, Light
from edged.panel.light import PATTERNS, level_at, look, next_change_ms

CALM = {"turn": Light.READY, "link": None, "health": None, "muted": False}


def test_every_light_has_its_pattern_and_no_two_are_alike():
    assert PATTERNS.keys() == set(Light)
    assert len(set(PATTERNS.values())) == len(Light)


def test_only_recording_is_steadily_on():
    steady = {light for light, pattern in PATTERNS.items() if all(level == 1 for level, _ in pattern)}
    assert steady == {Light.RECORDING}


def test_what_a_person_has_to_mend_counts_flashes():
    def flashes(light):
        return sum(level > 0 for level, _ in PATTERNS[light])

    assert (flashes(Light.FAULT), flashes(Light.ATTENTION)) == (2, 3)


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, Light.READY),
        ({"link": Light.OFFLINE}, Light.OFFLINE),
        ({"link": Light.ATTENTION}, Light.ATTENTION),
        ({"turn": Light.HOLDING, "link": Light.OFFLINE}, Light.HOLDING),
        ({"turn": Light.SPEAKING, "link": Light.OFFLINE}, Light.SPEAKING),
        ({"muted": True, "link": Light.OFFLINE}, Light.MUTED),
        ({"muted": True, "turn": Light.SPEAKING}, Light.MUTED),
        ({"health": Light.FAULT, "muted": True}, Light.FAULT),
        ({"health": Light.FAULT, "turn": Light.SPEAKING}, Light.FAULT),
        (
            {"turn": Light.RECORDING, "health": Light.FAULT, "muted": True, "link": Light.OFFLINE},
            Light.RECORDING,
        ),
        ({"turn": Light.RECORDING, "stopping": True}, Light.STOPPING),
    ],
)
def test_the_order_of_what_is_shown(facts, shown):
    assert look(**{**CALM, **facts}) is shown


def test_recording_is_never_hidden():
    lights = [None, *Light]
    for link, health, muted in itertools.product(lights, lights, [False, True]):
        assert look(turn=Light.RECORDING, link=link, health=health, muted=muted) is Light.RECORDING


def test_every_light_a_cause_names_can_be_drawn():
    assert {cause.light for cause in CAUSES.values()} - {None} <= PATTERNS.keys()


@given(light=st.sampled_from(Light), t_ms=st.integers(0, 100_000))
def test_a_pattern_repeats_and_changes_when_it_says(light, t_ms):
    pattern = PATTERNS[light]
    whole = sum(ms for _, ms in pattern)
    assert level_at(pattern, t_ms) == level_at(pattern, t_ms + whole)
    change = next_change_ms(pattern, t_ms)
    if change is None:
        assert len(pattern) == 1
    else:
        assert 0 < change <= whole
        assert level_at(pattern, t_ms) == level_at(pattern, t_ms + change - 1)
        assert level_at(pattern, t_ms) != level_at(pattern, t_ms + change)
