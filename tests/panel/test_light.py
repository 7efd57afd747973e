import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.causes import CAUSES, Light
from edged.panel.light import BLINKS, COUNTDOWN, LOOKS, WHITE, Calm, gaps_from, look, shine

GRID_MS, WINDOW_MS, APART_MS = 10, 4000, 200
RHYTHMS = {**{light.value: each.pattern for light, each in LOOKS.items()}, "countdown": COUNTDOWN.pattern}
LASTING = {
    *(Light.READY, Light.RECORDING, Light.OFFLINE, Light.NEEDS_NETWORK, Light.CONNECTING, Light.HOLDING),
    *(Light.CLOSED, Light.MUTED, Light.OFF_HOOK, Light.BUDGET, Light.UPDATING, Light.STOPPING, *BLINKS),
}


def drawn(pattern):
    """One round, as a row of 0 and 1."""
    return np.concatenate([np.full(ms // GRID_MS, level >= 0.5, np.float32) for level, ms in pattern])


def whole_ms(pattern):
    return sum(ms for _, ms in pattern)


def windows(pattern):
    """Four seconds of the rhythm from each moment of a round."""
    one, size = drawn(pattern), WINDOW_MS // GRID_MS
    row = np.tile(one, size // len(one) + 2)
    return np.stack([row[at : at + size] for at in range(len(one))])


def apart_ms(one, other):
    """For how long these two differ, at the worst pair of moments."""
    a, b = windows(one), windows(other)
    both = a @ b.T
    return int((a.sum(1)[:, None] + b.sum(1)[None, :] - 2 * both).min()) * GRID_MS


def test_every_light_has_its_rhythm():
    assert LOOKS.keys() == set(Light)


def test_any_two_rhythms_differ_within_four_seconds_whenever_each_began():
    """All steps lie on the grid. Between its moments the difference changes linearly, so these are all moments."""
    for pattern in RHYTHMS.values():
        assert all(ms % GRID_MS == 0 for _, ms in pattern)
    for one, other in itertools.combinations(RHYTHMS, 2):
        assert apart_ms(RHYTHMS[one], RHYTHMS[other]) >= APART_MS, (one, other)


def test_no_rhythm_is_a_flicker():
    for name, pattern in RHYTHMS.items():
        assert min(ms for _, ms in pattern) >= 100, name
        row = np.tile(drawn(pattern), 40)
        flashes = np.flatnonzero(row[1:] > row[:-1]) * GRID_MS
        if len(flashes) > 3:
            assert (flashes[3:] - flashes[:-3]).min() > 1000, name


def test_no_rhythm_has_to_wait_for_itself():
    """A step that waits would change the rhythm."""
    for light, each in LOOKS.items():
        calm, t_ms = Calm(), 0
        while t_ms < 20_000:
            wanted = shine(light, t_ms)
            assert calm.shown(light, wanted, t_ms) == wanted, (light, t_ms)
            t_ms += wanted.change_ms or 20_000
        assert each.pattern[0][0] == 1 or light is Light.STOPPING  # it begins lit


def test_what_may_last_changes_less_than_twice_a_second():
    for light in LASTING:
        pattern = LOOKS[light].pattern
        assert len(pattern) == 1 or len(pattern) * 1000 / whole_ms(pattern) < 2, light
        assert not LOOKS[light].fades


def test_only_recording_is_steadily_on_and_only_stopping_dark():
    assert {light for light, each in LOOKS.items() if all(level for level, _ in each.pattern)} == {
        Light.RECORDING
    }
    assert {light for light, each in LOOKS.items() if not any(level for level, _ in each.pattern)} == {
        Light.STOPPING
    }


def test_what_a_person_has_to_repair_is_counted_in_blinks():
    def blinks(light):
        return sum(level for level, _ in LOOKS[light].pattern)

    assert {light: blinks(light) for light in Light if light.value.startswith("error_")} == BLINKS
    assert sorted(BLINKS.values()) == [2, 3, 4, 5, 6]
    for light in BLINKS:
        *steps, (_, pause_ms) = LOOKS[light].pattern
        assert pause_ms > 3 * max(ms for _, ms in steps)


@pytest.mark.parametrize(
    ("true", "shown"),
    [
        ({}, Light.READY),
        ({Light.OFFLINE}, Light.OFFLINE),
        ({Light.ERROR_SERVICE}, Light.ERROR_SERVICE),
        ({Light.HOLDING, Light.OFFLINE}, Light.HOLDING),
        ({Light.SPEAKING, Light.NEEDS_NETWORK}, Light.SPEAKING),
        ({Light.MUTED, Light.OFFLINE}, Light.MUTED),
        ({Light.MUTED, Light.SPEAKING}, Light.MUTED),
        ({Light.ERROR_SOUND, Light.MUTED}, Light.ERROR_SOUND),
        ({Light.ERROR_SOUND, Light.ERROR_PART, Light.SPEAKING}, Light.ERROR_SOUND),
        ({Light.BUSY, Light.THINKING}, Light.BUSY),
        ({Light.STARTING, Light.CONNECTING}, Light.STARTING),
        ({Light.RECORDING, Light.ERROR_SOUND, Light.MUTED, Light.OFFLINE}, Light.RECORDING),
        ({Light.RECORDING, Light.STOPPING}, Light.STOPPING),
    ],
)
def test_the_order_of_what_is_shown(true, shown):
    assert look(Light.READY, None, *true) is shown


@given(st.sets(st.sampled_from(Light)))
def test_only_the_end_hides_recording(true):
    shown = look(Light.RECORDING, *true)
    assert shown is (Light.STOPPING if Light.STOPPING in true else Light.RECORDING)


def test_every_light_a_cause_names_can_be_drawn():
    assert {cause.light for cause in CAUSES.values()} - {None} <= LOOKS.keys()


@given(light=st.sampled_from(Light), t_ms=st.integers(0, 100_000), fades=st.booleans())
def test_a_rhythm_repeats_and_changes_when_it_says(light, t_ms, fades):
    def level(at_ms):
        return shine(light, at_ms, fades=fades).level

    whole = whole_ms(LOOKS[light].pattern)
    assert level(t_ms) == level(t_ms + whole)
    change = shine(light, t_ms, fades=fades).change_ms
    if change is None:
        assert len(LOOKS[light].pattern) == 1
    else:
        assert 0 < change <= whole
        assert level(t_ms) == level(t_ms + change - 1)
        assert level(t_ms) != level(t_ms + change)


@given(light=st.sampled_from(Light), t_ms=st.integers(0, 100_000))
def test_a_lamp_that_fades_is_brighter_than_half_while_another_lamp_is_on(light, t_ms):
    whole, fading = shine(light, t_ms), shine(light, t_ms, fades=True)
    assert (fading.level >= 0.5) is (whole.level >= 0.5)
    assert fading.colour == whole.colour
    if fading.change_ms is not None:
        assert (t_ms + fading.change_ms) % 50 == 0


def test_some_lights_fade():
    seen = {shine(Light.SPEAKING, t_ms, fades=True).level for t_ms in range(0, 800, 10)}
    assert len(seen) > 4
    assert max(seen) == 1


def test_a_colour_is_never_all_that_tells_two_lights_apart():
    """So the rhythms above are enough, whatever colours somebody can see; and each lamp has some colour to show."""
    assert len(set(RHYTHMS.values())) == len(RHYTHMS)
    assert {each.colour for each in LOOKS.values()} > {WHITE}


def test_gaps_at_the_end_of_each_second_announce_the_end_of_a_recording():
    def levels(left_ms):
        return shine(Light.RECORDING, 0, left_ms=left_ms)

    assert levels(5000)[::2] == (1, 5000)
    assert levels(0)[::2] == (1, 800)
    assert levels(-800)[::2] == (0, 200)
    assert [levels(left).level for left in range(0, -3000, -100)] == [*[1] * 8, 0, 0] * 3
    assert levels(None)[::2] == (1, None)


@pytest.mark.parametrize(
    ("longest_ms", "gaps_ms"), [(60_000, 10_000), (15_000, 7000), (5000, 2000), (3900, 0), (500, 0)]
)
def test_the_gaps_take_half_of_a_recording_at_most(longest_ms, gaps_ms):
    assert gaps_from(123, 123 + longest_ms) == 123 + longest_ms - gaps_ms
