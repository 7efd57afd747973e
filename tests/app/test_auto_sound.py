"""`auto` chooses the backend again at each start, so that cards may come later than edged."""

import pytest

from edged.app import auto_sound, sound
from edged.app.auto_sound import AutoMicrophone, AutoSpeaker
from edged.audio.devices import alsa
from edged.audio.devices.null import NullMicrophone, NullSpeaker
from edged.audio.devices.present import Card
from edged.audio.ports import Companion, OpenDevice, Urgency
from edged.config.model import MicrophoneConfig, SpeakerConfig
from edged.errors import DeviceError
from instruments.lab.pace import LoopPace
from tests.audio.devices.test_contract import Sound, never


class Backends:
    """Makes devices that can be broken, and chooses among them as the test says."""

    def __init__(self, kind):
        self._kind, self.now, self.made, self.broken = kind, "pyaudio", {}, set()

    def make(self, backend):
        made = self.made[backend] = self._kind(self, backend)
        return made


class Either:
    """What microphone and speaker have in common."""

    latency_ms, gaps = 7, 0

    def __init__(self, backends, name):
        self._backends, self.name = backends, name
        self.calls, self.opened, self.chooser = [], None, self
        self.companion = Companion()

    def start(self, source, lost):
        if self.name in self._backends.broken:
            raise DeviceError(f"{self.name} finds nothing", "speaker_lost")
        self.calls.append("start")
        self.opened = OpenDevice(self.name, "it", 24_000)

    def stop(self):
        self.calls.append("stop")

    def set_urgency(self, urgency):
        self.calls.append(urgency)

    def has_better(self):
        return False


@pytest.mark.parametrize("kind", [AutoMicrophone, AutoSpeaker])
def test_the_backend_can_change_as_long_as_nothing_is_open(kind):
    backends = Backends(Either)
    device = kind(backends.make, lambda: backends.now)
    backends.broken = {"pyaudio"}
    with pytest.raises(DeviceError, match="pyaudio finds nothing"):
        device.start(Sound(), never)
    device.stop()
    assert device.opened is None
    backends.now = "alsa"
    device.start(Sound(), never)
    assert device.opened.backend == "alsa"
    backends.now = "pyaudio"  # what is open stays
    device.stop()
    assert backends.made["alsa"].calls[-2:] == ["start", "stop"]
    backends.broken = set()
    device.start(Sound(), never)
    assert device.opened.backend == "pyaudio"
    assert len(backends.made) == 2  # each is made once, because it remembers names


def test_the_urgency_goes_with_the_microphone_from_backend_to_backend():
    backends = Backends(Either)
    device = AutoMicrophone(backends.make, lambda: backends.now)
    device.set_urgency(Urgency.SOON)
    backends.now = "alsa"
    device.start(never, never)
    assert backends.made["alsa"].calls == [Urgency.SOON, "start"]


def test_the_microphones_card_goes_with_the_speaker_and_all_gaps_count():
    backends = Backends(Either)
    device = AutoSpeaker(backends.make, lambda: backends.now)
    device.chooser.companion = Companion(card="Jabra")
    backends.now = "alsa"
    device.start(Sound(), never)
    assert backends.made["alsa"].companion == Companion(card="Jabra")
    for at, backend in enumerate(backends.made.values()):
        backend.gaps = at + 1
    assert (device.gaps, device.latency_ms) == (3, 7)


def test_a_device_that_tells_nothing_of_itself_can_be_chosen(monkeypatch):
    plain = AutoMicrophone(lambda _: object.__new__(Plain), lambda: "plain")
    assert (plain.opened, plain.chooser, plain.gaps) == (None, None, 0)


class Plain:
    pass


def test_auto_is_chosen_at_each_start():
    assert isinstance(sound.microphone(MicrophoneConfig(), LoopPace), auto_sound.AutoMicrophone)
    assert isinstance(sound.speaker(SpeakerConfig(), LoopPace), auto_sound.AutoSpeaker)
    assert isinstance(sound.microphone(MicrophoneConfig(backend="null"), LoopPace), NullMicrophone)
    assert isinstance(sound.speaker(SpeakerConfig(backend="null"), LoopPace), NullSpeaker)


HDMI = Card(0, "vc4hdmi0", "vc4-hdmi-0", speakers=(0,))
JABRA = Card(1, "USB", "Jabra SPEAK 510 USB", microphones=(0,), speakers=(0,))


@pytest.mark.parametrize(
    ("machine", "cards", "knows_cards", "libasound", "installed", "backend"),
    [
        ("a Pi whose USB card comes later", [HDMI], True, True, ("pyaudio",), "alsa"),
        ("a computer before its first card", [], False, True, ("pyaudio",), "pyaudio"),
        ("the same with that card", [JABRA], True, True, ("pyaudio",), "alsa"),
        ("the same after it was unplugged", [], True, True, ("pyaudio",), "alsa"),
        ("a container with a sound server", [], False, True, ("sounddevice",), "sounddevice"),
        ("a container without PortAudio", [], False, True, (), "alsa"),
        ("a container whose /proc/asound is masked", [], True, True, ("pyaudio",), "alsa"),
        ("macOS", [], False, False, ("sounddevice",), "sounddevice"),
    ],
)
def test_what_auto_chooses_on_each_machine(
    monkeypatch, tmp_path, machine, cards, knows_cards, libasound, installed, backend
):
    monkeypatch.setattr(alsa, "cards", lambda: cards)
    monkeypatch.setattr(alsa, "PROC", tmp_path if knows_cards else tmp_path / "none")
    monkeypatch.setattr(alsa.libasound, "here", lambda: libasound)
    monkeypatch.setattr(sound, "find_spec", lambda name: name if name in installed else None)
    assert sound.chosen("auto") == backend, machine
