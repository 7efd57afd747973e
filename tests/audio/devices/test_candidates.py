"""What is tried for the names in the configuration, for which of them, and why."""

import pytest

from edged.audio.devices import libasound
from edged.audio.devices.alsa_open import AlsaChooser
from edged.audio.devices.candidates import CONFIGURED, UNKNOWN, candidates, portaudio_candidates
from edged.audio.devices.present import Card
from edged.audio.ports import ALONE, Companion
from edged.errors import DeviceError

pytestmark = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")

HDMI = Card(0, "vc4hdmi0", "vc4-hdmi-0", speakers=(0,), driver="vc4-hdmi")
JACK = Card(1, "Headphones", "bcm2835 Headphones", speakers=(0,), driver="bcm2835_headpho")
JABRA = Card(2, "USB", "Jabra SPEAK 510 USB", "0b0e:0420:7", "1-1.2", (0,), (0,))
STICK = Card(3, "Device", "USB Audio Device", "1b3f:2008:", "1-1.1", (0,), (0,))
CAMERA = Card(4, "C920", "HD Pro Webcam C920", "046d:082d:9F", "1-1.4", (0,))
PI = [HDMI, JACK]


@pytest.fixture(autouse=True)
def nobody_has_configured_a_default(tmp_path, monkeypatch):
    (tmp_path / "asound.conf").write_text("")
    monkeypatch.setenv("ALSA_CONFIG_PATH", f"/usr/share/alsa/alsa.conf:{tmp_path}/asound.conf")


def found(what, wanted, present, companion=ALONE):
    return [(each.name, each.wanted, each.why) for each in candidates(what, wanted, present, companion)]


@pytest.mark.parametrize(
    ("what", "present", "whys"),
    [
        (
            "speaker",
            [*PI, JABRA],
            ["the only USB card with a speaker", "the headphone jack", "an HDMI output"],
        ),
        ("microphone", [*PI, JABRA], ["the only USB card with a microphone"]),
        ("microphone", [JABRA, CAMERA], ["the only USB card with a microphone and a speaker"]),
        ("speaker", [], [UNKNOWN]),
    ],
)
def test_the_default_says_why_it_is_each_card(what, present, whys):
    assert [why for _, _, why in found(what, ["default"], present)] == whys


LOOP = Card(0, "Loopback", "Loopback", microphones=(0, 1), speakers=(0, 1), driver="Loopback")


@pytest.mark.parametrize("present", [PI, [LOOP, JACK]])
@pytest.mark.parametrize("wanted", [["default"], ["usb:0b0e:0420", "default"]])
def test_where_no_card_is_meant_the_default_is_not_card_number_0(present, wanted):
    """It may be a card that is only software. Otherwise, it only hides that nothing is plugged in."""
    with pytest.raises(DeviceError, match=r"cannot find microphone .*'default'; there") as caught:
        candidates("microphone", wanted, present)
    assert caught.value.cause == "microphone_lost"


def test_a_default_that_somebody_configured_is_told_as_such(tmp_path):
    (tmp_path / "asound.conf").write_text("pcm.!default { type null }")
    assert found("speaker", ["default"], PI)[0] == ("default", "default", CONFIGURED)


def test_each_device_is_tried_once_and_for_the_first_name_that_means_it():
    assert found("speaker", ["usb:0b0e:0420", "default"], [JACK, JABRA]) == [
        ("hw:CARD=USB,DEV=0", "usb:0b0e:0420", ""),
        ("hw:CARD=Headphones,DEV=0", "default", "the headphone jack"),
    ]


def test_a_name_that_stands_for_nothing_keeps_its_place():
    missing, jack, _ = candidates("speaker", ["usb:dead:beef", "default"], PI)
    assert (missing.name, jack.name) == ("usb:dead:beef", "hw:CARD=Headphones,DEV=0")
    assert str(missing.missing) == "cannot find speaker 'usb:dead:beef'"
    assert missing.missing.cause == "speaker_lost"


def test_names_that_all_stand_for_nothing_are_one_error_with_the_cards_that_are_there():
    with pytest.raises(DeviceError, match=r"'usb:dead:beef', 'Nobody'; there are: vc4hdmi0 .*; Headphones"):
        candidates("speaker", ["usb:dead:beef", "Nobody"], PI)


@pytest.mark.parametrize(
    ("companion", "first"),
    [
        (ALONE, None),  # two USB cards: ambiguous
        (Companion(("usb:1b3f:2008",)), "hw:CARD=Device,DEV=0"),
        (Companion(("usb:1b3f:2008",), card="USB"), "hw:CARD=USB,DEV=0"),  # it is open on another card
        (Companion(("usb:dead:beef", "usb:0b0e:0420")), "hw:CARD=USB,DEV=0"),
        (Companion(("default",)), None),
    ],
)
def test_the_default_speaker_is_where_the_microphone_is_open_and_else_where_its_names_are(companion, first):
    if first is None:
        with pytest.raises(DeviceError, match="fits more than one card"):
            found("speaker", ["default"], [*PI, JABRA, STICK], companion)
    else:
        name, _, why = found("speaker", ["default"], [*PI, JABRA, STICK], companion)[0]
        assert (name, why) == (first, "the card that the microphone is on")


def test_a_microphone_that_has_no_speaker_beside_it_decides_nothing():
    companion = Companion(card="C920")
    assert found("speaker", ["default"], [HDMI, CAMERA, JABRA], companion)[0][0] == "hw:CARD=USB,DEV=0"


LISTED = (
    "vc4-hdmi-0: MAI PCM (hw:0,0)",
    "bcm2835 Headphones: - (hw:1,0)",
    "Jabra: USB Audio (hw:2,0)",
    "default",
)


def test_portaudios_default_is_the_same_card():
    each = portaudio_candidates("speaker", ["default"], LISTED, [*PI, JABRA], ALONE)
    assert [(one.name, one.why) for one in each] == [
        (LISTED[2], "the only USB card with a speaker"),
        (LISTED[1], "the headphone jack"),
        (LISTED[0], "an HDMI output"),
    ]


def test_without_cards_it_is_portaudios_own():
    (only,) = portaudio_candidates("speaker", ["default"], LISTED, [], ALONE)
    assert (only.name, only.wanted) == ("default", "default")


def test_a_name_that_portaudio_does_not_list_keeps_its_place():
    missing, jack = portaudio_candidates("speaker", ["Nobody", "Headphones"], LISTED, PI, ALONE)
    assert (missing.name, str(missing.missing)) == ("Nobody", "cannot find speaker 'Nobody'")
    assert jack.name == LISTED[1]


class Plugs:
    """The cards that are plugged in, and a chooser whose devices need not be opened."""

    def __init__(self, what, *wanted):
        self.present = []
        self.chooser = AlsaChooser(what, wanted, lambda: list(self.present))

    def opened(self, name, *failed):
        self.chooser.remember(name, failed)


@pytest.mark.parametrize(
    ("opened", "failed", "better"),
    [
        ("hw:CARD=vc4hdmi0,DEV=0", (), True),
        ("hw:CARD=vc4hdmi0,DEV=0", ("hw:CARD=USB,DEV=0",), True),  # the jack
        ("hw:CARD=vc4hdmi0,DEV=0", ("hw:CARD=USB,DEV=0", "hw:CARD=Headphones,DEV=0"), False),
        ("hw:CARD=USB,DEV=0", (), False),
    ],
)
def test_a_card_that_has_come_is_better_unless_it_failed_before(opened, failed, better):
    plugs = Plugs("speaker", "default")
    plugs.present = [*PI, JABRA]
    plugs.opened(opened, *failed)
    assert plugs.chooser.has_better() is better


def test_a_name_that_stands_first_is_better_as_soon_as_its_card_is_there():
    plugs = Plugs("speaker", "usb:0b0e:0420", "Headphones")
    plugs.present = PI
    plugs.opened("hw:CARD=Headphones,DEV=0", "usb:0b0e:0420")
    assert not plugs.chooser.has_better()
    plugs.present = [*PI, JABRA]
    assert plugs.chooser.has_better()


def test_the_default_speaker_follows_the_microphone_to_another_card():
    plugs = Plugs("speaker", "default")
    plugs.present = [*PI, JABRA, STICK]
    plugs.chooser.companion = Companion(card="USB")
    plugs.opened("hw:CARD=USB,DEV=0")
    assert not plugs.chooser.has_better()
    plugs.chooser.companion = Companion(card="Device")
    assert plugs.chooser.has_better()


def test_what_is_open_stays_where_a_second_card_makes_the_default_ambiguous():
    plugs = Plugs("speaker", "default")
    plugs.present = [*PI, JABRA]
    plugs.opened("hw:CARD=USB,DEV=0")
    plugs.present = [*PI, JABRA, STICK]
    assert not plugs.chooser.has_better()
