"""The cues: short, soft, without clicks, and easy to tell apart by ear."""

from array import array
from itertools import combinations, groupby, pairwise

import pytest

from edged import pcm
from edged.audio.playout.cues import render
from edged.causes import Cue

SOUNDING = [cue for cue in Cue if cue is not Cue.NONE]


def values(sound: bytes) -> array:
    return array("h", sound)


def peak(sound: bytes) -> int:
    return max(map(abs, values(sound)), default=0)


def rhythm(cue: Cue) -> list[tuple[bool, int]]:
    """The rhythm of the cue: (whether it sounds, about how many 10 ms), in a row."""
    sound = render(cue)
    loud = [peak(sound[at : at + 480]) > 500 for at in range(0, len(sound), 480)]
    return [(is_loud, len(list(run))) for is_loud, run in groupby(loud)]


def pitches(cue: Cue) -> list[int]:
    """How often the sound crosses zero in each 60 ms."""
    sound = values(render(cue))
    windows = [sound[at : at + 1440] for at in range(0, len(sound), 1440)]
    return [sum(a < 0 <= b for a, b in pairwise(window)) for window in windows]


def test_no_cue_is_no_sound():
    assert render(Cue.NONE) == b""


@pytest.mark.parametrize("cue", SOUNDING)
def test_a_cue_is_short_and_soft(cue):
    sound = render(cue)
    assert 50 <= pcm.PCM16.ms_of(len(sound)) <= 600
    assert 2000 < peak(sound) <= 32767 * 10 ** (-12 / 20)


@pytest.mark.parametrize("cue", SOUNDING)
def test_a_cue_begins_and_ends_at_nothing_and_never_jumps(cue):
    sound = values(render(cue))
    assert sound[0] == sound[-1] == 0
    steps = [abs(a - b) for a, b in pairwise(sound)]
    assert max(steps[:24]) < 100
    assert max(steps[-24:]) < 100
    assert max(steps) < 2500  # an 880 Hz tone of this level does this on its own


def test_no_two_cues_are_alike():
    for one, other in combinations(SOUNDING, 2):
        assert rhythm(one) != rhythm(other) or pitches(one) != pitches(other), (one, other)


def test_what_is_to_be_done_again_is_not_mistaken_for_what_is_lost():
    """Cues that a visitor must tell apart at once differ by rhythm alone."""
    heard = [
        tuple(rhythm(cue)) for cue in (Cue.TOO_SHORT, Cue.BUSY, Cue.FAILED, Cue.CUT, Cue.DEVICE, Cue.LIMIT)
    ]
    assert len(set(heard)) == len(heard)


def test_the_same_cue_is_the_same_object():
    assert render(Cue.BUSY) is render(Cue.BUSY)
