import asyncio
import wave
from array import array
from itertools import pairwise
from math import pi, sin
from pathlib import Path

import pytest

from edged import pcm
from edged.audio.devices.wav import WavMicrophone, WavSpeaker, read_wav
from edged.errors import DeviceError
from instruments.lab.pace import LoopPace
from tests.audio.devices.test_contract import Sound


def written(path, sound, *, channels=1, width=2, rate=24_000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(sound)
    return path


def test_a_file_is_read_as_it_is(tmp_path):
    assert read_wav(written(tmp_path / "a.wav", b"\1\2\3\4")) == b"\1\2\3\4"


@pytest.mark.parametrize("shape", [{"channels": 2}, {"width": 1}, {"rate": 16_000}])
def test_another_shape_is_refused_with_the_remedy(tmp_path, shape):
    with pytest.raises(DeviceError, match=r"sox odd\.wav -b 16 -c 1 -r 24000"):
        read_wav(written(tmp_path / "odd.wav", bytes(96), **shape))


def test_a_file_that_is_not_there_or_none_is_refused(tmp_path):
    with pytest.raises(DeviceError, match=r"microphone\.file"):
        read_wav(tmp_path / "none.wav")
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(DeviceError, match="not a WAV file"):
        read_wav(tmp_path / "text.wav")


def heard(lab_run, *, say=(), seconds=0.1, **options):
    """The blocks of a microphone that says each of `say` right after the start."""
    blocks = []

    async def main():
        microphone = WavMicrophone(LoopPace(asyncio.get_running_loop()), **options)
        microphone.start(blocks.append, lambda error: None)
        for sound in say:
            microphone.say(sound)
        await asyncio.sleep(seconds + 0.01)
        microphone.stop()

    lab_run(main())
    return blocks


def test_a_file_is_waited_for_and_said_once_when_it_is_there(lab_run, tmp_path):
    path, blocks = tmp_path / "speech.wav", []

    async def main():
        microphone = WavMicrophone(LoopPace(asyncio.get_running_loop()), speech=path)
        with pytest.raises(DeviceError, match=r"microphone\.file") as refused:
            microphone.start(blocks.append, lambda error: None)
        assert refused.value.cause == "microphone_lost"
        written(path, b"\1\2" * 480)
        for _ in range(2):
            microphone.start(blocks.append, lambda error: None)
            await asyncio.sleep(0.05)
            microphone.stop()

    lab_run(main())
    assert b"".join(blocks) == (b"\1\2" * 480).ljust(960 * 4, b"\0")


def test_what_is_said_comes_once_then_silence(lab_run):
    blocks = heard(lab_run, say=[b"\1\2" * 600, b"\3\4" * 100])
    assert b"".join(blocks) == (b"\1\2" * 600 + b"\3\4" * 100).ljust(960 * 5, b"\0")


def test_speech_given_at_the_start_is_said_first(lab_run):
    blocks = heard(lab_run, speech=b"\5\6" * 5000, say=[b"\7\7"], seconds=0.04)
    assert b"".join(blocks) == b"\5\6" * 960


def test_a_speaker_writes_what_it_takes_and_the_file_does_not_grow_at_rest(lab_run, tmp_path):
    async def main():
        speaker, source = (
            WavSpeaker(tmp_path / "out.wav", LoopPace(asyncio.get_running_loop())),
            Sound(960 * 50),
        )
        speaker.start(source, lambda error: None)
        await asyncio.sleep(60)
        speaker.stop()
        assert source.taken == 960 * 50

    lab_run(main())
    assert len(read_wav(tmp_path / "out.wav")) == 960 * 50


def test_a_place_that_can_not_be_written_is_an_error(tmp_path):
    speaker = WavSpeaker(tmp_path / "no" / "out.wav", LoopPace(None))
    with pytest.raises(DeviceError, match=r"speaker\.file") as caught:
        speaker.start(Sound(), lambda error: None)
    assert caught.value.cause == "speaker_lost"
    speaker.stop()


def test_a_full_disk_is_a_lost_speaker_that_can_be_stopped(lab_run):
    async def main():
        lost, source = [], Sound(96_000)
        speaker = WavSpeaker(Path("/dev/full"), LoopPace(asyncio.get_running_loop()))
        speaker.start(source, lost.append)
        await asyncio.sleep(3)
        assert source.finished.is_set()
        speaker.stop()
        speaker.stop()
        assert [error.cause for error in lost] == ["speaker_lost"]
        assert "`speaker.file`" in str(lost[0])

    lab_run(main())


def test_a_file_is_said_at_the_rate_that_is_wanted(lab_run, tmp_path):
    tone = array("h", (int(8000 * sin(2 * pi * 500 * n / 24_000)) for n in range(24_000)))
    path = written(tmp_path / "speech.wav", tone.tobytes())
    blocks = heard(lab_run, seconds=1.0, speech=path, fmt=pcm.Format(16_000))
    assert {len(block) for block in blocks} == {640}
    samples = array("h", b"".join(blocks))[1000:13_000]
    crossings = sum((a < 0) != (b < 0) for a, b in pairwise(samples))
    assert crossings == pytest.approx(2 * 500 * 12_000 / 16_000, abs=2)
