"""G.711: bit-exact with the reference and with the recommendation."""

import sys
import warnings
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import pcm
from edged.local import g711

ALL = array("h", range(-32768, 32768)).tobytes()
CODES = bytes(range(256))
SOUND = st.lists(st.integers(-32768, 32767), max_size=60).map(lambda values: array("h", values).tobytes())


def sound(*values):
    return array("h", values).tobytes()


def values(sound):
    return list(array("h", sound))


def test_silence_is_decoded_as_silence():
    assert g711.pcm_from_ulaw(pcm.silence(3, g711.ULAW)) == bytes(6)
    assert max(map(abs, values(g711.pcm_from_alaw(pcm.silence(3, g711.ALAW))))) == 8  # A-law has no zero


@pytest.mark.parametrize("encode", [g711.ulaw_from_pcm, g711.alaw_from_pcm])
def test_half_a_sample_is_refused(encode):
    with pytest.raises(ValueError, match="multiple of item size"):
        encode(b"\x00\x00\x00")


def _audioop():
    if sys.version_info >= (3, 13):
        pytest.skip("Python 3.13 has no audioop to compare with")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import audioop
    return audioop


def test_ulaw_is_the_reference_for_every_sample_and_code():
    reference = _audioop()
    assert g711.ulaw_from_pcm(ALL) == reference.lin2ulaw(ALL, 2)
    assert g711.pcm_from_ulaw(CODES) == reference.ulaw2lin(CODES, 2)


def test_alaw_is_the_reference_for_every_sample_and_code():
    reference = _audioop()
    assert g711.alaw_from_pcm(ALL) == reference.lin2alaw(ALL, 2)
    assert g711.pcm_from_alaw(CODES) == reference.alaw2lin(CODES, 2)


def test_g711_at_the_points_the_recommendation_names():
    # ITU-T G.711 tables 1a and 2a: the largest and the smallest values, and their codes on the wire.
    assert values(g711.pcm_from_ulaw(b"\x80\x00\xff\x7f")) == [32124, -32124, 0, 0]
    assert values(g711.pcm_from_alaw(b"\xaa\x2a\xd5\x55")) == [32256, -32256, 8, -8]
    assert g711.ulaw_from_pcm(sound(32767, -32768, 0)) == b"\x80\x00\xff"
    assert g711.alaw_from_pcm(sound(32767, -32768, 0, -1)) == b"\xaa\x2a\xd5\x55"


def test_a_code_survives_the_way_to_pcm_and_back():
    assert g711.alaw_from_pcm(g711.pcm_from_alaw(CODES)) == CODES
    minus_zero = 0x7F  # mu-law has two zeros, PCM has one
    assert g711.ulaw_from_pcm(g711.pcm_from_ulaw(CODES)) == CODES.replace(bytes([minus_zero]), b"\xff")


@given(SOUND)
def test_g711_stays_within_half_a_step_of_the_sample(any_sound):
    for there, back, offset in (
        (g711.ulaw_from_pcm, g711.pcm_from_ulaw, 132),
        (g711.alaw_from_pcm, g711.pcm_from_alaw, 264),
    ):
        for before, after in zip(values(any_sound), values(back(there(any_sound))), strict=True):
            assert abs(before - after) <= max(8, (abs(before) + offset) // 32 + 4)
