"""Channels that carry nothing do not make the others quieter, and the level never jumps."""

from array import array
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.audio.dsp.channels import FADE_MS, LOOK_MS, LOOKS, SOUND, STILL, Mixdown

RATE = 1000
LOOK, FADE = RATE * LOOK_MS // 1000, RATE * FADE_MS // 1000


def frames(*columns):
    """Interleaved frames of these columns."""
    out = array("h", bytes(2 * len(columns) * len(columns[0])))
    for at, column in enumerate(columns):
        out[at :: len(columns)] = array("h", column)
    return out


def noise(count, seed=1, size=1000):
    rng = Random(seed)
    return [-size, size, *(rng.randint(-size, size) for _ in range(count - 2))]


def still(count, value=0):
    return [value] * count


def mean(mixdown, *columns):
    return array("h", mixdown.mean(frames(*columns))).tolist()


def heard(mixdown, *columns):
    """Look at these columns, and let the change of level pass."""
    mean(mixdown, *(column[:LOOK] for column in columns))
    mean(mixdown, *(column[:FADE] for column in columns))
    return mixdown.left_out


@given(
    st.integers(1, 7),
    st.lists(st.tuples(st.integers(-20_000, 20_000), st.integers(0, STILL)), min_size=1, max_size=7),
    st.randoms(use_true_random=False),
)
def test_after_the_look_the_mean_is_that_of_the_channels_that_carry_sound(living, dead, rng):
    columns = [(True, noise(LOOK, seed)) for seed in range(living)]
    columns += [(False, [value + n % 2 * step for n in range(LOOK)]) for value, step in dead]
    rng.shuffle(columns)
    mixdown = Mixdown(len(columns), RATE)
    assert heard(mixdown, *(column for _, column in columns)) == {
        at for at, (alive, _) in enumerate(columns) if not alive
    }
    alone = [column for alive, column in columns if alive]
    wanted = [sum(frame) // living for frame in zip(*alone, strict=True)]
    assert mean(mixdown, *(column for _, column in columns)) == wanted


@given(st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_the_size_of_the_pieces_makes_no_difference_after_the_look(sizes):
    voice, mixdown, out = noise(FADE + 2000), Mixdown(2, RATE), []
    mean(mixdown, voice[:LOOK], still(LOOK))
    at = 0
    for size in [*sizes, 400, 400, 400, 400]:
        piece = voice[at : at + size]
        if piece:
            out += mean(mixdown, piece, still(len(piece)))
        at += size
    whole = Mixdown(2, RATE)
    mean(whole, voice[:LOOK], still(LOOK))
    assert out == mean(whole, voice[:at], still(len(voice[:at])))


def test_the_level_rises_slowly():
    """The step from one sample to the next never shows the change: a tone of a fixed size grows evenly."""
    mixdown = Mixdown(2, RATE)
    tone = [10_000 if n % 2 else -10_000 for n in range(LOOK + FADE + 100)]
    out = mean(mixdown, tone[:LOOK], still(LOOK))
    out += mean(mixdown, tone[LOOK:], still(FADE + 100))
    sizes = [abs(value) for value in out]
    assert sizes[LOOK] == 5_000
    assert sizes[-1] == 10_000
    assert max(abs(b - a) for a, b in pairwise(sizes)) <= 5_000 / FADE + 1


def test_a_room_without_sound_decides_nothing():
    mixdown = Mixdown(2, RATE)
    quiet = [n % 2 * SOUND for n in range(LOOK)]
    for _ in range(2 * LOOKS):
        assert heard(mixdown, quiet, still(LOOK)) == frozenset()
    assert heard(mixdown, noise(LOOK), still(LOOK)) == {1}


def test_a_click_at_the_start_hides_a_dead_channel_only_for_a_second():
    mixdown = Mixdown(2, RATE)
    assert heard(mixdown, noise(LOOK), [900, *still(LOOK - 1)]) == frozenset()
    mean(mixdown, noise(LOOK - FADE), still(LOOK - FADE))  # the rest of the second piece
    assert heard(mixdown, noise(LOOK), still(LOOK)) == {1}


def test_what_stays_alive_for_all_looks_is_never_left_out():
    mixdown = Mixdown(2, RATE)
    for _ in range(LOOKS):
        mean(mixdown, noise(LOOK), noise(LOOK, 2))
    assert heard(mixdown, noise(LOOK), still(LOOK)) == frozenset()


def test_a_channel_that_is_left_out_stays_out_even_if_the_machine_is_heard_on_it():
    mixdown = Mixdown(2, RATE)
    heard(mixdown, noise(LOOK), still(LOOK))
    assert mean(mixdown, noise(LOOK), noise(LOOK, 2)) == noise(LOOK)


def test_what_is_known_from_before_holds_from_the_first_sample():
    mixdown = Mixdown(2, RATE, frozenset({0}))
    assert mean(mixdown, still(LOOK), noise(LOOK)) == noise(LOOK)
    assert mixdown.left_out == {0}


def test_dead_channels_cost_fifteen_db_before_and_nothing_after():
    mixdown, voice = Mixdown(6, RATE), noise(LOOK, 1, 12_000)
    dead = [still(LOOK)] * 5
    assert max(mean(mixdown, voice, *dead)) == pytest.approx(2_000, abs=1)
    mean(mixdown, *(column[:FADE] for column in (voice, *dead)))
    assert max(mean(mixdown, voice, *dead)) == 12_000


def test_no_frames_are_no_sound():
    assert Mixdown(2, RATE).mean(array("h")) == b""
