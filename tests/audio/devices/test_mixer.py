"""A card's own volume: PulseAudio's control, as libasound sees it."""

import re

import pytest

from edged.audio.devices import libasound
from edged.audio.devices.mixer import CaptureMixer, Mixer
from edged.errors import DeviceError

CONTROL = "ctl.!default { type pulse sink kiosk_speaker }\nctl.speaker { type pulse sink kiosk_speaker }\n"


@pytest.fixture
def room(pulse, tmp_path):
    """A PulseAudio whose sink is the mixer of `speaker`."""
    with (tmp_path / "asoundrc").open("a") as file:
        file.write(CONTROL)
    return pulse


def volume(pulse):
    """The state of the sink: (percent, whether it is audible)."""
    printed = pulse.run("amixer", "-D", "speaker", "get", "Master").stdout.decode()
    percent, switch = re.search(r"\[(\d+)%\] \[(on|off)\]", printed).groups()
    return int(percent), switch == "on"


@pytest.mark.pulse
@pytest.mark.parametrize(("wanted", "seen"), [(100, (100, True)), (40, (40, True)), (0, (0, False))])
def test_the_card_is_as_loud_as_was_asked(room, wanted, seen):
    Mixer("Master", ["speaker"]).set(wanted)
    assert volume(room) == seen


@pytest.mark.pulse
def test_a_control_that_is_not_there_is_told_with_those_that_are(room):
    with pytest.raises(DeviceError, match=r"speaker has no control 'Masters'; it has 'Master'$") as caught:
        Mixer("Masters", ["speaker"]).set(50)
    assert caught.value.cause == "mixer_lost"


@pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
def test_a_card_that_is_not_there_is_told_as_the_mixers_trouble():
    with pytest.raises(DeviceError, match="cannot find speaker 'usb:dead:beef'") as caught:
        Mixer("Master", ["usb:dead:beef"]).set(50)
    assert caught.value.cause == "mixer_lost"


@pytest.mark.pulse
def test_the_control_is_that_of_the_device_that_opened(room):
    mixer = Mixer("Master", ["usb:dead:beef"])
    mixer.device = "speaker"
    mixer.set(40)
    assert volume(room) == (40, True)


@pytest.mark.pulse
def test_a_gain_needs_a_control_with_a_scale_in_db(room):
    mixer = CaptureMixer("Capture", ["usb:dead:beef"])
    mixer.device = "speaker"
    with pytest.raises(DeviceError, match=r"'Capture' has no scale in dB|has no control 'Capture'") as caught:
        mixer.set_gain(6)
    assert caught.value.cause == "mixer_lost"


@pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
@pytest.mark.parametrize("device", ["Mic: Audio (hw:77,0)", "hw:CARD=Nowhere,DEV=0"])
def test_the_name_of_a_device_leads_to_its_card(device):
    mixer = CaptureMixer("Mic", ["default"])
    mixer.device = device
    with pytest.raises(DeviceError, match=r"hw:77|hw:CARD=Nowhere'"):
        mixer.set_gain(6)
