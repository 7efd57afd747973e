"""What a device moves is what edged moves, whatever the format, channels and rate."""

import itertools
import math
from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.audio.dsp.samples import WIDTHS, Inward, Layout, heard, spoken
from edged.pcm import Format

MONO = array("h", [0, 1, -1, 2, 255, -256, 12345, -12345, 32767, -32768]).tobytes()
SAMPLES = sorted(WIDTHS)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_what_is_spoken_is_heard_bit_by_bit_on_every_channel(sample, channels):
    layout = Layout(48_000, channels, sample)
    frames = spoken(MONO, layout)
    assert len(frames) == len(MONO) // 2 * layout.frame_bytes
    for channel in range(channels):
        assert heard(frames, layout, channel) == MONO
    assert Inward(layout, fmt=Format(48_000)).feed(frames) == MONO


@given(st.binary(max_size=200).map(lambda data: data[: len(data) // 2 * 2]))
def test_no_format_changes_a_sample(mono):
    for sample in SAMPLES:
        layout = Layout(48_000, 1, sample)
        assert heard(spoken(mono, layout), layout, 0) == mono


def test_the_formats_are_what_alsa_means_by_them():
    half = array("h", [-16384]).tobytes()
    assert spoken(half, Layout(sample="s32")) == (-0x40000000).to_bytes(4, "little", signed=True)
    assert spoken(half, Layout(sample="s24")) == (-0x400000).to_bytes(4, "little", signed=True)
    assert spoken(half, Layout(sample="s24in3")) == (-0x400000).to_bytes(3, "little", signed=True)
    assert spoken(half, Layout(sample="float")) == array("f", [-0.5]).tobytes()


def test_a_float_that_is_too_loud_saturates():
    loud = array("f", [2.0, -2.0, 1.0, -1.0]).tobytes()
    assert array("h", heard(loud, Layout(sample="float"), 0)).tolist() == [32767, -32768, 32767, -32768]


def test_one_channel_of_an_array_is_picked_and_none_is_their_mean():
    frames = array("h", [100, -300, 1000, 200, 32767, 32767]).tobytes()
    layout = Layout(16_000, 3)
    assert array("h", heard(frames, layout, 1)).tolist() == [-300, 32767]
    assert array("h", Inward(layout, fmt=Format(16_000)).feed(frames)).tolist() == [266, 21911]


def sine(rate_hz, hz, seconds):
    return array(
        "h", (round(8000 * math.sin(2 * math.pi * hz * n / rate_hz)) for n in range(int(rate_hz * seconds)))
    ).tobytes()


@pytest.mark.parametrize("rate_hz", [48_000, 44_100, 16_000])
def test_what_a_device_hears_is_edgeds_sound_whatever_it_has(rate_hz):
    layout = Layout(rate_hz, 2, "s32")
    inward = Inward(layout, channel=1)
    frames = spoken(sine(rate_hz, 440, 1.0), layout)
    pieces = [layout.frames_of(ms) * layout.frame_bytes for ms in (20, 7, 80)]
    sound, at = b"", 0
    for piece in itertools.cycle(pieces):
        if at >= len(frames):
            break
        sound += inward.feed(frames[at : at + piece])
        at += piece
    assert len(sound) / 48_000 == pytest.approx(1.0, abs=0.005)
    samples = array("h", sound)[2400:-2400]
    crossings = sum(a < 0 <= b for a, b in pairwise(samples))
    assert crossings == pytest.approx(440 * len(samples) / 24_000, abs=1)
