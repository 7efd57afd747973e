"""Sound that tells its own position, loud and quiet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.local.detector import Detector, VoiceStarted, VoiceStopped
from instruments.lab.spoken import LONGEST, NOWHERE, Run, runs, spoken

PLACES = st.integers(0, LONGEST - 5000)


@given(PLACES, st.integers(4, 4000), st.booleans())
def test_any_piece_names_its_place(first, n, loud):
    aligned = first - first % 4  # a piece that contains a whole group
    assert runs(spoken(aligned, n, loud=loud)) == [Run(aligned, n)]


@given(PLACES, st.integers(0, 3), st.integers(0, 3))
def test_what_is_left_of_a_group_belongs_to_its_neighbours(first, cut, left):
    sound = spoken(first, 40, loud=False)[2 * cut : 2 * (40 - left)]
    assert runs(sound) == [Run(first + cut, 40 - cut - left)]


def test_a_hole_a_repetition_and_foreign_sound_are_seen():
    whole = spoken(4800, 960, loud=True)
    assert runs(whole[:480] + whole[960:]) == [Run(4800, 240), Run(5280, 480)]
    assert runs(whole + whole) == [Run(4800, 960), Run(4800, 960)]
    assert runs(bytes(960) + whole) == [Run(NOWHERE, 480), Run(4800, 960)]
    assert runs(b"") == []


def test_loud_and_quiet_sound_continue_each_other():
    sound = spoken(0, 480, loud=False) + spoken(480, 480, loud=True) + spoken(960, 480, loud=False)
    assert runs(sound) == [Run(0, 1440)]


@pytest.mark.parametrize("first", [0, 24_000 * 3600])
def test_a_detector_hears_loud_sound_and_not_quiet_sound(first):
    detector = Detector()
    assert detector.feed(spoken(first, 24_000, loud=False)) == []
    (started,) = detector.feed(spoken(first + 24_000, 24_000, loud=True))
    (stopped,) = detector.feed(spoken(first + 48_000, 24_000, loud=False))
    assert (type(started), type(stopped)) == (VoiceStarted, VoiceStopped)
