"""When a microphone has been silent for too long. Pure."""

import pytest

from edged.audio.devices.alsa import MicrophoneSilence

BLOCK = 960


def ends(steps, first_s=5.0, silent_s=0.5):
    """The time of the first of `steps` (seconds, frames, gaps so far) at which it is silent for too long."""
    silence = MicrophoneSilence(BLOCK, first_s, silent_s, 0.0)
    return next((now for now, *step in steps if silence.lasts(now, *step)), None)


def every(step_s, until_s, *rest, since_s=0.0):
    count = round((until_s - since_s) / step_s)
    return [(since_s + n * step_s, *rest) for n in range(1, count + 1)]


def test_a_device_that_delivers_blocks_is_never_silent():
    assert ends(every(0.02, 60.0, BLOCK, 0)) is None


@pytest.mark.parametrize("frames", [1, 240, 959])
def test_smaller_pieces_without_a_gap_are_sound(frames):
    assert ends(every(0.005, 60.0, frames, 0), silent_s=5.0) is None


@pytest.mark.parametrize(("first_s", "silent_s"), [(0.5, 0.5), (5.0, 2.0)])
def test_the_time_until_the_first_block_is_longer_than_until_a_further_one(first_s, silent_s):
    nothing = every(0.1, 60.0, 0, 0)
    assert ends(nothing, first_s, silent_s) == pytest.approx(first_s + 0.1)
    later = [(0.05, BLOCK, 0), *nothing]
    assert ends(later, first_s, silent_s) == pytest.approx(silent_s + 0.1)


@pytest.mark.parametrize("frames", [0, 1, 40, 959])
def test_a_device_that_restarts_at_each_wait_is_silent_whatever_it_delivers_in_between(frames):
    """It gets the whole time once more after its first gap."""
    steps = [
        (0.02, BLOCK, 0),
        *((now, frames, gaps) for gaps, (now,) in enumerate(every(0.001, 9.0, since_s=0.02), 1)),
    ]
    assert ends(steps) == pytest.approx(0.522, abs=0.002)


def test_one_gap_after_a_stall_of_the_machine_is_no_silence():
    assert ends([(0.02, BLOCK, 0), (3.0, 0, 1), (3.4, 300, 1), (3.45, 700, 1), (3.9, 0, 1)]) is None
    assert ends([(0.02, BLOCK, 0), (3.0, 0, 1), (3.4, 300, 2), (3.6, 300, 3)]) == 3.6


def test_gaps_with_whole_blocks_between_them_are_a_machine_that_is_too_slow_and_no_silence():
    steps = [(n * 0.3, BLOCK, n) for n in range(1, 200)]
    assert ends(steps) is None
