"""Real PyAudio, over PulseAudio's null sinks."""

import math
import queue
import threading
import wave
from array import array

import numpy as np
import pytest

from edged import pcm
from edged.audio.playout.jitter import JitterBuffer
from edged.audio.playout.playout import Playout
from edged.errors import DeviceError
from edged.wire import Part
from tests.audio.devices.test_contract import IN_TIME_S, Sound, never

pytestmark = pytest.mark.pulse
TONE_HZ = 440


def tone(seconds, level=12_000):
    n = round(24_000 * seconds)
    return array(
        "h", (round(level * math.sin(2 * math.pi * TONE_HZ * i / 24_000)) for i in range(n))
    ).tobytes()


def pitch(sound):
    """The strongest frequency in Hz."""
    samples = np.frombuffer(sound, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * 24_000 / len(samples)


def loud(sound):
    """Where it sounds: (first, last) sample above a tenth of the tone's level."""
    where = np.flatnonzero(np.abs(np.frombuffer(sound, "<i2").astype(int)) > 1200)
    return (int(where[0]), int(where[-1])) if len(where) else None


def test_a_tone_played_into_the_microphone_is_heard_without_a_gap(pulse, tmp_path):
    from edged.audio.devices.portaudio import PyAudioMicrophone

    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(tone(2.0))
    microphone, blocks = PyAudioMicrophone("mic"), queue.Queue()
    microphone.start(blocks.put, never)
    blocks.get(timeout=IN_TIME_S)
    pulse.play(str(tmp_path / "tone.wav"))
    heard = b"".join(blocks.get(timeout=IN_TIME_S) for _ in range(200))
    microphone.stop()
    first, last = loud(heard)
    assert 1.9 < (last - first) / 24_000 < 2.1
    assert pitch(heard[2 * first : 2 * last]) == pytest.approx(TONE_HZ, abs=2)


def test_an_answer_comes_out_of_the_speaker_whole(pulse):
    from edged.audio.devices.portaudio import PyAudioSpeaker

    playout = Playout(JitterBuffer(), notify=lambda: None)
    speaker, record = PyAudioSpeaker("speaker"), pulse.record()
    speaker.start(playout, never)
    assert 0 < speaker.latency_ms < 1000
    playout.push(Part("item", 0), tone(1.5))
    playout.end()
    heard = record(3.0)
    speaker.stop()
    first, last = loud(heard)
    assert (last - first) / 24_000 == pytest.approx(1.5, abs=0.1)
    assert pitch(heard[2 * first : 2 * last]) == pytest.approx(TONE_HZ, abs=2)


def test_when_the_sound_server_goes_both_are_lost(pulse):
    from edged.audio.devices.portaudio import PyAudioMicrophone, PyAudioSpeaker

    microphone, blocks, lost = PyAudioMicrophone("mic"), queue.Queue(), queue.Queue()
    microphone.start(blocks.put, lost.put)
    blocks.get(timeout=IN_TIME_S)
    pulse.stop()
    error = lost.get(timeout=IN_TIME_S)
    assert error.cause == "microphone_lost"
    # In about one of ten cases, PortAudio's own thread waits for a server that is gone, and this does not
    # return. The keeper's deadline ends such a process.
    threading.Thread(target=microphone.stop, daemon=True).start()
    with pytest.raises(DeviceError, match=r"speaker\.device"):
        PyAudioSpeaker("speaker").start(Sound(), never)


def test_a_device_that_is_not_there_is_an_error_that_names_those_that_are(pulse, capfd):
    from edged.audio.devices.portaudio import PyAudioMicrophone, PyAudioSpeaker, available

    assert available()
    for adapter, start, cause in (
        (PyAudioMicrophone("Bogus"), queue.Queue().put, "microphone_lost"),
        (PyAudioSpeaker("Bogus"), Sound(), "speaker_lost"),
    ):
        with pytest.raises(
            DeviceError, match=r"cannot find .* 'Bogus'; there are: .*'(mic|speaker)'"
        ) as caught:
            adapter.start(start, never)
        assert caught.value.cause == cause
        adapter.stop()
    assert capfd.readouterr().err == ""  # the library's messages stay out of the log


def test_the_default_device_is_found(pulse):
    from edged.audio.devices.portaudio import PyAudioMicrophone

    microphone, blocks = PyAudioMicrophone(), queue.Queue()
    microphone.start(blocks.put, never)
    assert len(blocks.get(timeout=IN_TIME_S)) == pcm.PCM16.bytes_of(20)
    microphone.stop()


def test_a_bug_in_what_takes_the_sound_is_raised_by_the_thread_that_watches(pulse, monkeypatch, capfd):
    from edged.audio.devices.portaudio import PyAudioMicrophone

    raised = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.put((args.exc_type, args.thread.name)))
    microphone = PyAudioMicrophone("mic")
    microphone.start(lambda block: 1 / 0, never)
    assert raised.get(timeout=IN_TIME_S) == (ZeroDivisionError, "microphone-watch")
    microphone.stop()
    assert raised.empty()
    assert "Traceback" not in capfd.readouterr().err
