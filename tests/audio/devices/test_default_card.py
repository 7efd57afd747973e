"""The card that `default` means: the one that a person would choose."""

import re
from itertools import permutations

import pytest

from edged.audio.devices.candidates import candidates
from edged.audio.devices.default_card import BOARD, choose, kind
from edged.audio.devices.default_card import HDMI as HDMI_KIND
from edged.audio.devices.present import Card, cards, shown
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


PI3 = """
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [vc4hdmi        ]: vc4-hdmi - vc4-hdmi
                      vc4-hdmi
"""
PI4 = """
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0
                      vc4-hdmi-0
 2 [vc4hdmi1       ]: vc4-hdmi - vc4-hdmi-1
                      vc4-hdmi-1
"""
PI5 = PI4[PI4.index(" 1 [") :]
ZERO = PI3[PI3.index(" 1 [") :]
OLD_PI = """
 0 [b1             ]: bcm2835_hdmi - bcm2835 HDMI 1
                      bcm2835 HDMI 1
 1 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
"""
OLDEST_PI = """
 0 [ALSA           ]: bcm2835_alsa - bcm2835 ALSA
                      bcm2835 ALSA
"""
STICK_LISTED = """
 3 [Device         ]: USB-Audio - USB PnP Sound Device
                      C-Media Electronics Inc. USB PnP Sound Device at usb-0000:01:00.0-1.3, full speed
"""
MICROPHONE_LISTED = """
 4 [Microphone     ]: USB-Audio - USB Microphone
                      C-Media Electronics Inc. USB Microphone at usb-0000:01:00.0-1.1, full speed
"""
SPEAKER_LISTED = """
 5 [UACDemoV10     ]: USB-Audio - UACDemoV1.0
                      Jieli Technology UACDemoV1.0 at usb-0000:01:00.0-1.2, full speed
"""
CAMERA_LISTED = """
 6 [C920           ]: USB-Audio - HD Pro Webcam C920
                      HD Pro Webcam C920 at usb-0000:01:00.0-1.4, high speed
"""
GRABBER_LISTED = """
 7 [MS2109         ]: USB-Audio - MS2109
                      MACROSILICON MS2109 at usb-0000:01:00.0-2, high speed
"""
JABRA_LISTED = """
 8 [USB            ]: USB-Audio - Jabra SPEAK 510 USB
                      Jabra SPEAK 510 USB at usb-0000:01:00.0-1.2, full speed
"""
SEEED = """
 9 [seeed2micvoicec]: seeed-2mic-voic - seeed-2mic-voicecard
                      seeed-2mic-voicecard
"""
HIFIBERRY = """
 9 [sndrpihifiberry]: RPi-simple - snd_rpi_hifiberry_dac
                      snd_rpi_hifiberry_dac
"""
VOICEHAT = """
 9 [sndrpigooglevoi]: RPi-simple - snd_rpi_googlevoicehat_soundcar
                      snd_rpi_googlevoicehat_soundcard
"""
WM8960 = """
 9 [wm8960soundcard]: wm8960-soundcar - wm8960-soundcard
                      wm8960-soundcard
"""
I2S = """
 9 [sndrpii2scard  ]: simple-card - snd_rpi_i2s_card
                      snd_rpi_i2s_card
"""
MAX98357 = """
 9 [MAX98357A      ]: MAX98357A - MAX98357A
                      MAX98357A
"""
GADGET = """
10 [UAC2Gadget     ]: UAC2_Gadget - UAC2_Gadget
                      UAC2_Gadget 0
"""
ALOOP = """
11 [Loopback       ]: Loopback - Loopback
                      Loopback 1
12 [Dummy          ]: Dummy - Dummy
                      Dummy 1
"""
PC = """
 0 [PCH            ]: HDA-Intel - HDA Intel PCH
                      HDA Intel PCH at 0xaa130000 irq 46
 1 [NVidia         ]: HDA-Intel - HDA NVidia
                      HDA NVidia at 0xa3080000 irq 17
"""
RYZEN = """
 1 [Generic        ]: HDA-Intel - HD-Audio Generic
                      HD-Audio Generic at 0xfc508000 irq 93
 2 [Generic_1      ]: HDA-Intel - HD-Audio Generic
                      HD-Audio Generic at 0xfc500000 irq 94
"""
JETSON = """
 0 [HDA            ]: tegra-hda - NVIDIA Jetson Nano HDA
                      NVIDIA Jetson Nano HDA at 0x70038000 irq 83
 1 [APE            ]: tegra-ape - NVIDIA Jetson Nano APE
                      NVIDIA Jetson Nano APE
"""
RK3588 = """
 0 [rockchipdp0    ]: rockchip_dp0 - rockchip,dp0
                      rockchip,dp0
 1 [rockchiphdmi0  ]: rockchip_hdmi0 - rockchip-hdmi0
                      rockchip-hdmi0
 2 [rockchipes8388 ]: rockchip_es8388 - rockchip-es8388
                      rockchip-es8388
"""
BEEPER = """
13 [pcsp           ]: PC-Speaker - pcsp
                      Internal PC-Speaker at port 0x61
"""
# The devices of each card, where it has not one of each: those for input, then those for output.
DEVICES = {
    **dict.fromkeys(("Headphones", "b1", "vc4hdmi", "vc4hdmi0", "vc4hdmi1", "ALSA", "pcsp"), ("", "0")),
    **dict.fromkeys(
        ("sndrpihifiberry", "MAX98357A", "UACDemoV10", "rockchipdp0", "rockchiphdmi0"), ("", "0")
    ),
    **dict.fromkeys(("Microphone", "C920", "MS2109", "sndrpii2scard"), ("0", "")),
    **dict.fromkeys(("NVidia", "Generic", "HDA"), ("", "378")),
}
CAMERAS = {"C920", "MS2109"}
FIRST, SECOND = frozenset({"vc4hdmi0", "vc4hdmi"}), frozenset({"vc4hdmi1"})


def published(text, tmp_path):
    """The cards of a /proc/asound/cards that somebody has published."""
    proc, sys = tmp_path / "asound", tmp_path / "class"
    for folder in (proc, sys):
        folder.mkdir()
    (proc / "cards").write_text(text)
    for number, made, driver, long in re.findall(
        r"^ *(\d+) \[(\w+) *\]: (\S+) - .*\n +(.*)$", text, re.MULTILINE
    ):
        folder = proc / f"card{number}"
        folder.mkdir()
        (folder / "id").write_text(f"{made}\n")
        for way, devices in zip("cp", DEVICES.get(made, ("0", "0")), strict=True):
            for device in devices:
                (folder / f"pcm{device}{way}").mkdir()
        at = (
            tmp_path
            / "devices"
            / (f"1-{long.split('-')[-1].split(',')[0]}" if driver == "USB-Audio" else made)
        )
        interface = at / f"{at.name}:1.0"
        interface.mkdir(parents=True)
        (sys / f"card{number}").mkdir()
        if driver == "USB-Audio":
            (at / "idVendor").write_text("0d8c\n")
            (at / "idProduct").write_text(f"00{int(number):02d}\n")
            (interface / "bInterfaceClass").write_text("01\n")
            if made in CAMERAS:
                (at / f"{at.name}:1.2").mkdir()
                (at / f"{at.name}:1.2" / "bInterfaceClass").write_text("0e\n")
        (sys / f"card{number}" / "device").symlink_to(interface if driver == "USB-Audio" else at)
    return cards(proc, sys, tmp_path / "no options")


@pytest.mark.parametrize(
    ("text", "shows", "heard", "said"),
    [
        # boards without anything plugged in
        (PI3, (), None, "Headphones"),
        (PI3, FIRST, None, "vc4hdmi"),
        (PI4, (), None, "Headphones"),
        (PI4, FIRST, None, "vc4hdmi0"),
        (PI4, SECOND, None, "vc4hdmi1"),
        (PI5, (), None, "vc4hdmi0"),
        (PI5, FIRST | SECOND, None, "vc4hdmi0"),
        (PI5, SECOND, None, "vc4hdmi1"),
        (ZERO, (), None, "vc4hdmi"),
        (OLD_PI, (), None, "Headphones"),
        (OLD_PI, FIRST, None, "b1"),
        (OLDEST_PI, FIRST, None, "ALSA"),
        # one USB card
        (PI4 + STICK_LISTED, FIRST, "Device", "Device"),
        (PI5 + JABRA_LISTED, FIRST, "USB", "USB"),
        (OLDEST_PI + STICK_LISTED, (), "Device", "Device"),
        (PI4 + MICROPHONE_LISTED, (), "Microphone", "Headphones"),
        (PI4 + MICROPHONE_LISTED, FIRST, "Microphone", "vc4hdmi0"),
        (PI5 + MICROPHONE_LISTED, (), "Microphone", "vc4hdmi0"),
        (PI4 + CAMERA_LISTED, (), "C920", "Headphones"),
        # several: a microphone beside a speaker, a camera beside others
        (PI4 + MICROPHONE_LISTED + SPEAKER_LISTED, FIRST, "Microphone", "UACDemoV10"),
        (PI4 + CAMERA_LISTED + SPEAKER_LISTED, FIRST, "C920", "UACDemoV10"),
        (PI4 + CAMERA_LISTED + MICROPHONE_LISTED, (), "Microphone", "Headphones"),
        (PI4 + CAMERA_LISTED + STICK_LISTED, FIRST, "Device", "Device"),
        (PI4 + GRABBER_LISTED + MICROPHONE_LISTED + SPEAKER_LISTED, (), "Microphone", "UACDemoV10"),
        (PI4 + CAMERA_LISTED + GRABBER_LISTED, (), "several", "Headphones"),
        (PI4 + STICK_LISTED + MICROPHONE_LISTED, (), "Device", "Device"),
        (PI4 + STICK_LISTED + JABRA_LISTED, (), "several", "several"),
        # HATs
        (PI4 + SEEED, FIRST, "seeed2micvoicec", "seeed2micvoicec"),
        (PI5 + VOICEHAT, FIRST, "sndrpigooglevoi", "sndrpigooglevoi"),
        (ZERO + WM8960, FIRST, "wm8960soundcard", "wm8960soundcard"),
        (PI4 + HIFIBERRY + MICROPHONE_LISTED, FIRST, "Microphone", "sndrpihifiberry"),
        (ZERO + MAX98357 + MICROPHONE_LISTED, (), "Microphone", "MAX98357A"),
        (PI4 + I2S, (), "sndrpii2scard", "Headphones"),
        (PI5 + I2S + SPEAKER_LISTED, FIRST, "sndrpii2scard", "UACDemoV10"),
        (PI4 + SEEED + CAMERA_LISTED, (), "seeed2micvoicec", "seeed2micvoicec"),
        (PI4 + HIFIBERRY + CAMERA_LISTED, (), "C920", "sndrpihifiberry"),
        (PI4 + SEEED + STICK_LISTED, (), "Device", "Device"),
        # what is only software, and other boards
        (PI4 + ALOOP + MICROPHONE_LISTED, (), "Microphone", "Headphones"),
        (PI4 + GADGET, (), None, "Headphones"),
        (ALOOP + GADGET, (), None, None),
        (PC, (), "PCH", "PCH"),
        (PC + CAMERA_LISTED, (), "PCH", "PCH"),
        (PC + JABRA_LISTED, frozenset({"NVidia"}), "USB", "USB"),
        (RYZEN, (), "Generic_1", "Generic_1"),
        (JETSON, (), "APE", "APE"),
        (RK3588, (), "rockchipes8388", "rockchipes8388"),
        (BEEPER + PI5, (), None, "vc4hdmi0"),
        (BEEPER, (), None, "pcsp"),
    ],
)
def test_the_default_of_machines_as_people_have_published_them(tmp_path, text, shows, heard, said):
    present = published(text, tmp_path)
    for order in (present, present[::-1]):
        for what, expected in (("microphone", heard), ("speaker", said)):
            try:
                near = choose("microphone", order, None, frozenset(shows))[:1] if what == "speaker" else []
            except DeviceError:
                near = []
            if expected == "several":
                with pytest.raises(DeviceError, match="'default' fits more than one card"):
                    choose(what, order, None, frozenset(shows))
                continue
            found = choose(what, order, near[0] if near else None, frozenset(shows))
            assert (found[0].id if found else None) == expected


def test_the_sound_of_a_picture_is_no_sound_card_of_a_pc(tmp_path):
    assert [kind(card) for card in published(RYZEN, tmp_path)] == [HDMI_KIND, BOARD]


def edid(*, audio):
    """An EDID whose extension says whether the display plays sound; None: there is no extension."""
    return bytes(128) + (b"" if audio is None else bytes([2, 3, 0, 0x40 if audio else 0]).ljust(128, b"\0"))


@pytest.mark.parametrize(
    ("content", "plays"),
    [
        (edid(audio=True), True),
        (edid(audio=False), False),
        (edid(audio=None), False),
        (b"", True),
        (None, True),
    ],
)
def test_a_display_that_plays_no_sound_is_none_for_the_default(tmp_path, content, plays):
    folder = tmp_path / "card1-HDMI-A-1"
    folder.mkdir()
    (folder / "status").write_text("connected\n")
    if content is not None:
        (folder / "edid").write_bytes(content)
    assert shown(tmp_path, tmp_path) == ({"vc4hdmi0", "vc4hdmi"} if plays else set())


def test_the_display_of_a_pc_is_known_by_its_sound_card(tmp_path):
    for number, present in ((0, "0"), (1, "1")):
        folder = tmp_path / f"card{number}"
        folder.mkdir()
        (folder / "id").write_text(f"HDMI{number}\n")
        (folder / "eld#0.0").write_text(f"monitor_present\t\t{present}\neld_valid\t\t{present}\n")
    assert shown(tmp_path / "no", tmp_path) == {"HDMI1"}
