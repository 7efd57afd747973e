"""More cards as their owners published them: headsets, interfaces, HATs, odd sizes, odd names."""

from errno import EBUSY, EIO, ENODEV, ENOSPC, EPROTO

from tests.audio.devices.cards.rig import Spec, Stream
from tests.audio.devices.cards.table import CODEC, HIFI, Row

MORE = {
    # USB: headsets and speakerphones
    "headset-h340": Row(
        Spec("H340", Stream((44_100, 48_000), (1,)), Stream((44_100, 48_000)), ("046d", "0a38", "")),
        "hw 48000 Hz, 1 channel, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "evolve-20": Row(
        Spec(
            "Jabra EVOLVE 20 MS",
            Stream((16_000,), (1,)),
            Stream((48_000,)),
            ("0b0e", "0300", "0000000000000F"),
        ),
        "hw 16000 Hz, 1 channel, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "headset-8-to-48-in-a-range": Row(
        Spec(
            "Plantronics Blackwire 3220",
            Stream(channels=(1,), rate_range=(8_000, 48_000), refused_rates=(24_000,)),
            Stream(rate_range=(8_000, 48_000), refused_rates=(24_000, 48_000)),
            ("047f", "c056", "D5"),
        ),
        "hw 48000 Hz, 1 channel, s16",
        "hw 44100 Hz, 2 channels, s16",
    ),
    "officecore-m0": Row(
        Spec("EMEET OfficeCore M0 Plus", Stream(channels=(1,)), Stream(channels=(1,)), ("328f", "2001", "")),
        "hw 48000 Hz, 1 channel, s16",
        "hw 48000 Hz, 1 channel, s16",
    ),
    "sync-20": Row(
        Spec("Poly Sync 20", Stream((16_000, 32_000), (1,)), Stream((48_000,)), ("047f", "0161", "2C")),
        "hw 16000 Hz, 1 channel, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "telephone-8-khz": Row(
        Spec("USB-P1K", Stream((8_000,), (1,)), Stream((8_000,), (1,)), ("6993", "b001", "")),
        "hw 8000 Hz, 1 channel, s16",
        "hw 8000 Hz, 1 channel, s16",
    ),
    "telephone-11-khz": Row(
        Spec("Skype Phone", Stream((11_025,), (1,)), Stream((11_025,), (1,)), ("1778", "0204", "")),
        "hw 11025 Hz, 1 channel, s16",
        "hw 11025 Hz, 1 channel, s16",
    ),
    "dongle-usb-c": Row(
        Spec(
            "USB-C to 3.5mm Headphone Jack A",
            Stream((44_100, 48_000), (1,), ("S16_LE", "S24_3LE")),
            Stream((44_100, 48_000), (2,), ("S16_LE", "S24_3LE")),
            ("05ac", "110a", "DWH8417"),
        ),
        "hw 48000 Hz, 1 channel, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "webcam-16-khz": Row(
        Spec("USB 2.0 Camera", Stream((16_000,), (1,)), usb=("0c45", "6366", "SN0001")),
        "hw 16000 Hz, 1 channel, s16",
    ),
    # USB: music
    "18-channels-in-three-bytes": Row(
        Spec(
            "XR18",
            Stream(HIFI[:2], (18,), ("S24_3LE",)),
            Stream(HIFI[:2], (18,), ("S24_3LE",)),
            ("1397", "00d4", ""),
        ),
        "hw 48000 Hz, 18 channels, s24in3",
        "hw 48000 Hz, 18 channels, s24in3",
    ),
    "64-channels": Row(
        Spec(
            "MADIface XT",
            Stream(HIFI, (64,), ("S32_LE",)),
            Stream(HIFI, (64,), ("S32_LE",)),
            ("0424", "3fc3", "77"),
        ),
        "plughw 48000 Hz, 1 channel, s16",
        "plughw 48000 Hz, 1 channel, s16",
    ),
    "floating-point-only": Row(
        Spec(
            "UMC Float",
            Stream(HIFI, (2,), ("FLOAT_LE",)),
            Stream(HIFI, (2,), ("FLOAT_LE",)),
            ("1397", "0510", ""),
        ),
        "hw 48000 Hz, 2 channels, float",
        "hw 48000 Hz, 2 channels, float",
    ),
    "nt-usb-mini": Row(
        Spec(
            "RODE NT-USB Mini",
            Stream((48_000,), (1,), ("S24_3LE",)),
            Stream((48_000,), (2,), ("S24_3LE",)),
            ("19f7", "0015", "D2"),
        ),
        "hw 48000 Hz, 1 channel, s24in3",
        "hw 48000 Hz, 2 channels, s24in3",
    ),
    "umik": Row(
        Spec("Umik-1  Gain: 18dB", Stream((48_000,), (2,), ("S24_3LE",)), usb=("2752", "0007", "00000")),
        "hw 48000 Hz, 2 channels, s24in3",
    ),
    "snowball": Row(
        Spec("Blue Snowball", Stream((44_100,), (1,)), usb=("0d8c", "0005", "")),
        "hw 44100 Hz, 1 channel, s16",
    ),
    "three-channels": Row(
        Spec("Tri Array", Stream((16_000,), (3,)), Stream((48_000,), (5,)), ("16d0", "0aaa", "")),
        "hw 16000 Hz, 3 channels, s16",
        "hw 48000 Hz, 5 channels, s16",
    ),
    "kinect": Row(
        Spec("Kinect USB Audio", Stream((16_000,), (4,), ("S32_LE",)), usb=("045e", "02bb", "A22")),
        "hw 16000 Hz, 4 channels, s32",
    ),
    "big-endian-16": Row(
        Spec(
            "Old Mixer",
            Stream((48_000,), (2,), ("S16_BE",)),
            Stream((48_000,), (2,), ("S16_BE",)),
            ("0582", "0001", ""),
        ),
        "plughw 48000 Hz, 1 channel, s16",
        "plughw 48000 Hz, 1 channel, s16",
    ),
    # HATs and codecs
    "4-mic-with-a-range": Row(
        Spec(
            "seeed-4mic-voicecard",
            Stream(
                channels=(4,), formats=("S32_LE",), rate_range=(8_000, 96_000), refused_rates=(24_000, 44_100)
            ),
            id="seeed4micvoicec",
            driver="seeed-4mic-voic",
        ),
        "hw 48000 Hz, 4 channels, s32",
    ),
    "mono-that-is-refused": Row(
        Spec(
            "snd_rpi_ac108",
            Stream((16_000, 48_000), (1, 2, 4), ("S16_LE", "S32_LE"), refused_channels=(1, 2)),
            Stream((16_000, 48_000), (1, 2), refused_channels=(1,), refused_errno=ENODEV + 505),
            id="sndrpiac108",
            driver="snd_rpi_ac108",
        ),
        "hw 48000 Hz, 4 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "octo": Row(
        Spec(
            "audioinjector-octo-soundcard",
            Stream(HIFI[:2], (6,), ("S16_LE", "S24_LE", "S32_LE")),
            Stream(HIFI[:2], (8,), ("S16_LE", "S24_LE", "S32_LE")),
            id="audioinjectoroc",
            driver="audioinjector-o",
        ),
        "hw 48000 Hz, 6 channels, s16",
        "hw 48000 Hz, 8 channels, s16",
    ),
    "matrix-voice": Row(
        Spec(
            "MATRIXIO SOUND",
            Stream(CODEC, (8,), device=2),
            Stream(CODEC, (2,), device=1),
            id="SOUND",
            driver="MATRIXIO",
        ),
        "hw 24000 Hz, 8 channels, s16",
        "hw 24000 Hz, 2 channels, s16",
    ),
    "capture-is-device-1": Row(
        Spec(
            "rockchip-es8316",
            Stream(HIFI[:2], device=1),
            Stream(HIFI[:2]),
            id="rockchipes8316",
            driver="simple-card",
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "24-bits-in-four-bytes": Row(
        Spec(
            "DAC-CS4344",
            Stream(HIFI[:2], (2,), ("S24_LE",)),
            Stream(HIFI[:2], (2,), ("S24_LE",)),
            id="CS4344",
            driver="simple-card",
        ),
        "hw 48000 Hz, 2 channels, s24",
        "hw 48000 Hz, 2 channels, s24",
    ),
    # sizes
    "one-size": Row(
        Spec(
            "Fixed DSP",
            Stream(
                (48_000,), (2,), period_bytes=(4_096, 4_096), buffer_bytes=(16_384, 16_384), periods=(4, 4)
            ),
            Stream(
                (48_000,), (2,), period_bytes=(4_096, 4_096), buffer_bytes=(16_384, 16_384), periods=(4, 4)
            ),
            id="DSP",
            driver="dsp",
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "two-periods-that-are-odd": Row(
        Spec(
            "Odd Sizes",
            Stream((44_100,), (1,), period_bytes=(882, 882), buffer_bytes=(1_764, 1_764), periods=(2, 2)),
            Stream((44_100,), (1,), period_bytes=(882, 882), buffer_bytes=(1_764, 1_764), periods=(2, 2)),
            ("1234", "0001", ""),
        ),
        "hw 44100 Hz, 1 channel, s16",
        "hw 44100 Hz, 1 channel, s16",
    ),
    "tiny-buffer": Row(
        Spec(
            "Tiny Buffer",
            Stream((48_000,), (2,), buffer_bytes=(256, 1_024)),
            Stream((48_000,), (2,), buffer_bytes=(256, 1_024)),
            ("1234", "0002", ""),
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "huge-buffer": Row(
        Spec(
            "Huge Buffer",
            Stream((16_000,), (1,), period_bytes=(16_384, 65_536), buffer_bytes=(1 << 19, 1 << 20)),
            Stream((16_000,), (1,), period_bytes=(16_384, 65_536), buffer_bytes=(1 << 19, 1 << 20)),
            ("1234", "0003", ""),
        ),
        "hw 16000 Hz, 1 channel, s16",
        "hw 16000 Hz, 1 channel, s16",
    ),
    # names
    "a-name-in-another-alphabet": Row(
        Spec("Микрофон USB", Stream(), Stream(), ("1234", "0004", "")),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "a-name-in-brackets": Row(
        Spec("Mic [left], 'new' \"2\"", Stream(), Stream(), ("1234", "0005", "")),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "a-name-with-umlauts": Row(
        Spec("Müller Gerät", Stream(), Stream(), ("1234", "0006", "Ü 1")),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "a-name-that-is-a-number": Row(
        Spec("2", Stream(), Stream(), ("1234", "0007", "")),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "a-name-that-is-default": Row(
        Spec("default", Stream(), Stream(), ("1234", "0008", "")),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "an-id-with-a-hyphen": Row(
        Spec("USB PnP Sound Device", Stream(), Stream(), ("0d8c", "0014", ""), id="mic-left"),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "an-id-of-digits": Row(
        Spec("USB PnP Sound Device", Stream(), Stream(), ("0d8c", "0014", ""), id="1234"),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "an-id-like-a-kind": Row(
        Spec("USB PnP Sound Device", Stream(), Stream(), ("0d8c", "0014", ""), id="default"),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    # trouble
    "no-bandwidth": Row(
        Spec(
            "Crowded USB",
            Stream(refused_rates=(48_000,), refused_errno=ENOSPC),
            Stream(open_errno=ENOSPC),
            ("0d8c", "0019", ""),
        ),
        "microphone_lost",
        "speaker_lost",
    ),
    "refuses-mono-with-an-error-of-usb": Row(
        Spec(
            "Loose Cable USB",
            Stream((16_000, 48_000), (1, 2), refused_channels=(1,), refused_errno=EPROTO),
            Stream((16_000, 48_000), (1, 2), refused_channels=(1,), refused_errno=EIO),
            ("0d8c", "0020", ""),
        ),
        "hw 48000 Hz, 2 channels, s16",
        "hw 48000 Hz, 2 channels, s16",
    ),
    "hdmi-that-is-busy": Row(
        Spec(
            "vc4-hdmi-1",
            None,
            Stream((48_000,), (2,), ("IEC958_SUBFRAME_LE",), open_errno=EBUSY),
            id="vc4hdmi1",
            driver="vc4-hdmi",
        ),
        "",
        "device_busy",
    ),
}
