"""Cards as their owners published them: formats, rates, channels, and what their drivers refuse.

Each row says how edged opens it for sound of 24000 Hz, or why it does not: the kind of ALSA's name and the layout,
or a cause.
"""

from errno import EACCES, EBUSY, EIO, ENODEV, EPROTO, ETIMEDOUT
from typing import NamedTuple

from tests.audio.devices.cards.rig import Spec, Stream

CODEC = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
HIFI = (44_100, 48_000, 88_200, 96_000, 176_400, 192_000)
HDMI = Stream((32_000, 44_100, 48_000, 96_000), (2, 4, 8), ("IEC958_SUBFRAME_LE",))


class Row(NamedTuple):
    """A card, and what is expected of its microphone and its speaker; empty: it has none."""

    spec: Spec
    heard: str = ""
    said: str = ""


ROWS = {
    # USB: sticks, speakerphones, headsets
    "usb-stick": Row(
        Spec(
            "USB PnP Sound Device",
            Stream((44_100, 48_000), (1,)),
            Stream((44_100, 48_000)),
            ("0d8c", "013c", ""),
        ),
        "hw 48000 Hz, 1 channel, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "usb-stick-by-another-maker": Row(
        Spec("USB Audio Device", Stream((48_000,), (1,)), Stream(), ("1b3f", "2008", "")),
        "hw 48000 Hz, 1 channel, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "usb-microphone-only": Row(
        Spec(
            "USB PnP Sound Device",
            Stream((8_000, 11_025, 22_050, 44_100, 48_000), (1,)),
            usb=("08bb", "2902", ""),
        ),
        "hw 48000 Hz, 1 channel, s16",
    ),
    "microphone-with-44100-only": Row(
        Spec("USB Microphone", Stream((44_100,), (1,)), usb=("0c76", "161f", "")),
        "hw 44100 Hz, 1 channel, s16",
    ),
    "jabra-510": Row(
        Spec(
            "Jabra SPEAK 510 USB",
            Stream((16_000,), (1,)),
            Stream((8_000, 16_000, 48_000)),
            ("0b0e", "0420", "7"),
        ),
        "hw 16000 Hz, 1 channel, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "powerconf-s330": Row(
        Spec("PowerConf S330", Stream((48_000,), (2,)), Stream(), ("291a", "3308", "A3308")),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "calisto-620": Row(
        Spec(
            "Plantronics Calisto 620-M",
            Stream((16_000,), (1,)),
            Stream((16_000,), (1,)),
            ("047f", "c02b", "F"),
        ),
        "hw 16000 Hz, 1 channel, s16",
        "hw 16000 Hz, 1 channel, s16",
    ),
    # USB: arrays and cameras
    "respeaker-usb-array": Row(
        Spec(
            "ReSpeaker 4 Mic Array (UAC1.0)", Stream((16_000,), (6,)), Stream((16_000,)), ("2886", "0018", "")
        ),
        "hw 16000 Hz, 6 channels, s16",
        "hw 16000 Hz, 2 channels, s16",
    ),
    "xvf3800": Row(
        Spec(
            "reSpeaker XVF3800 4-Mic Array",
            Stream((16_000,), (2,), ("S32_LE",)),
            Stream((16_000,)),
            ("2886", "001a", "1"),
        ),
        "hw 16000 Hz, 2 channels, s32",
        "hw 16000 Hz, 2 channels, s16",
    ),
    "ps3-eye": Row(
        Spec("USB Camera-B4.09.24.1", Stream((16_000,), (4,)), usb=("1415", "2000", ""), id="CameraB409241"),
        "hw 16000 Hz, 4 channels, s16",
    ),
    "webcam-c270": Row(
        Spec(
            "USB Device 0x46d:0x825",
            Stream((16_000, 24_000, 32_000, 48_000), (1,)),
            usb=("046d", "0825", "A0"),
            id="U0x46d0x825",
        ),
        "hw 24000 Hz, 1 channel, s16",
    ),
    "webcam-c920": Row(
        Spec("HD Pro Webcam C920", Stream((16_000, 24_000, 32_000)), usb=("046d", "082d", "9F")),
        "hw 24000 Hz, 2 channels, s16",
    ),
    "array-of-eight": Row(
        Spec("UMA-8", Stream((16_000,), (8,), ("S32_LE",)), usb=("2752", "0026", "")),
        "hw 16000 Hz, 8 channels, s32",
    ),
    # USB: interfaces for music
    "scarlett-2i2": Row(
        Spec(
            "Scarlett 2i2 USB",
            Stream(HIFI, (2,), ("S32_LE",)),
            Stream(HIFI, (2,), ("S32_LE",)),
            ("1235", "8202", "Y8"),
        ),
        "hw 48000 Hz, 2 channels, s32",
        "hw 48000 Hz, 2 channels, s32",
    ),
    "scarlett-18i20": Row(
        Spec(
            "Scarlett 18i20 USB",
            Stream(HIFI[:2], (18,), ("S32_LE",)),
            Stream(HIFI[:2], (20,), ("S32_LE",)),
            ("1235", "8201", "P9"),
        ),
        "hw 48000 Hz, 18 channels, s32",
        "hw 48000 Hz, 20 channels, s32",
    ),
    "uca202": Row(
        Spec(
            "USB Audio CODEC ",
            Stream((32_000, 44_100, 48_000)),
            Stream((32_000, 44_100, 48_000)),
            ("08bb", "2902", ""),
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "umc204hd": Row(
        Spec(
            "UMC204HD 192k",
            Stream(HIFI, (2,), ("S32_LE",)),
            Stream(HIFI, (4,), ("S32_LE",)),
            ("1397", "0508", ""),
        ),
        "hw 48000 Hz, 2 channels, s32",
        "hw 48000 Hz, 4 channels, s32",
    ),
    "three-bytes-only": Row(
        Spec(
            "Steinberg UR22",
            Stream(HIFI, (2,), ("S24_3LE",)),
            Stream(HIFI, (2,), ("S24_3LE",)),
            ("0499", "1509", ""),
        ),
        "hw 48000 Hz, 2 channels, s24in3",
        "hw 48000 Hz, 2 channels, s24in3",
    ),
    "big-endian-only": Row(
        Spec(
            "TASCAM US-122",
            Stream(HIFI[:2], (2,), ("S24_3BE",)),
            Stream(HIFI[:2], (2,), ("S24_3BE",)),
            ("0644", "8007", ""),
        ),
        "plughw 48000 Hz, 1 channel, s16",
        "plughw 48000 Hz, 1 channel, s16",
    ),
    "soundblaster-play-3": Row(
        Spec(
            "Sound Blaster Play! 3",
            Stream((44_100, 48_000), (1,)),
            Stream((44_100, 48_000, 96_000), (2,), ("S16_LE", "S24_3LE")),
            ("041e", "324d", "0"),
        ),
        "hw 48000 Hz, 1 channel, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "yeti": Row(
        Spec(
            "Yeti Stereo Microphone",
            Stream((44_100, 48_000)),
            Stream((44_100, 48_000)),
            ("b58e", "9e84", "REV8"),
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "192-khz-only": Row(
        Spec("DIYINHK USB Audio 2.0", None, Stream((192_000,), (2,), ("S32_LE",)), ("20b1", "2009", "")),
        "",
        "hw 192000 Hz, 2 channels, s32",
    ),
    # HATs and I2S
    "respeaker-2-mic": Row(
        Spec(
            "seeed-2mic-voicecard",
            Stream(CODEC, (2,), ("S16_LE", "S24_LE", "S32_LE"), refused_rates=(24_000,)),
            Stream(CODEC, (2,), ("S16_LE", "S24_LE", "S32_LE"), refused_rates=(24_000,)),
            id="seeed2micvoicec",
            driver="seeed-2mic-voic",
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "wm8960-that-refuses-all-but-44100": Row(
        Spec(
            "wm8960-soundcard",
            Stream(CODEC, refused_rates=tuple(each for each in CODEC if each != 44_100)),
            Stream(CODEC, refused_rates=tuple(each for each in CODEC if each != 44_100)),
            id="wm8960soundcard",
            driver="wm8960-soundcar",
        ),
        "hw 44100 Hz, 2 channels, s16",
        "hw 44100 Hz, 2 channels, s16",
    ),
    "i2s-that-refuses-with-another-word": Row(
        Spec(
            "snd_rpi_proto",
            Stream(CODEC, refused_rates=(24_000,), refused_errno=EIO),
            Stream(CODEC, refused_rates=(24_000, 48_000), refused_errno=524),
            id="sndrpiproto",
            driver="snd_rpi_proto",
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 44100 Hz, 2 channels, s16",
    ),
    "codec-that-refuses-a-format": Row(
        Spec(
            "DA7212",
            Stream((48_000,), (2,), ("S16_LE", "S32_LE"), refused_formats=("S16_LE",)),
            Stream((48_000,), (2,), ("S16_LE", "S32_LE"), refused_formats=("S16_LE",)),
            id="DA7212",
            driver="da7212",
        ),
        "hw 48000 Hz, 2 channels, s32",
        "hw 48000 Hz, 2 channels, s32",
    ),
    "respeaker-4-mic": Row(
        Spec(
            "seeed-4mic-voicecard",
            Stream(CODEC, (4,), ("S32_LE",)),
            id="seeed4micvoicec",
            driver="seeed-4mic-voic",
        ),
        "hw 24000 Hz, 4 channels, s32",
    ),
    "respeaker-6-mic": Row(
        Spec(
            "seeed-8mic-voicecard",
            Stream((16_000, 48_000), (8,), ("S32_LE",)),
            Stream((16_000, 48_000), (8,), ("S32_LE",)),
            id="seeed8micvoicec",
            driver="seeed-8mic-voic",
        ),
        "hw 48000 Hz, 8 channels, s32",
        "hw 48000 Hz, 8 channels, s32",
    ),
    "google-voice-hat": Row(
        Spec(
            "snd_rpi_googlevoicehat_soundcar",
            Stream((48_000,), (2,), ("S32_LE",)),
            Stream((48_000,), (2,), ("S32_LE",)),
            id="sndrpigooglevoi",
            driver="RPi-simple",
        ),
        "hw 48000 Hz, 2 channels, s32",
        "hw 48000 Hz, 2 channels, s32",
    ),
    "hifiberry-dac": Row(
        Spec(
            "snd_rpi_hifiberry_dac",
            None,
            Stream((8_000, *HIFI), (2,), ("S16_LE", "S24_LE", "S32_LE")),
            id="sndrpihifiberry",
            driver="RPi-simple",
        ),
        "",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "codec-zero": Row(
        Spec(
            "IQaudIOCODEC",
            Stream(CODEC[:1] + HIFI[:2], (2,), ("S16_LE", "S24_LE", "S32_LE")),
            Stream(HIFI[:2], (2,), ("S16_LE", "S24_LE", "S32_LE")),
            id="IQaudIOCODEC",
            driver="IQaudIOCODEC",
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "i2s-microphone": Row(
        Spec(
            "snd_rpi_i2s_card", Stream((48_000,), (2,), ("S32_LE",)), id="sndrpii2scard", driver="simple-card"
        ),
        "hw 48000 Hz, 2 channels, s32",
    ),
    "max98357": Row(
        Spec(
            "MAX98357A",
            None,
            Stream((8_000, 16_000, 32_000, 44_100, 48_000, 96_000), (2,), ("S16_LE", "S24_LE", "S32_LE")),
            id="MAX98357A",
            driver="MAX98357A",
        ),
        "",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "pisound": Row(
        Spec(
            "pisound",
            Stream(HIFI[1:], (2,), ("S24_LE", "S32_LE")),
            Stream(HIFI[1:], (2,), ("S24_LE", "S32_LE")),
            id="pisound",
            driver="snd_rpi_pisound",
        ),
        "hw 48000 Hz, 2 channels, s32",
        "hw 48000 Hz, 2 channels, s32",
    ),
    # built in
    "pi-hdmi": Row(
        Spec("vc4-hdmi-0", None, HDMI, id="vc4hdmi0", driver="vc4-hdmi"), "", "hdmi 48000 Hz, 2 channels, s16"
    ),
    "pi-jack": Row(
        Spec(
            "bcm2835 Headphones",
            None,
            Stream((8_000, 16_000, 22_050, 24_000, 44_100, 48_000), (1, 2), ("U8", "S16_LE")),
            id="Headphones",
            driver="bcm2835_headpho",
        ),
        "",
        "hw 24000 Hz, 1 channel, s16",
    ),
    "pc": Row(
        Spec(
            "HDA Intel PCH",
            Stream((44_100, 48_000, 96_000), (2,), ("S16_LE", "S32_LE")),
            Stream((44_100, 48_000, 96_000), (2, 4, 6), ("S16_LE", "S32_LE")),
            id="PCH",
            driver="HDA-Intel",
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "pc-hdmi": Row(
        Spec(
            "HDA NVidia",
            None,
            Stream((32_000, 44_100, 48_000), (2, 4, 8), ("S16_LE", "S32_LE"), device=3),
            id="NVidia",
            driver="HDA-Intel",
        ),
        "",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "jetson": Row(
        Spec(
            "NVIDIA Jetson Nano APE",
            Stream(CODEC, (1, 2, 16), ("S16_LE", "S32_LE")),
            Stream(CODEC, (1, 2, 16), ("S16_LE", "S32_LE")),
            id="APE",
            driver="tegra-ape",
        ),
        "hw 24000 Hz, 1 channel, s16",
        "hw 24000 Hz, 1 channel, s16",
    ),
    "eight-bits-only": Row(
        Spec("pcsp", None, Stream((44_100,), (1,), ("U8",)), id="pcsp", driver="PC-Speaker"),
        "",
        "plughw 44100 Hz, 1 channel, s16",
    ),
    # trouble
    "slow": Row(
        Spec(
            "USB Conference Device",
            Stream(open_ms=300, set_ms=100),
            Stream(open_ms=300, set_ms=100),
            ("17e9", "6015", ""),
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "busy-and-shared": Row(
        Spec(
            "Shared USB",
            Stream(open_errno=EBUSY, shared=True),
            Stream(open_errno=EBUSY, shared=True),
            ("0d8c", "0014", ""),
        ),
        "dsnoop 48000 Hz, 2 channels, s16",
        "dmix 48000 Hz, 2 channels, s16",
    ),
    "busy": Row(
        Spec("Busy USB", Stream(open_errno=EBUSY), Stream(open_errno=EBUSY), ("0d8c", "0012", "")),
        "device_busy",
        "device_busy",
    ),
    "forbidden": Row(
        Spec("Denied USB", Stream(open_errno=EACCES), Stream(open_errno=EACCES), ("0d8c", "0013", "")),
        "device_denied",
        "device_denied",
    ),
    "gone-while-opening": Row(
        Spec("Loose USB", Stream(open_errno=ENODEV), Stream(open_errno=ENODEV), ("0d8c", "0015", "")),
        "microphone_lost",
        "speaker_lost",
    ),
    "does-not-answer": Row(
        Spec(
            "Dead USB",
            Stream(refused_rates=(48_000,), refused_errno=ETIMEDOUT),
            Stream(refused_rates=(48_000,), refused_errno=EPROTO),
            ("0d8c", "0016", ""),
        ),
        "microphone_lost",
        "speaker_lost",
    ),
    "refuses-everything": Row(
        Spec(
            "wm8960-broken",
            Stream(CODEC, refused_rates=CODEC),
            Stream(CODEC, refused_rates=CODEC),
            id="wm8960broken",
            driver="wm8960-broken",
        ),
        "device_unfit",
        "device_unfit",
    ),
}
