import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edged.audio.dsp.volume import Leveller, gain_of

RATE = 24_000
FULL = 32_767


def tone(hz, loud, seconds=1.0):
    """A sine of `loud` times full scale."""
    return (
        (loud * FULL * np.sin(2 * np.pi * hz / RATE * np.arange(int(RATE * seconds))))
        .round()
        .astype(np.int16)
    )


def levelled(sound, volume, block=480, leveller=None):
    """The sound at a volume, in blocks as a device takes it."""
    leveller = leveller or Leveller(gain_of(volume))
    pieces = [
        leveller.level(sound[at : at + block].tobytes(), gain_of(volume))
        for at in range(0, len(sound), block)
    ]
    return np.frombuffer(b"".join(pieces), np.int16).astype(float)


def db(share):
    return 20 * np.log10(share)


def split(out, hz):
    """The amplitude of a tone in `out`, and the share of all the rest."""
    phase = 2 * np.pi * hz / RATE * np.arange(len(out))
    waves = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    found = np.linalg.lstsq(waves, out, rcond=None)[0]
    rest = out - waves @ found
    return np.hypot(*found), np.sqrt(2 * np.mean(rest**2)) / np.hypot(*found)


def test_twice_the_number_is_twice_as_loud_and_nothing_is_silence():
    assert gain_of(50) == 1.0
    for volume in (5, 10, 25, 50):
        assert db(gain_of(2 * volume) / gain_of(volume)) == pytest.approx(10.0)
    assert gain_of(0) == 0.0
    assert all(gain_of(n) < gain_of(n + 1) for n in range(100))


@pytest.mark.parametrize("volume", [-1, 101])
def test_a_volume_beyond_its_bounds_is_refused(volume):
    with pytest.raises(ValueError, match=f"volume {volume} is not between 0 and 100"):
        gain_of(volume)


@given(st.binary(max_size=999).map(lambda raw: raw[: len(raw) // 2 * 2]))
def test_as_it_was_sent_is_to_the_bit(sound):
    assert Leveller().level(sound, gain_of(50)) == sound


def test_the_usual_volume_does_not_load_numpy():
    asked = (
        "import sys; from edged.audio.dsp.volume import Leveller, gain_of;"
        "Leveller().level(bytes(960), gain_of(50)); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("volume", [10, 25, 40])
def test_softer_is_a_plain_factor(volume):
    sound = tone(440, 0.9)
    assert np.abs(levelled(sound, volume) - sound * gain_of(volume)).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("volume", [60, 80, 100])
def test_louder_is_a_plain_factor_where_there_is_room(volume):
    sound = tone(440, 0.49 / gain_of(volume))
    assert np.abs(levelled(sound, volume) - sound * gain_of(volume)).max() <= 0.5 + 1e-6


@given(st.integers(0, 2**32), st.integers(51, 100), st.sampled_from([1, 7, 120, 480, 5000]))
def test_whatever_comes_fits(seed, volume, block):
    rng = np.random.default_rng(seed)
    third = 2000 if block > 1 else 300  # one sample at a time is slow, and looks no further ahead
    sound = rng.integers(-32768, 32768, 3 * third)
    sound[rng.integers(0, 3 * third, 50)] = -32768
    # the worst case: a square wave
    sound[third : third + third // 2] = np.sign(sound[third : third + third // 2]) * FULL
    out = levelled(sound.astype(np.int16), volume, block)
    assert np.abs(out).max() <= FULL
    assert np.all(np.sign(out[sound != 0]) == np.sign(sound[sound != 0]))


@pytest.mark.parametrize("hz", [100, 440, 1000])
@pytest.mark.parametrize("loud", [0.3, 0.6, 1.0])
def test_a_loud_tone_stays_a_tone(hz, loud):
    """Cut off at full scale, more than nine percent of it would be harmonics."""
    out = levelled(tone(hz, loud), 100)[RATE // 2 :]
    found, rest = split(out, hz)
    assert db(rest) < -55
    assert loud * FULL <= found * 1.001


def test_the_start_of_something_loud_has_no_flat_top():
    out = levelled(tone(200, 1.0, 0.05), 100)
    rising = out[:30]
    assert np.all(np.diff(rising) > 0)


def test_between_syllables_nothing_breathes():
    """After a loud syllable, the gain recovers steadily, and too slowly to be noticed."""
    room = tone(1000, 0.003, 2.5)
    out = levelled(np.concatenate([tone(300, 0.9, 0.3), room]), 100)[int(RATE * 0.3) :]
    levels = [
        db(np.sqrt(np.mean(piece**2)) / np.sqrt(np.mean(room.astype(float) ** 2)))
        for piece in np.split(out, 50)
    ]
    steps = np.diff(levels)
    assert levels[0] < 4  # it was reduced
    assert levels[-1] == pytest.approx(10.0, abs=0.2)  # and recovered
    assert steps.max() < 0.5  # dB in 50 ms
    assert steps.min() > -0.05


@pytest.mark.parametrize(("before", "after"), [(50, 100), (100, 50), (50, 0), (0, 50), (20, 80), (100, 10)])
def test_a_change_is_a_ramp_without_a_click_and_ends_exactly(before, after):
    sound = tone(50, 0.5, 0.2)
    leveller = Leveller(gain_of(before))
    first = levelled(sound[:2400], before, leveller=leveller)
    out = levelled(sound[2400:], after, leveller=leveller)
    steepest = np.abs(np.diff(sound.astype(float))).max() * max(gain_of(before), gain_of(after), 1.0)
    assert (
        np.abs(np.diff(np.concatenate([first[-1:], out]))).max()
        <= steepest + FULL * 0.5 * abs(gain_of(after) - gain_of(before)) / 240
    )
    if after == 50:
        assert np.array_equal(out[240:], sound[2640:])
    if after == 0:
        assert not out[240:].any()


@given(st.integers(0, 100), st.integers(0, 100), st.lists(st.integers(1, 700), min_size=1, max_size=8))
@example(before=0, after=100, sizes=[1])
def test_the_size_of_the_blocks_changes_nothing_one_hears(before, after, sizes):
    sound = (0.4 * FULL * np.sin(np.arange(3000) / 9)).round().astype(np.int16)
    whole = levelled(sound, after, 3000, Leveller(gain_of(before)))
    leveller, at, pieces = Leveller(gain_of(before)), 0, []
    while at < len(sound):
        for size in sizes:
            pieces.append(leveller.level(sound[at : at + size].tobytes(), gain_of(after)))
            at += size
    out = np.frombuffer(b"".join(pieces), np.int16)
    assert len(out) == len(sound)
    assert np.abs(out - whole).max() <= 1


def test_half_a_sample_is_refused():
    with pytest.raises(ValueError, match="3 bytes are not whole samples"):
        Leveller().level(b"abc", 0.5)
