"""The card that `default` means: the one that a person would choose."""

from itertools import permutations

import pytest

from edged.audio.devices.candidates import candidates
from edged.audio.devices.default_card import choose
from edged.audio.devices.present import Card, shown
from edged.audio.ports import Companion
from edged.errors import DeviceError

HDMI = [Card(0, f"vc4hdmi{at}", f"vc4-hdmi-{at}", speakers=(0,), driver="vc4-hdmi") for at in (0, 1)]
JACK = Card(2, "Headphones", "bcm2835 Headphones", speakers=(0,), driver="bcm2835_headpho")
JABRA = Card(3, "USB", "Jabra SPEAK 510 USB", "0b0e:0420:7", "1-1.2", (0,), (0,))
MICROPHONE = Card(4, "Device", "USB PnP Sound Device", "08bb:2902:", "1-1.3", (0,))
WEBCAM = Card(5, "C920", "HD Pro Webcam C920", "046d:082d:9F", "1-1.4", (0,))
STICK = Card(6, "Device_1", "USB Audio Device", "1b3f:2008:", "1-1.1", (0,), (0,))
HAT = Card(7, "sndrpihifiberry", "snd_rpi_hifiberry_dac", speakers=(0,), driver="RPi-simple")
CODEC = Card(8, "seeed2micvoicec", "seeed-2mic-voicecard", microphones=(0,), speakers=(0,))
LOOP = Card(9, "Loopback", "Loopback", microphones=(0,), speakers=(0,), driver="Loopback")


@pytest.mark.parametrize(
    ("what", "present", "first"),
    [
        ("speaker", [*HDMI, JACK], JACK),
        ("speaker", [*HDMI, JACK, JABRA], JABRA),
        ("speaker", [*HDMI, HAT, MICROPHONE], HAT),
        ("speaker", [*HDMI, JACK, CODEC], CODEC),
        ("speaker", HDMI, HDMI[0]),
        ("microphone", [*HDMI, JABRA, WEBCAM], JABRA),  # a speakerphone, and a camera
        ("microphone", [*HDMI, CODEC, MICROPHONE], MICROPHONE),
        ("microphone", [*HDMI, CODEC], CODEC),
        ("speaker", [LOOP, JACK], JACK),
    ],
)
def test_a_person_would_choose_this_in_whatever_order_the_cards_start(what, present, first):
    for order in permutations(present):
        assert choose(what, list(order), None, frozenset())[0] == first


def test_the_speaker_is_where_the_microphone_is():
    assert choose("speaker", [JABRA, STICK, HAT], HAT, frozenset())[0] == HAT
    assert choose("speaker", [JABRA, STICK], STICK, frozenset())[0] == STICK


def test_a_display_makes_hdmi_better_than_the_jack(tmp_path):
    for at, said in ((1, "disconnected"), (2, "connected")):
        (tmp_path / f"card1-HDMI-A-{at}").mkdir()
        (tmp_path / f"card1-HDMI-A-{at}" / "status").write_text(f"{said}\n")
    assert shown(tmp_path) == {"vc4hdmi1"}
    assert choose("speaker", [*HDMI, JACK], None, shown(tmp_path))[0] == HDMI[1]


def test_a_pi_with_one_output_names_it_without_a_number(tmp_path):
    only = Card(0, "vc4hdmi", "vc4-hdmi", speakers=(0,), driver="vc4-hdmi")
    (tmp_path / "card0-HDMI-A-1").mkdir()
    (tmp_path / "card0-HDMI-A-1" / "status").write_text("connected\n")
    assert choose("speaker", [JACK, only], None, shown(tmp_path))[0] == only


@pytest.mark.parametrize(
    ("what", "present"),
    [("microphone", [MICROPHONE, WEBCAM]), ("microphone", [JABRA, STICK]), ("speaker", [JABRA, STICK])],
)
def test_two_that_are_equally_good_are_refused_in_every_order(what, present):
    for order in permutations(present):
        with pytest.raises(DeviceError, match="'default' fits more than one card") as caught:
            choose(what, list(order), None, frozenset())
        assert caught.value.cause == "device_ambiguous"


def test_without_a_card_there_is_nothing_to_choose():
    assert choose("microphone", HDMI, None, frozenset()) == []


@pytest.mark.parametrize(
    ("configured", "names"),
    [
        ("", ["hw:CARD=USB,DEV=0", "hw:CARD=Headphones,DEV=0"]),
        ("pcm.!default { type null }", ["default", "hw:CARD=USB,DEV=0", "hw:CARD=Headphones,DEV=0"]),
        ("defaults.pcm.!card 1", ["default", "hw:CARD=USB,DEV=0", "hw:CARD=Headphones,DEV=0"]),
    ],
)
def test_a_default_that_somebody_configured_comes_first(tmp_path, monkeypatch, configured, names):
    (tmp_path / "asound.conf").write_text(configured)
    monkeypatch.setenv("ALSA_CONFIG_PATH", f"/usr/share/alsa/alsa.conf:{tmp_path}/asound.conf")
    assert [each.name for each in candidates("speaker", ["default"], [JACK, JABRA])] == names


def test_the_default_speaker_is_on_the_card_of_the_microphone_that_is_named(monkeypatch, tmp_path):
    (tmp_path / "asound.conf").write_text("")
    monkeypatch.setenv("ALSA_CONFIG_PATH", f"/usr/share/alsa/alsa.conf:{tmp_path}/asound.conf")
    companion = Companion(names=("usb:1b3f:2008",))
    first = candidates("speaker", ["default"], [JABRA, STICK], companion)[0]
    assert (first.name, first.why) == ("hw:CARD=Device_1,DEV=0", "the card that the microphone is on")
