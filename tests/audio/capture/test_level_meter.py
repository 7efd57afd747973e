from array import array
from math import pi, sin

from hypothesis import given
from hypothesis import strategies as st

from edged import pcm
from edged.audio.capture.level_meter import NEVER_DBFS, LevelHistory, LevelMeter, SoundLevel, measured

RATE = pcm.PCM16.rate_hz


def sine(amplitude, ms=100, offset=0):
    n = RATE * ms // 1000
    return array("h", (round(offset + amplitude * sin(2 * pi * 1000 * i / RATE)) for i in range(n))).tobytes()


def test_a_full_scale_sine_is_0_dbfs_and_half_of_it_6_less():
    full = measured(sine(pcm.FULL_SCALE))
    assert (full.rms_dbfs, full.peak_dbfs, full.clipped) == (0.0, 0.0, True)
    half = measured(sine(pcm.FULL_SCALE // 2))
    assert (half.rms_dbfs, half.peak_dbfs, half.clipped) == (-6.0, -6.0, False)


def test_silence_is_below_everything_and_an_offset_does_not_count():
    assert measured(bytes(4800)) == SoundLevel(NEVER_DBFS, NEVER_DBFS, clipped=False)
    assert measured(b"") == SoundLevel(NEVER_DBFS, NEVER_DBFS, clipped=False)
    assert measured(sine(1000, offset=5000)).rms_dbfs == measured(sine(1000)).rms_dbfs


@given(st.lists(st.integers(0, 3000), max_size=30))
def test_the_windows_do_not_depend_on_the_pieces(sizes):
    sound = sine(3000, 1000)
    pieces, at = [], 0
    for size in sizes:
        pieces.append(sound[at : at + size * pcm.SAMPLE_BYTES])
        at += size * pcm.SAMPLE_BYTES
    meter, whole = LevelMeter(), LevelMeter()
    found = [level for piece in [*pieces, sound[at:]] for level in meter.feed(piece)]
    assert found == whole.feed(sound)
    assert len(found) == 10


def test_the_peak_is_held_and_the_floor_is_that_of_the_quiet_moments():
    history = LevelHistory()
    assert (history.peak_dbfs, history.floor_dbfs) == (NEVER_DBFS, NEVER_DBFS)
    for at in range(50):
        history.add(
            SoundLevel(-20.0, -10.0, clipped=True) if at == 5 else SoundLevel(-60.0, -50.0, clipped=False)
        )
        if at == 20:
            assert history.peak_dbfs == -10.0
    assert (history.peak_dbfs, history.floor_dbfs) == (-50.0, -60.0)
    assert (history.loudest_dbfs, history.clipped) == (-20.0, 1)
