"""Which backend a configuration chooses."""

import pytest

from edged.app import sound
from edged.audio.devices import alsa, present
from edged.audio.devices.null import NullMicrophone
from edged.config.model import MicrophoneConfig, SpeakerConfig
from edged.errors import DeviceError
from instruments.lab.pace import LoopPace


def pace(name):
    return LoopPace(None)


def test_a_backend_that_is_named_is_taken():
    for backend in ("alsa", "pyaudio", "sounddevice", "wav", "null"):
        assert sound.chosen(backend) == backend
    assert isinstance(sound.microphone(MicrophoneConfig(backend="null"), pace), NullMicrophone)
    assert isinstance(
        sound.microphone(MicrophoneConfig(backend="alsa", channel=2), pace), alsa.AlsaMicrophone
    )
    assert isinstance(sound.speaker(SpeakerConfig(backend="alsa", device=("a", "b")), pace), alsa.AlsaSpeaker)


def test_a_file_that_is_not_there_is_the_business_of_the_start():
    """A device error is normally tried again. Here it would end the process, or a reload without an answer."""
    microphone = sound.microphone(MicrophoneConfig(backend="wav", file="/nowhere/speech.wav"), pace)
    with pytest.raises(DeviceError, match="/nowhere/speech"):
        microphone.start(lambda block: None, lambda error: None)


@pytest.mark.parametrize(
    ("present", "backend"),
    [
        ([present.Card(0, "Jabra", "Jabra", microphones=(0,), speakers=(0,))], "alsa"),
        (
            [present.Card(0, "hdmi", "HDMI", speakers=(0,)), present.Card(1, "Mic", "Mic", microphones=(0,))],
            "alsa",
        ),
        ([present.Card(0, "hdmi", "HDMI", speakers=(0,))], "another"),
        ([], "another"),
    ],
)
def test_the_machine_decides_what_auto_is(monkeypatch, present, backend):
    """ALSA, if there is a card that hears and a card that speaks."""
    monkeypatch.setattr(alsa, "cards", lambda: present)
    if backend == "alsa":
        assert sound.chosen("auto") == "alsa"
        assert sound.is_real()
    else:
        assert not alsa.available()
        assert sound.chosen("auto") in {"alsa", "pyaudio", "sounddevice"}
