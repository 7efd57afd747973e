"""The gain of the microphone: exact where it may be, bent where it must be, and free at 0 dB."""

import subprocess
import sys
from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.audio.dsp.gain import InputGain, factor_of
from edged.pcm import FULL_SCALE, PCM16, Format

SAMPLES = st.integers(-FULL_SCALE - 1, FULL_SCALE)
LOUD = st.lists(SAMPLES, min_size=1, max_size=300)


def at(gain_db, samples, *, blocks=1, fmt=PCM16):
    """The samples after the gain; handed over in so many blocks."""
    out = []
    stage = InputGain(out.append)
    stage.set(gain_db, fmt)
    size = -(-len(samples) // blocks)
    for start in range(0, len(samples), size):
        stage.hand(array("h", samples[start : start + size]).tobytes())
    return array("h", b"".join(out)).tolist()


@given(st.binary(max_size=400))
def test_without_gain_the_very_same_bytes_are_passed_on(block):
    out = []
    stage = InputGain(out.append)
    stage.hand(block)
    stage.set(0, Format(16_000))
    stage.hand(block)
    assert all(each is block for each in out)


@given(st.integers(-20, 40), st.lists(st.integers(-150, 150), min_size=1, max_size=300))
def test_what_stays_below_the_knee_is_multiplied_and_nothing_else(gain_db, samples):
    for was, now in zip(samples, at(gain_db, samples), strict=True):
        assert now == pytest.approx(was * factor_of(gain_db), abs=0.51)


@given(st.integers(1, 40), LOUD)
def test_loud_sound_keeps_its_sign_and_is_never_quieter_than_it_was(gain_db, samples):
    for was, now in zip(samples, at(gain_db, samples), strict=True):
        assert was * now >= 0
        assert min(FULL_SCALE, abs(was)) <= abs(now) + 1
        assert abs(now) <= FULL_SCALE


@given(st.integers(-20, 40), LOUD, st.integers(1, 12))
def test_the_blocks_make_no_difference(gain_db, samples, blocks):
    for one, many in zip(at(gain_db, samples), at(gain_db, samples, blocks=blocks), strict=True):
        assert many == pytest.approx(one, abs=1)


def test_full_scale_stays_full_scale_so_that_an_overload_is_still_known():
    assert at(20, [FULL_SCALE, -FULL_SCALE - 1]) == [FULL_SCALE, -FULL_SCALE]


def test_a_tone_that_would_not_fit_has_no_flat_top():
    tone = array(
        "h", (round(12_000 * ((n % 48) / 12 - 1 if n % 48 < 24 else 3 - (n % 48) / 12)) for n in range(4800))
    )
    top = [abs(value) for value in at(20, tone.tolist())][2400:]
    assert max(top) < FULL_SCALE
    assert not any(a == b == max(top) for a, b in pairwise(top))


def test_nothing_is_loaded_for_no_gain():
    """In a process of its own, because a process has one numpy."""
    code = (
        "import sys; from edged.audio.dsp.gain import InputGain; from edged.pcm import PCM16;"
        "stage = InputGain(lambda _: None); stage.set(%s, PCM16); stage.hand(bytes(960));"
        "print('numpy' in sys.modules)"
    )
    for gain_db, loaded in ((0, "False"), (6, "True")):
        run = subprocess.run(
            [sys.executable, "-c", code % gain_db], capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == loaded
