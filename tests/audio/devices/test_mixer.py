"""A card's own volume: PulseAudio's control, as libasound sees it."""

import re

import pytest

from edged.audio.devices import libasound
from edged.audio.devices.mixer import CaptureMixer, Mixer
from edged.errors import DeviceError
from tests.audio.devices.cards.rig import Spec, Stream

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
    Mixer("Master").set(wanted, "speaker")
    assert volume(room) == seen


@pytest.mark.pulse
def test_a_control_that_is_not_there_is_told_with_those_that_are(room):
    with pytest.raises(DeviceError, match=r"speaker has no control 'Masters'; it has 'Master'$") as caught:
        Mixer("Masters").set(50, "speaker")
    assert caught.value.cause == "mixer_lost"


@pytest.mark.pulse
def test_a_gain_needs_a_control_with_a_scale_in_db(room):
    mixer = CaptureMixer("Capture")
    with pytest.raises(DeviceError, match=r"'Capture' has no scale in dB|has no control 'Capture'") as caught:
        mixer.set_gain(6, "speaker")
    assert caught.value.cause == "mixer_lost"


@pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
@pytest.mark.parametrize("card", ["hw:77", "hw:CARD=Nowhere", ""])
def test_a_card_that_is_not_there_is_told_as_the_mixers_trouble(card):
    with pytest.raises(DeviceError, match=card or "has no mixer") as caught:
        Mixer("Master").set(50, card)
    assert caught.value.cause == "mixer_lost"


CONTROLS = ("Speaker Playback Volume", "Speaker Playback Switch", "Mic Capture Volume", "Mic Capture Switch")
ALIKE = (
    Spec("First Card", Stream(), Stream(), ("1111", "2222", ""), id="First", controls=CONTROLS),
    Spec(
        "Second Card", Stream(), Stream(), ("1111", "3333", ""), id="Second", controls=CONTROLS, port="1-1.4"
    ),
)


def test_of_two_cards_with_the_same_controls_the_named_one_is_set(rig):
    machine = rig(*ALIKE)
    Mixer("Speaker").set(50, "hw:CARD=Second")
    assert CaptureMixer("Mic").set_gain(-20, "hw:CARD=Second") == 0
    assert machine.levels("Second") == {
        "Speaker Playback Volume": 80,  # ten dB below the maximum, in steps of half a dB
        "Speaker Playback Switch": 1,
        "Mic Capture Volume": 60,
        "Mic Capture Switch": 1,
    }
    assert machine.levels("First") == {}


def test_what_lies_beyond_the_scale_of_the_card_is_left_to_software(rig):
    machine = rig(*ALIKE)
    assert CaptureMixer("Mic").set_gain(6, "hw:CARD=First") == 6
    assert machine.levels("First")["Mic Capture Volume"] == 100
