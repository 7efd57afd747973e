"""Sound as bytes: exact widths, gains that saturate."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import pcm

ULAW, ALAW = pcm.Format(8000, "g711_ulaw"), pcm.Format(8000, "g711_alaw")
SAMPLE = st.integers(-32768, 32767)
SOUND = st.lists(SAMPLE, max_size=60).map(lambda values: array("h", values).tobytes())


def sound(*values: int) -> bytes:
    return array("h", values).tobytes()


def values(sound: bytes) -> list[int]:
    return list(array("h", sound))


def test_a_millisecond_inside_edged_is_48_bytes():
    assert pcm.PCM16.bytes_per_ms == 48
    assert pcm.PCM16.sample_bytes == pcm.SAMPLE_BYTES == 2
    assert pcm.PCM16.bytes_of(20) == 960
    assert pcm.PCM16.ms_of(960) == 20
    assert pcm.PCM16.samples_of(960) == 480


def test_a_millisecond_of_telephone_sound_is_8_bytes():
    for fmt in (ULAW, ALAW):
        assert (fmt.bytes_per_ms, fmt.sample_bytes, fmt.bytes_of(20), fmt.ms_of(160)) == (8, 1, 160, 20)


def test_milliseconds_are_rounded_down():
    assert pcm.PCM16.ms_of(47) == 0
    assert pcm.PCM16.ms_of(48) == 1
    assert pcm.PCM16.ms_of(959) == 19


def test_bytes_of_a_time_are_whole_samples():
    cd = pcm.Format(44_100)
    assert cd.bytes_of(1) == 88  # 44.1 samples
    assert cd.bytes_of(10) == 882
    assert pcm.Format(11_025).bytes_of(20) == 440  # 220.5 samples


def test_a_rate_without_whole_milliseconds_says_so():
    with pytest.raises(ValueError, match="11025 Hz"):
        _ = pcm.Format(11_025).bytes_per_ms


@pytest.mark.parametrize("rate_hz", [0, -8000])
def test_a_rate_that_is_none_is_refused(rate_hz):
    with pytest.raises(ValueError, match=f"{rate_hz} Hz"):
        pcm.Format(rate_hz)


def test_an_unknown_encoding_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match=r"'mp3'.*pcm16, g711_ulaw, g711_alaw"):
        pcm.Format(8000, "mp3")


@given(st.integers(0, 10_000_000))
def test_bytes_of_ms_of_never_grows(n_bytes):
    assert pcm.PCM16.bytes_of(pcm.PCM16.ms_of(n_bytes)) <= n_bytes


def test_silence_is_nothing():
    assert pcm.silence(6) == bytes(6)
    assert len(pcm.silence(3, ALAW)) == 3


def test_a_ramp_goes_from_its_first_sample_to_its_last():
    assert values(pcm.ramp(sound(1000, 1000, 1000, 1000, 1000), 0.0, 1.0)) == [0, 250, 500, 750, 1000]
    assert values(pcm.ramp(sound(1000, 1000, 1000), 1.0, 0.0)) == [1000, 500, 0]


def test_a_ramp_of_one_sample_is_its_end():
    assert values(pcm.ramp(sound(1000), 1.0, 0.0)) == [0]
    assert values(pcm.ramp(sound(1000), 0.0, 1.0)) == [1000]
    assert pcm.ramp(b"", 1.0, 0.0) == b""


@given(SOUND)
def test_a_level_ramp_changes_nothing(any_sound):
    assert pcm.ramp(any_sound, 1.0, 1.0) == any_sound
    assert pcm.gain(any_sound, 1.0) == any_sound


def test_gain_saturates_both_ways():
    assert values(pcm.gain(sound(20000, -20000, 100), 2.0)) == [32767, -32768, 200]
    assert values(pcm.ramp(sound(-32768, -32768), -1.0, -1.0)) == [32767, 32767]


def test_level():
    assert pcm.rms(b"") == 0.0
    assert pcm.rms(sound(3, -4, 3, -4)) == pytest.approx(12.5**0.5)


@pytest.mark.parametrize("read", [pcm.rms, lambda half: pcm.gain(half, 1.0)])
def test_half_a_sample_is_refused(read):
    with pytest.raises(ValueError):
        read(b"\x00\x00\x00")


def test_roughness_is_the_mean_step():
    assert pcm.roughness(sound(0, 10, -10)) == 15
    assert pcm.roughness(sound(-32768, 32767)) == 65535
    assert pcm.roughness(sound(7, 8) + b"\1") == 1
    assert pcm.roughness(sound(7)) == pcm.roughness(b"") == 0
