import wave
from array import array

import pytest

from edged import pcm
from edged.local import clips
from edged.local.voice import ListenVoice, ParrotVoice


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (2400, "I listened for two point four seconds."),
        (1000, "I listened for one second."),
        (1100, "I listened for one point one seconds."),
        (300, "I listened for zero point three seconds."),
        (12_960, "I listened for thirteen seconds."),
        (47_500, "I listened for forty seven point five seconds."),
        (60_000, "I listened for sixty seconds."),
        (600_000, "I listened for sixty nine point nine seconds."),
    ],
)
def test_it_says_how_long_it_listened(ms, text):
    answer = ListenVoice().answer(bytes(pcm.PCM16.bytes_of(ms)))
    assert answer.transcript.startswith(text)
    assert pcm.rms(answer.pcm) > 1000


def test_every_clip_is_sound_in_the_right_shape_and_has_its_text():
    lines = [
        line.split(maxsplit=2)
        for line in clips("clips.txt").read_text().splitlines()
        if not line.startswith("#")
    ]
    names = {name for _, name, _ in lines}
    assert names == {path.stem for path in clips("x").parent.glob("*.wav")}
    for name in names:
        with wave.open(str(clips(f"{name}.wav"))) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
            sound = file.readframes(file.getnframes())
        assert 200 < pcm.PCM16.ms_of(len(sound)) < 5000
        assert 8_000 < max(map(abs, array("h", sound))) < 32_000


def test_the_questions_are_long_enough_to_be_one():
    for name in ("question.wav", "question2.wav"):
        with wave.open(str(clips(name))) as file:
            assert 2.0 <= file.getnframes() / 24_000 <= 4.0


def test_the_parrot_says_what_it_heard():
    assert ParrotVoice().answer(b"\1\2\3\4").pcm == b"\1\2\3\4"
