"""The microphone at which somebody speaks is found by how far its level rises above its own noise."""

from edged.audio.capture.level_meter import SoundLevel
from edged.audio.capture.spoken import Spoken


def level(dbfs):
    return SoundLevel(dbfs, dbfs, clipped=False)


def heard(noise, speech, windows=20):
    found = Spoken()
    for name, dbfs in noise.items():
        for _ in range(10):
            found.quiet(name, level(dbfs))
    for at in range(windows):
        for name, dbfs in speech.items():
            found.heard(name, level(dbfs if at % 3 else noise[name]))  # pauses between the words
    return found


def test_the_one_that_rises_is_it_and_not_the_one_that_is_loud_all_the_time():
    found = heard({"stick": -70, "fan": -20}, {"stick": -30, "fan": -19})
    assert (found.one, found.fitting) == ("stick", ["stick"])


def test_the_nearer_one_of_two_that_hear_it():
    assert heard({"near": -70, "camera": -70}, {"near": -25, "camera": -40}).one == "near"


def test_two_that_hear_it_alike_are_not_guessed_at():
    found = heard({"a": -70, "b": -70}, {"a": -30, "b": -32})
    assert (found.one, found.fitting) == (None, ["a", "b"])


def test_a_knock_a_whisper_and_silence_are_no_speech():
    assert heard({"a": -70}, {"a": -20}, windows=6).one is None
    assert heard({"a": -90}, {"a": -60}).one is None
    assert heard({"a": -70}, {"a": -70}).one is None
    assert Spoken().one is None
