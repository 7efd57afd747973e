"""Inserted sound fits: no click, no other pitch, and a length within the limits."""

from array import array
from itertools import pairwise
from math import pi, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.audio.playout.stretch import LONGEST_MS, SHORTEST_MS, insertion

WIDTH = LONGEST_MS * 24  # samples


def wave(hz, count=2 * WIDTH, level=8000):
    return array("h", (round(level * sin(2 * pi * hz * n / 24_000)) for n in range(count)))


def roughness(samples):
    """The largest jump between two neighbouring samples."""
    return max(abs(b - a) for a, b in pairwise(samples))


@pytest.mark.parametrize("hz", [80, 110, 150, 220, 300, 400])
def test_a_voice_goes_on_as_if_nothing_had_been_inserted(hz):
    sound = wave(hz)
    laid = array("h", insertion(sound[:WIDTH].tobytes(), sound[WIDTH:].tobytes()))
    whole = sound[:WIDTH] + laid + sound[WIDTH:]
    assert roughness(whole) <= roughness(sound) + 250
    period = 24_000 / hz
    off = len(laid) % period
    assert min(off, period - off) <= 2  # whole periods: the pitch stays


def test_silence_is_stretched_by_as_much_as_may_be():
    assert len(insertion(bytes(WIDTH * 2), bytes(WIDTH * 2))) == WIDTH * 2


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([1, 300, 32_767]))
def test_anything_can_be_stretched(random, level):
    past, ahead = (array("h", (random.randint(-level - 1, level) for _ in range(WIDTH))) for _ in "ab")
    laid = array("h", insertion(past.tobytes(), ahead.tobytes()))
    assert SHORTEST_MS * 24 <= len(laid) <= WIDTH
    assert laid[0] == ahead[0]
    assert laid[-1] == past[-1]
