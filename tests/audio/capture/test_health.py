"""A dead microphone and an empty press are refused; everything that may be speech is not."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edged.local
from edged.audio.capture.health import Fitness, Health, HealthVerdict
from edged.audio.devices.wav import read_wav

RATE = 24_000
FULL = 32_767
CLIPS = sorted(Path(edged.local.__file__).parent.glob("clips/*.wav"))


def noise(dbfs, seconds, seed=0):
    """The noise of a room: white, with the level of a sine of `dbfs`."""
    return (
        np.random.default_rng(seed).normal(size=round(RATE * seconds)) * FULL / np.sqrt(2) * 10 ** (dbfs / 20)
    )


def speech(dbfs, clip="question"):
    """Somebody who speaks at this mean level."""
    sound = np.frombuffer(read_wav(next(path for path in CLIPS if path.stem == clip)), np.int16).astype(float)
    return sound / np.sqrt(np.mean(sound**2)) * FULL / np.sqrt(2) * 10 ** (dbfs / 20)


def judged(sound, health=None, piece=1920):
    health = health or Health()
    raw = np.clip(np.round(sound), -32768, FULL).astype(np.int16).tobytes()
    health.begin()
    for at in range(0, len(raw), piece):
        health.hear(raw[at : at + piece])
    return health.verdict()


def acquainted(dbfs):
    """Judged in a room in which nothing happened before."""
    health = Health()
    judged(noise(dbfs, 2), health)
    return health


DEAD = HealthVerdict("microphone_silent", dead=True)
STUCK = HealthVerdict("microphone_stuck", dead=True)


@pytest.mark.parametrize(
    ("sound", "verdict"),
    [
        (np.zeros(RATE), DEAD),
        (np.zeros(0), DEAD),
        (np.random.default_rng(1).integers(-1, 2, RATE), DEAD),  # the last bit of a converter
        (np.full(RATE, 12_000), STUCK),
        (np.full(RATE, -32_768), STUCK),
        (np.full(RATE, 3), STUCK),
        (np.full(RATE, 9_000) + noise(-80, 1), STUCK),
        (noise(-80, 1), HealthVerdict("speech_too_quiet", dead=True)),
        (speech(-90), HealthVerdict("speech_too_quiet", dead=True)),
    ],
    ids=[
        "zeros",
        "nothing",
        "last bit",
        "stuck",
        "stuck at the rail",
        "stuck low",
        "offset",
        "noise",
        "whisper",
    ],
)
def test_a_microphone_that_hears_nothing_is_not_asked_about(sound, verdict):
    assert judged(sound) == verdict


@pytest.mark.parametrize("room", [-75, -65, -55])
@pytest.mark.parametrize("seconds", [0.4, 1, 10])
def test_a_press_in_a_quiet_room_without_a_word_is_not_asked_about(room, seconds):
    health = acquainted(room)
    health.fitness = Fitness(refuse_below_dbfs=-90)
    assert judged(noise(room, seconds, 99), health) == HealthVerdict("nothing_said")


@pytest.mark.parametrize("clip", [path.stem for path in CLIPS])
@pytest.mark.parametrize(
    "dbfs", [-60, pytest.param(-45, marks=pytest.mark.slow), pytest.param(-20, marks=pytest.mark.slow)]
)
def test_every_word_is_sent_however_short_and_soft(clip, dbfs):
    """Without sound before and after it, in a room that is 10 dB quieter."""
    said = speech(dbfs, clip)
    assert judged(said + noise(dbfs - 10, len(said) / RATE), acquainted(dbfs - 10)).refused is None
    # nor in a room that was never heard before
    assert judged(said + noise(dbfs - 10, len(said) / RATE)).refused is None


def test_speech_just_above_the_noise_is_sent():
    said = np.concatenate([np.zeros(RATE // 3), speech(-50)])
    assert judged(said + noise(-53, len(said) / RATE), acquainted(-53)).refused is None


def test_where_it_is_loud_nothing_is_taken_for_silence():
    assert judged(noise(-35, 2), acquainted(-35)).refused is None


def test_a_click_of_the_button_is_no_speech():
    sound = noise(-65, 1)
    sound[2000:2300] += 300 * np.sin(np.arange(300) / 4)
    assert judged(sound, acquainted(-65)) == HealthVerdict("nothing_said")


def test_an_empty_press_is_asked_about_if_so_configured():
    assert judged(noise(-60, 1), Health(Fitness(refuse_empty=False))) == HealthVerdict(
        None, ("speech_faint",)
    )


def test_what_is_bad_about_speech_is_told_and_it_is_sent():
    assert judged(speech(-26)) == HealthVerdict()
    assert judged(speech(-6)) == HealthVerdict(None, ("speech_clipped",))
    assert judged(speech(-66)) == HealthVerdict(None, ("speech_faint",))
    assert judged(speech(-26) + 3000) == HealthVerdict(None, ("microphone_offset",))


def test_the_thresholds_are_the_configured_ones():
    bold = Fitness(refuse_below_dbfs=-100, warn_below_dbfs=-100, warn_clipped_percent=100, refuse_empty=False)
    for sound in (speech(-6), speech(-66), noise(-80, 1)):
        assert judged(sound, Health(bold)) == HealthVerdict()
    assert judged(np.zeros(RATE), Health(bold)) == DEAD
    assert judged(speech(-56), Health(Fitness(refuse_below_dbfs=-50))).refused == "speech_too_quiet"


def test_a_microphone_that_is_not_there_is_not_judged():
    assert judged(np.zeros(RATE), Health(Fitness(judged=False))) == HealthVerdict()


def test_an_utterance_is_judged_by_itself():
    health = Health()
    assert judged(np.zeros(RATE), health) == DEAD
    assert judged(speech(-26), health) == HealthVerdict()
    assert judged(np.zeros(RATE), health) == DEAD


@pytest.mark.slow
@given(st.integers(1, 4000).map(lambda samples: samples * 2), st.sampled_from(["question", "1", "word"]))
def test_the_size_of_the_blocks_changes_nothing(piece, clip):
    sound = speech(-50, clip) + noise(-60, len(speech(-50, clip)) / RATE)
    whole, pieces = Health(), Health()
    assert judged(sound, whole, len(sound) * 2) == judged(sound, pieces, piece)
    assert pieces.loudest_dbfs == whole.loudest_dbfs


@pytest.mark.parametrize("dbfs", [-60, -20, -3, 0])
def test_a_level_is_that_of_a_sine(dbfs):
    health = Health()
    judged(FULL * 10 ** (dbfs / 20) * np.sin(2 * np.pi * 1000 / RATE * np.arange(RATE)), health)
    assert health.loudest_dbfs == pytest.approx(dbfs, abs=0.05)
