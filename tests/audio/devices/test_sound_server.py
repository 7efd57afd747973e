"""A sound server that cannot be reached, that dies in use, and that comes back."""

import errno
import queue

import pytest

from edged.app.opened_log import OpenedLog
from edged.audio.devices import libasound
from edged.audio.devices.alsa import AlsaSpeaker
from edged.audio.devices.alsa_open import open_first
from edged.audio.devices.errnos import at_server
from edged.audio.devices.present import cards
from edged.audio.devices.sound_server import BACK_WITHIN_S, STARTS_WITHIN_S, ServerMemory
from edged.causes import CAUSES
from edged.errors import DeviceError
from tests.audio.conftest import Pulse
from tests.audio.devices.cards.rig import Spec, Stream
from tests.audio.devices.test_cards import SECOND, counted, listen
from tests.audio.devices.test_contract import IN_TIME_S, Sound, never

pytestmark = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
WAYS = pytest.mark.parametrize("what", ["microphone", "speaker"])
BUSY = Spec("Busy USB", Stream(open_errno=errno.EBUSY), Stream(open_errno=errno.EBUSY), ("0d8c", "0016", ""))
# What the packages libasound2-plugins and pipewire-alsa say: the device of the desktop's server is the default.
NOWHERE = (
    'pcm.pulse {{ type pulse server "unix:{folder}/none" }}\npcm.!default {{ type plug slave.pcm pulse }}\n'
)
PIPEWIRE = "pcm.pipewire { type pipewire }\npcm.!default { type pipewire }\n"


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def opened(machine, what, *names, server=None):
    present = cards(machine.proc, machine.sys)
    return open_first(what, names, period_ms=20, rate_hz=24_000, present=present, server=server)


@pytest.fixture
def desktop(rig, tmp_path):
    """Makes a machine with these cards, whose default is a PulseAudio that this process cannot reach."""
    return lambda *specs: rig(*specs, more=NOWHERE.format(folder=tmp_path))


# -- a server that cannot be reached ---------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize("name", ["default", "pulse"])
def test_after_a_server_that_cannot_be_reached_comes_the_card_of_the_default(desktop, caplog, what, name):
    machine = desktop(SECOND)
    found = opened(machine, what, name)
    if what == "microphone":
        sound = listen(found.device)
        assert sound == counted(len(sound))
    found.device.close()
    assert found.device.name == "hw:CARD=Card,DEV=0"
    report = OpenedLog(what)
    with caplog.at_level("INFO"):
        report.opened(found.about)
        report.opened(found.about)
    (line,) = caplog.records
    assert line.levelname == "WARNING"
    assert line.edged["cause"] == "sound_server"
    assert line.edged["name"] == "hw:CARD=Card,DEV=0"
    said = line.getMessage()
    assert (
        "no sound server can be reached, so edged uses a card: opened 'hw:CARD=Card,DEV=0' (Second Card)"
        in said
    )
    assert "the sound server PulseAudio cannot be reached" in said
    assert CAUSES["sound_server"].remedy in said


@WAYS
@pytest.mark.parametrize("name", ["default", "pulse"])
def test_without_a_card_the_server_is_the_cause(desktop, what, name):
    with pytest.raises(DeviceError, match="the sound server PulseAudio cannot be reached") as caught:
        opened(desktop(), what, name)
    assert caught.value.cause == "sound_server"
    assert "there is not a card" in str(caught.value)


def test_the_names_of_the_configuration_come_before_the_cards_of_the_default(desktop):
    machine = desktop(SECOND, Spec("Third", Stream(), Stream(), ("3333", "2222", ""), port="1-1.5"))
    found = opened(machine, "speaker", "pulse", "usb:3333:2222")
    found.device.close()
    assert found.device.name == "hw:CARD=Third,DEV=0"


def test_two_cards_that_are_equally_good_are_not_guessed_after_a_server_either(desktop):
    machine = desktop(SECOND, Spec("Third", Stream(), Stream(), ("3333", "2222", ""), port="1-1.5"))
    with pytest.raises(DeviceError, match=r"there are: Card \(.*; Third \(") as caught:
        opened(machine, "microphone", "default")
    assert caught.value.cause == "sound_server"


def test_a_card_that_another_program_holds_is_the_cause_after_a_server(desktop):
    with pytest.raises(DeviceError, match=r"PulseAudio cannot be reached.*then edged tried.*busy") as caught:
        opened(desktop(BUSY), "speaker", "default")
    assert caught.value.cause == "device_busy"


@WAYS
def test_a_plug_in_that_is_not_installed_is_a_server_that_cannot_be_reached(rig, what):
    """With pipewire installed and without pipewire-alsa, some desktops still name it as the default."""
    text = PIPEWIRE.replace("pipewire", "jack").replace(
        "jack }", 'jack }\npcm_type.jack { lib "libgone.so" }', 1
    )
    machine = rig(SECOND, more=text)
    found = opened(machine, what, "default")
    found.device.close()
    assert found.about.trouble == "sound_server"
    assert "plug-in for the sound server JACK is not installed: apt-get install" in found.tried[0][1]


@pytest.mark.parametrize(
    "number", [errno.ECONNREFUSED, errno.EHOSTDOWN, errno.ENOENT, errno.EACCES, errno.ENOTSUP]
)
def test_whatever_a_plug_in_answers_the_server_is_the_cause(number):
    assert at_server(number, "PipeWire") == ("sound_server", "the sound server PipeWire cannot be reached")
    assert at_server(errno.EIO, "PipeWire").cause == "sound_server"


# -- how long edged waits for it -------------------------------------------------------------------------


def test_a_server_that_was_never_reached_is_not_waited_for():
    memory = ServerMemory({}, Clock())
    memory.missed()
    assert not memory.may_come_back


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_server_in_use_or_named_for_edged_gets_time_to_come_back(is_shared):
    clock = Clock()
    memory = ServerMemory({"PULSE_SERVER": "unix:/run/kiosk/pulse"} if is_shared else {}, clock)
    if not is_shared:
        memory.opened("PulseAudio")
    for _ in range(2):
        memory.missed()
        assert memory.may_come_back
        clock.now += (STARTS_WITHIN_S if is_shared else BACK_WITHIN_S) / 2
    assert not memory.may_come_back
    memory.opened("")  # a card
    memory.missed()
    assert not memory.may_come_back
    memory.opened("PulseAudio")
    memory.missed()
    assert memory.may_come_back


def test_while_the_server_may_come_back_no_card_is_taken(desktop):
    clock = Clock()
    machine, memory = desktop(SECOND), ServerMemory({}, clock)
    memory.opened("PulseAudio")
    with pytest.raises(DeviceError) as caught:
        opened(machine, "speaker", "default", server=memory)
    assert caught.value.cause == "sound_server"
    clock.now += BACK_WITHIN_S + 1
    found = opened(machine, "speaker", "default", server=memory)
    found.device.close()
    assert found.device.name == "hw:CARD=Card,DEV=0"


# -- a real server -----------------------------------------------------------------------------------------


@pytest.fixture
def served(pulse, rig, tmp_path, monkeypatch):
    """A machine with a card, and a PulseAudio as its default."""
    machine = rig(SECOND)
    files = f"/usr/share/alsa/alsa.conf:{machine.folder}/asound.conf:{tmp_path}/asoundrc"
    monkeypatch.setenv("ALSA_CONFIG_PATH", files)
    pulse.cards = lambda: cards(machine.proc, machine.sys)
    return pulse


@pytest.mark.pulse
@WAYS
def test_a_server_that_answers_comes_before_the_cards(served, what):
    found = open_first(what, ["default"], period_ms=20, rate_hz=24_000, present=served.cards())
    found.device.close()
    assert (found.device.name, found.device.server) == ("default", "PulseAudio")


@pytest.mark.pulse
def test_a_server_that_dies_in_use_is_the_cause_and_its_return_is_awaited(served, tmp_path):
    speaker, lost = AlsaSpeaker("speaker", present=served.cards), queue.Queue()
    speaker.start(Sound(10**9), lost.put)
    served.stop()
    error = lost.get(timeout=IN_TIME_S)
    if error.cause == "device_hung":  # the plug-in may not return if its server goes at that moment
        return
    assert error.cause == "sound_server"
    speaker.stop()
    with pytest.raises(DeviceError, match="PulseAudio cannot be reached") as caught:
        speaker.start(Sound(10**9), never)
    assert caught.value.cause == "sound_server"  # and no card
    again = Pulse(tmp_path)
    try:
        speaker.start(Sound(10**9), never)
        assert speaker.opened.name == "speaker"
        speaker.stop()
    finally:
        again.stop()
