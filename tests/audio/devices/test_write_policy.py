"""How deep a device is filled, and what is taken back. Everything is computed, with no real device."""

from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.audio.devices.write_policy import Depth, WritePolicy

RATE_HZ = 48_000
MS = RATE_HZ // 1000
DEEP = Depth(first_ms=20, piece_ms=10, start_ms=60, deepest_ms=150, stride_ms=40, guard_ms=4, fade_ms=5)
ENDLESS = 10_000 * MS


def writer(buffer_ms=200):
    return WritePolicy(RATE_HZ, DEEP, most_frames=buffer_ms * MS)


def fill(of, held, ready):
    """How much it holds when nothing more is due."""
    while due := of.due(held, ready):
        held, ready = held + due, max(0, ready - due)
    return held, ready


def test_the_first_piece_is_short_enough_to_be_written_at_once_and_long_enough_to_fetch_the_next():
    assert writer().due(0, ENDLESS) == 60 * MS
    assert writer().due(0, 30 * MS) == 30 * MS
    assert writer().due(0, 5 * MS) == 20 * MS


def test_sound_that_is_there_fills_the_device_deep():
    held, _ = fill(writer(), 0, ENDLESS)
    assert 110 * MS <= held <= 150 * MS


@given(st.integers(0, 200 * MS), st.integers(0, 300 * MS))
def test_nothing_is_taken_ahead_that_is_not_there(held, ready):
    due = writer().due(held, ready)
    assert due == 0 or held + due <= max(20 * MS, held + ready)
    assert held + due <= max(held, 150 * MS)


def test_without_sound_it_is_kept_just_filled_with_silence():
    assert fill(writer(), 0, 0) == (20 * MS, 0)
    assert writer().due(11 * MS, 0) == 0
    assert writer().due(10 * MS, 0) == 10 * MS


def test_what_is_there_is_taken_to_its_end():
    held, ready = fill(writer(), 0, 65 * MS)
    assert ready < 10 * MS
    assert held >= 55 * MS


@given(st.integers(0, 200 * MS), st.sampled_from([0, ENDLESS]))
def test_after_the_rest_something_is_due(held, ready):
    of = writer()
    held, ready = fill(of, held, ready)
    rest = round(of.rest_s(held, ready) * RATE_HZ)
    assert rest > 0
    if ready or held - rest <= 10 * MS:
        assert of.due(held - rest, ready)
    assert ready or rest <= 20 * MS  # more may have come by then


def test_a_deep_device_is_written_in_long_strides():
    of = writer()
    held, _ = fill(of, 0, ENDLESS)
    assert of.rest_s(held, ENDLESS) * 1000 >= 35 or held < 145 * MS
    assert of.due(110 * MS, ENDLESS) == 40 * MS


def test_a_small_device_is_never_given_more_than_it_holds():
    held, _ = fill(writer(buffer_ms=60), 0, ENDLESS)
    assert held <= 50 * MS
    assert fill(writer(buffer_ms=15), 0, 0)[0] <= 15 * MS


@given(st.integers(2, 30 * MS), st.integers(1, 100 * MS))
def test_a_device_of_any_size_plays_what_is_there_to_its_end(most, ready):
    of = WritePolicy(RATE_HZ, DEEP, most_frames=most)
    while ready:
        due = of.due(0, ready)  # it has run dry each time
        assert 0 < due <= most
        ready = max(0, ready - due)


def sound(first, last):
    return array("h", range(first, last)).tobytes()


@pytest.mark.parametrize("pieces", [1, 3])
def test_what_is_taken_back_dies_away_and_the_rest_was_never_heard(pieces):
    of = writer()
    frames = 60 * MS
    for _ in range(pieces):
        of.wrote(array("h", [1000] * (frames // pieces)).tobytes())
    assert of.keep(60 * MS) == 4 * MS
    fade = array("h", of.fade(56 * MS))
    assert len(fade) == 5 * MS
    assert (fade[0], fade[-1]) == (1000, 0)
    assert all(a >= b for a, b in pairwise(fade))


def test_the_fade_begins_with_the_very_sample_that_would_have_come():
    of = writer()
    of.wrote(sound(0, 2000))
    of.wrote(sound(2000, 4000))
    assert array("h", of.fade(2500))[0] == 1500


def test_less_than_a_fade_fades_faster_and_nothing_needs_none():
    of = writer()
    of.wrote(sound(100, 200))
    assert of.keep(100) == 100
    assert array("h", of.fade(10))[-1] == 0
    assert of.fade(0) == b""


def test_what_is_kept_is_bounded_by_what_the_device_can_hold():
    of = writer()
    for _ in range(1000):
        of.wrote(sound(0, 10 * MS))
    assert of.kept_frames <= 200 * MS
    assert len(of.fade(150 * MS)) == len(sound(0, 5 * MS))
