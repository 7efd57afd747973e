import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import pcm
from edged.resample import HALF, Resampler

RATES = [
    (48_000, 24_000),
    (24_000, 48_000),
    (44_100, 24_000),
    (24_000, 44_100),
    (16_000, 24_000),
    (24_000, 16_000),
]
LOUD = 16_000
PASS = 0.42  # of the lower rate: 10 kHz at 24


def tone(hz, rate, *, samples=12_000, loud=LOUD):
    return (loud * np.sin(2 * np.pi * hz / rate * np.arange(samples) + 0.3)).round().astype(np.int16)


def ringing(rates):
    """The silence after which all of the sound has come out."""
    return bytes(2 * HALF * max(1, -(-rates[0] // rates[1])) * pcm.SAMPLE_BYTES)


def middle(rates, sound):
    """The output without the parts that its start and its end add."""
    stream = Resampler(*rates)
    out = np.frombuffer(stream.feed(sound.tobytes() + ringing(rates)), np.int16).astype(float)
    return out[len(out) // 5 : -len(out) // 5]


def split(out, hz, rate):
    """The amplitude of a tone in `out`, and of all the rest."""
    phase = 2 * np.pi * hz / rate * np.arange(len(out))
    waves = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    found = np.linalg.lstsq(waves, out, rcond=None)[0]
    return np.hypot(*found), np.sqrt(2 * np.mean((out - waves @ found) ** 2))


def db(share):
    return 20 * np.log10(max(share, 1e-9))


@pytest.mark.parametrize("rates", RATES)
def test_speech_passes_as_it_is_and_brings_nothing_with_it(rates):
    for hz in np.linspace(80, min(rates) * PASS, 15):
        found, rest = split(middle(rates, tone(hz, rates[0])), hz, rates[1])
        assert abs(db(found / LOUD)) < 0.01, hz
        assert db(rest / LOUD) <= -75, hz  # images above, rounding everywhere


@pytest.mark.parametrize("rates", [rates for rates in RATES if rates[0] > rates[1]])
def test_what_the_lower_rate_can_not_hold_is_not_folded_into_it(rates):
    """From half of the lower rate on, where cheap filters begin to leak."""
    for hz in np.linspace(rates[1] / 2, rates[0] / 2 - 50, 15):
        out = middle(rates, tone(hz, rates[0]))
        assert db(np.sqrt(2 * np.mean(out**2)) / LOUD) <= -75, hz


@given(st.data())
def test_the_size_of_the_blocks_changes_nothing(data):
    rates = data.draw(st.sampled_from(RATES))
    seed, samples = data.draw(st.integers(0, 9)), data.draw(st.integers(0, 3000))
    sound = np.random.default_rng(seed).integers(-32768, 32768, samples).astype(np.int16).tobytes()
    cuts = sorted(data.draw(st.lists(st.integers(0, samples), max_size=12)))
    whole, stream = Resampler(*rates), Resampler(*rates)
    at = [cut * pcm.SAMPLE_BYTES for cut in [0, *cuts, samples]]
    pieces = [stream.feed(sound[start:end]) for start, end in pairwise(at)]
    rest = ringing(rates)
    assert b"".join(pieces) + stream.feed(rest) == whole.feed(sound) + whole.feed(rest)


def test_a_long_sound_fed_at_once_is_the_same_as_in_blocks():
    sound = np.random.default_rng(3).integers(-32768, 32768, 44_100 * 3).astype(np.int16).tobytes()
    whole, stream = Resampler(44_100, 24_000), Resampler(44_100, 24_000)
    blocks = [sound[at : at + 882] for at in range(0, len(sound), 882)]
    assert b"".join(map(stream.feed, blocks)) == whole.feed(sound)


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("block_ms", [10, 20, 40])
def test_a_block_of_the_one_rate_is_a_block_of_the_other_from_the_first_on(rates, block_ms):
    stream = Resampler(*rates)
    fed, wanted = (pcm.Format(rate).bytes_of(block_ms) for rate in rates)
    assert [len(stream.feed(bytes(fed))) for _ in range(5)] == [wanted] * 5


@pytest.mark.parametrize(
    "rates", [*RATES, (22_050, 24_000), (11_025, 24_000), (8_000, 24_000), (96_000, 24_000)]
)
def test_a_constant_stays_what_it_is_to_the_bit(rates):
    assert set(middle(rates, np.full(rates[0] // 10, -12_345, np.int16))) == {-12_345.0}


@pytest.mark.parametrize("rates", RATES)
def test_a_click_comes_out_half_a_filter_late(rates):
    sound = np.zeros(rates[0] // 5, np.int16)
    sound[rates[0] // 10] = 20_000
    stream = Resampler(*rates)
    out = np.frombuffer(stream.feed(sound.tobytes()), np.int16)
    late_ms = np.abs(out).argmax() / rates[1] * 1000 - 100
    assert late_ms == pytest.approx(HALF * 1000 / min(rates), abs=1000 / rates[1])


def test_too_loud_saturates_rather_than_wraps():
    square = np.where(np.arange(4800) // 40 % 2, 32767, -32768).astype(np.int16)
    out = middle((48_000, 24_000), square)
    assert (out.max(), out.min()) == (32767, -32768)
    assert np.all(np.abs(np.diff(out)) <= 65_535)
    assert {-1.0, 1.0} == set(np.sign(out[np.abs(out) > 20_000]))
    assert not np.any((np.sign(out[1:-1]) != np.sign(out[:-2])) & (np.sign(out[1:-1]) != np.sign(out[2:])))


def test_the_same_rate_is_the_same_bytes():
    stream = Resampler(24_000, 24_000)
    assert stream.feed(b"\x01\x02\x03\x04") == b"\x01\x02\x03\x04"


def test_half_a_sample_and_rates_that_are_none_are_refused():
    with pytest.raises(ValueError, match="3 bytes are not whole samples"):
        Resampler(48_000, 24_000).feed(b"abc")
    with pytest.raises(ValueError, match="no such rate: 0 Hz"):
        Resampler(0, 24_000)
    with pytest.raises(ValueError, match="no such rate: -1 Hz"):
        Resampler(24_000, -1)
    with pytest.raises(ValueError, match="cannot convert 47999 Hz to 24000 Hz"):
        Resampler(47_999, 24_000)


def test_a_machine_that_needs_no_other_rate_does_not_load_numpy():
    asked = (
        "import sys; from edged.resample import Resampler;"
        "Resampler(24000, 24000); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
