import warnings
from array import array
from math import log10, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.phrases.adpcm import BLOCK_BYTES, BLOCK_SAMPLES, decode, encode

SINE = array("h", (round(12_000 * sin(2 * pi * 440 * n / 24_000)) for n in range(6_000))).tobytes()


def noise_db(sound, other):
    pairs = list(zip(array("h", sound), array("h", other), strict=True))
    return 10 * log10(sum(a * a for a, _ in pairs) / max(1, sum((a - b) ** 2 for a, b in pairs)))


def test_a_block_is_as_the_recommendation_says():
    """Computed by hand: from 0 with step 7, the codes 7, 0, 15, 8."""
    block = bytes([0, 0, 0, 0, 0x07, 0x8F]) + bytes(BLOCK_BYTES - 6)
    # 7: 7 >> 3, + 7, + 3, + 1 = 11, index 8 (step 16); 0: 16 >> 3 = 2, index 7 (step 14);
    # 15: -(1 + 14 + 7 + 3) = -25, index 15 (step 31); 8: -(31 >> 3) = -3
    assert list(array("h", decode(block, 5))) == [0, 11, 13, -12, -15]


def test_speech_like_sound_comes_back_with_little_noise():
    back = decode(encode(SINE), len(SINE) // 2)
    assert len(back) == len(SINE)
    assert noise_db(SINE, back) > 30
    assert len(encode(SINE)) % BLOCK_BYTES == 0
    assert len(encode(SINE)) < 0.36 * len(SINE)


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=300))
def test_whatever_is_encoded_stays_in_range(samples):
    sound = array("h", samples).tobytes()
    back = array("h", decode(encode(sound), len(samples)))
    assert back[0] == samples[0]
    assert len(back) == len(samples)


def test_the_end_of_a_block_and_the_beginning_of_the_next_fit():
    sound = SINE * 2
    joint = BLOCK_SAMPLES * 2
    back = decode(encode(sound), len(sound) // 2)
    assert noise_db(sound[joint - 200 : joint + 200], back[joint - 200 : joint + 200]) > 25


@pytest.mark.parametrize(
    ("blocks", "samples"),
    [
        (b"\0\0", 1),
        (bytes([0, 0, 89, 0]) + bytes(1020), 10),
        (encode(SINE), 100_000),
        (bytes([255, 127, 88, 0]) + b"\x77" * 1020, 2041),
    ],
    ids=["half a head", "no such step", "too short", "out of range"],
)
def test_damaged_blocks_are_refused(blocks, samples):
    with pytest.raises(ValueError, match=r"damaged|shorter"):
        decode(blocks, samples)


def test_nobody_else_reads_it_otherwise():
    """The same blocks through another decoder, if this Python has one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = pytest.importorskip("audioop")
    block = encode(SINE)[:BLOCK_BYTES]
    # audioop has the earlier sample in the upper half of each byte
    swapped = bytes((byte >> 4) | (byte & 15) << 4 for byte in block[4:])
    first = int.from_bytes(block[:2], "little", signed=True)
    decoded, _ = audioop.adpcm2lin(swapped, 2, (first, block[2]))
    ours = decode(block, BLOCK_SAMPLES)[2:]
    assert noise_db(ours, decoded) > 60
