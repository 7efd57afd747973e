"""The judge of leaks must not be blind: it finds short and quiet pieces, and none where there is none."""

import numpy as np
import pytest

from edged.audio.playout.cues import render
from edged.causes import Cue
from edged.local.voice import long_speech
from instruments.lab.acoustics import NOISE_DBFS, amplitude, impulse
from instruments.lab.leaks import WINDOWS_MS, likeness, most

RATE = 24_000
SILENCES = 60


def samples(sound):
    return np.frombuffer(sound, "<i2").astype(float)


def at(level_dbfs, sound):
    return sound / np.sqrt(np.mean(sound**2)) * amplitude(level_dbfs)


@pytest.fixture(scope="module")
def random():
    return np.random.default_rng(1)


@pytest.fixture(scope="module")
def sounds(random):
    """An answer of noise, one of speech, and a cue of 60 ms, each with the way to the microphone."""
    answers = {
        "noise": random.standard_normal(RATE),
        "speech": samples(long_speech(1.0).pcm),
        "cue": samples(render(Cue.DONE)),
    }
    way = impulse(random, RATE, delay_ms=3, level_db=0, tail_ms=150)
    return {name: (at(-20, sound), np.convolve(at(-20, sound), way)) for name, sound in answers.items()}


def quiet(random, seconds=1.0):
    return random.standard_normal(round(seconds * RATE)) * amplitude(NOISE_DBFS)


@pytest.fixture(scope="module")
def limit(random, sounds):
    every = [sound for pair in sounds.values() for sound in pair]
    return most(likeness(quiet(random), every, RATE) for _ in range(SILENCES))


def found(said, pair, limit):
    alike = likeness(np.rint(said), [np.rint(sound) for sound in pair], RATE)
    return any(alike[ms] > limit[ms] for ms in WINDOWS_MS)


@pytest.mark.parametrize("name", ["noise", "speech"])
@pytest.mark.parametrize("place_ms", [0, 33, 500, 980])
def test_it_finds_20_ms_of_an_answer_at_a_tenth_of_its_level(random, sounds, limit, name, place_ms):
    dry, echo = sounds[name]
    said, n, first = quiet(random), RATE // 50, place_ms * 24
    loud = int(np.argmax(np.convolve(dry**2, np.ones(n), "valid")))
    said[first : first + n] += 0.1 * echo[loud : loud + n]
    assert found(said, (dry, echo), limit)


def test_it_finds_a_cue_of_60_ms(random, sounds, limit):
    dry, echo = sounds["cue"]
    for level in (1.0, 0.1, 0.03):
        said = quiet(random)
        said[: len(echo)] += level * echo
        assert found(said, (dry, echo), limit), level


def test_it_finds_the_tail_of_a_room_without_the_sound_itself(random, sounds, limit):
    dry, echo = sounds["noise"]
    tail = echo[len(dry) :]
    said = quiet(random)
    said[: len(tail) // 2] += tail[: len(tail) // 2]
    assert found(said, (dry, echo), limit)
    assert not found(
        said, (dry,), {ms: 2 * most for ms, most in limit.items()}
    )  # the sound alone would not do


def test_it_finds_a_piece_just_before_a_voice_begins(random, sounds, limit):
    dry, echo = sounds["noise"]
    said = quiet(random)
    said[: RATE // 50] += 0.1 * echo[1000 : 1000 + RATE // 50]
    said[RATE // 25 :] *= 100
    assert found(said, (dry, echo), limit)


def test_it_finds_nothing_in_a_room_or_in_a_voice(random, sounds, limit):
    wrong = [
        name
        for name, pair in sounds.items()
        for loud in (1, 100)
        if found(
            np.concatenate([quiet(random, 0.4), loud * quiet(random, 0.4)]),
            pair,
            {ms: 1.15 * limit[ms] for ms in limit},
        )
    ]
    assert not wrong


def test_no_sound_and_no_utterance_are_like_nothing(random):
    nothing = dict.fromkeys(WINDOWS_MS, 0.0)
    assert likeness(quiet(random), [np.zeros(100)], RATE) == nothing
    assert likeness(np.zeros(0), [quiet(random)], RATE) == nothing
    assert likeness(np.zeros(RATE), [quiet(random)], RATE) == nothing
