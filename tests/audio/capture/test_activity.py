"""Whether somebody speaks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import pcm
from edged.audio.capture.activity import FRAME_MS, HELD_MS, LEAST_DBFS, Activity
from edged.resample import Resampler
from instruments.bench import noises
from tests.effort import examples

ENOUGH_MS = 80


def heard(sound, activity=None):
    """The activity after one more utterance."""
    activity = activity or Activity()
    activity.begin()
    activity.feed(noises.pcm16(sound))
    return activity


def quiet_room(seconds=2.0):
    return noises.noise("white", seconds, 5, 99)


@pytest.mark.parametrize("name", noises.spoken_names())
def test_quiet_speech_is_speech(name):
    voice = noises.at_dbfs(noises.speech(name), -40)
    room = quiet_room()
    activity = heard(np.concatenate([room[:7200], voice, room[:2400]]), heard(room))
    assert activity.speech_ms >= ENOUGH_MS
    assert activity.speech_ms <= 1000 * len(voice) / noises.RATE_HZ + 2 * FRAME_MS


@pytest.mark.parametrize(
    "kind", [noises.NOISES[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in noises.NOISES[1:])]
)
@pytest.mark.parametrize("name", noises.spoken_names())
def test_speech_in_noise_is_speech(name, kind):
    assert heard(noises.said(name, kind, 5.0, 7)).speech_ms >= ENOUGH_MS


@pytest.mark.parametrize("name", noises.spoken_names())
def test_speech_without_a_pause_or_a_word_before_it_is_speech(name):
    voice = noises.at_dbfs(noises.speech(name), -40)
    assert heard(voice).speech_ms >= ENOUGH_MS  # the room is not known yet
    assert heard(voice, heard(quiet_room())).speech_ms >= ENOUGH_MS


def test_a_long_vowel_is_speech_in_a_room_that_is_known():
    t = np.arange(3 * noises.RATE_HZ) / noises.RATE_HZ
    vowel = sum(np.sin(2 * np.pi * 140 * k * t) / k for k in range(1, 20)) * 2000
    assert heard(vowel, heard(quiet_room())).speech_ms > 2800


@pytest.mark.slow
@pytest.mark.parametrize("rms", [20, 500, 8000])
@pytest.mark.parametrize("kind", noises.NOISES)
def test_even_noise_is_no_speech(kind, rms):
    for seed in range(5):
        assert heard(noises.noise(kind, 1 + 3 * seed, rms, seed)).speech_ms < ENOUGH_MS


@pytest.mark.parametrize("seed", range(10))
def test_clicks_are_no_speech(seed):
    assert heard(noises.clicks(4, 8000, seed)).speech_ms < ENOUGH_MS


@pytest.mark.parametrize("level", [0, 1, -3000, 32767])
def test_a_dead_microphone_is_no_speech(level):
    activity = heard(np.full(2 * noises.RATE_HZ, level))
    assert activity.speech_ms == 0
    assert activity.floor_dbfs == LEAST_DBFS


def test_a_room_that_has_become_louder_is_believed_after_a_few_utterances():
    activity = heard(quiet_room())
    spoken = [heard(noises.noise("fan", 2, 1000, seed), activity).speech_ms for seed in range(10)]
    assert spoken[0] > 1500  # it may be somebody who does not pause
    assert spoken[-3:] == [0, 0, 0]


def test_a_room_that_has_become_quieter_is_believed_at_once():
    activity = heard(noises.noise("fan", 2, 3000, 1))
    voice = noises.at_dbfs(noises.speech("wrote"), -45)
    assert heard(np.concatenate([quiet_room(1.0), voice]), activity).speech_ms >= ENOUGH_MS


def test_a_short_noise_is_measured_by_the_room():
    activity = heard(noises.noise("fan", 5, 1000, 1))
    assert heard(noises.noise("fan", 0.5, 900, 2), activity).speech_ms == 0
    assert heard(noises.noise("fan", 0.5, 4000, 2), activity).speech_ms > 400
    assert heard(noises.noise("fan", 0.5, 900, 2)).speech_ms == 500


def test_levels_are_those_of_a_tone():
    t = np.arange(noises.RATE_HZ) / noises.RATE_HZ
    activity = heard(32767 * np.sin(2 * np.pi * 1000 * t))
    assert activity.floor_dbfs == pytest.approx(0, abs=0.5)
    assert heard(3276.7 * np.sin(2 * np.pi * 1000 * t)).floor_dbfs == pytest.approx(-20, abs=0.5)
    assert heard(32767 * np.sin(2 * np.pi * 60 * t)).floor_dbfs < -15  # hum hardly counts


def test_how_long_somebody_spoke_is_told_to_the_frame():
    t = np.arange(noises.RATE_HZ) / noises.RATE_HZ
    tone = 3000 * np.sin(2 * np.pi * 700 * t)
    room = quiet_room(1.0)
    assert heard(np.concatenate([room, tone[: 480 * 10], room])).speech_ms == 200
    assert heard(np.concatenate([room, tone[: 24 * HELD_MS], room])).speech_ms == HELD_MS
    assert heard(np.concatenate([room, tone[: 24 * (HELD_MS - 20)], room])).speech_ms == 0


def test_nothing_at_all_is_no_speech():
    activity = Activity()
    activity.begin()
    assert (activity.speech_ms, activity.floor_dbfs) == (0, LEAST_DBFS)


ROOM = noises.pcm16(quiet_room(1.0))
SOUND = noises.pcm16(noises.said("question", "pink", 10, 1))


@examples(30)
@given(sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=200))
def test_it_does_not_matter_how_sound_is_cut(sizes):
    whole, pieces = Activity(), Activity()
    for each in (whole, pieces):
        each.feed(ROOM)  # gives a floor to judge by
    at = 0
    for size in sizes:
        piece = SOUND[at : at + size * pcm.SAMPLE_BYTES]
        pieces.feed(piece)
        at += len(piece)
    whole.feed(SOUND[:at])
    assert (whole.speech_ms, whole.floor_dbfs) == (pieces.speech_ms, pieces.floor_dbfs)


def at_rate(rate_hz, *sounds):
    """The activity of the last utterance of a microphone that delivers this rate."""
    activity = Activity(pcm.Format(rate_hz))
    for each in sounds:
        activity.begin()
        activity.feed(Resampler(noises.RATE_HZ, rate_hz).feed(noises.pcm16(each)))
    return activity


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
def test_speech_is_speech_and_noise_is_none_at_other_rates(rate_hz):
    for name in noises.spoken_names():
        assert (
            at_rate(rate_hz, quiet_room(), noises.said(name, noises.NOISES[0], 5.0, 7)).speech_ms >= ENOUGH_MS
        )
    for kind in noises.NOISES:
        assert at_rate(rate_hz, noises.noise(kind, 4, 500, 1)).speech_ms < ENOUGH_MS


def test_a_full_scale_sine_has_the_same_level_at_other_rates():
    for rate_hz in (8_000, 16_000, 24_000, 48_000):
        sine = (32_767 * np.sin(2 * np.pi * 1000 * np.arange(3 * rate_hz) / rate_hz)).astype("<i2")
        activity = Activity(pcm.Format(rate_hz))
        activity.begin()
        activity.feed(sine.tobytes())
        assert activity.floor_dbfs == pytest.approx(0, abs=1.5)


def test_a_pause_is_the_time_since_the_last_speech():
    room, voice = quiet_room(2.0), noises.at_dbfs(noises.speech("more"), -30)
    assert heard(np.concatenate([room, voice])).pause_ms < 400
    after = heard(np.concatenate([room, voice, room])).pause_ms
    assert 2000 - FRAME_MS <= after < 2400
    assert heard(room).pause_ms == 2000


def test_nothing_is_a_pause_as_long_as_no_floor_is_known():
    assert heard(quiet_room(0.9)).pause_ms == 0
    known = heard(quiet_room())
    assert heard(quiet_room(0.9), known).pause_ms == 900


def test_a_click_in_a_pause_does_not_end_it():
    room, voice = quiet_room(2.0), noises.at_dbfs(noises.speech("more"), -30)
    click = np.zeros(len(room))
    click[24_000:24_048] = 8000
    assert heard(np.concatenate([room, voice, room + click])).pause_ms >= 2000 - FRAME_MS
