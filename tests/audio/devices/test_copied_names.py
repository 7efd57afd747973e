"""Names as people copied them from other programs into their reports, each on a machine with its card and others."""

import pytest

from edged.audio.devices.names import among, meant
from edged.audio.devices.present import Card
from edged.spelling import fault, is_number

BOTH, IN, OUT = ((0,), (0,)), ((0,), ()), ((), (0,))


def usb(made, name, usb_ids, port, devices=BOTH, maker="", controller="0000:01:00.0", interface="00"):
    """A USB card; its label is what udev makes from the maker, the name and the serial number."""
    vendor, _, more = usb_ids.partition(":")
    serial = more.partition(":")[2]
    words = (maker or vendor, name, serial)
    label = "usb-" + "_".join("_".join(each.split()) for each in words if each) + f"-{interface}"
    return Card(
        3, made, name, usb_ids, f"1-{port}", *devices, "USB-Audio", f"usb-{controller}-{port}", label=label
    )


def board(made, name, driver, path, devices=BOTH):
    return Card(0, made, name, "", "", *devices, driver, path)


CARDS = {
    "stick": usb("Device", "USB PnP Sound Device", "0d8c:013c:", "1.2", maker="C-Media Electronics Inc."),
    "generalplus": usb(
        "Device",
        "Usb Audio Device",
        "1b3f:2008:13662631792",
        "1",
        maker="Generalplus",
        controller="0000:02:00.0",
    ),
    "codec": usb("CODEC", "USB Audio CODEC", "08bb:2902:", "1.3", maker="Burr-Brown from TI"),
    "camera": usb(
        "camera",
        "USB Live camera",
        "0c45:6366:SN0001",
        "1.4",
        IN,
        "Sonix Technology Co., Ltd.",
        interface="03",
    ),
    "yeti": usb(
        "Nano",
        "Yeti Nano",
        "046d:0ab3:2042SG000B18",
        "3.2",
        maker="Blue Microphones",
        controller="xhci-hcd.1.auto",
    ),
    "scarlett": usb("USB", "Scarlett 2i2 USB", "1235:8210:Y818KFJ0C671CE", "1.1", maker="Focusrite"),
    "lavalier": usb(
        "Microphone", "USB Lavalier Microphone", "4c4a:4155:214b206000000178", "1.2", IN, "DCMT Technology"
    ),
    "sound-device": usb("Device", "USB Sound Device", "0d8c:0102:", "2"),
    "ak5371": usb("AK5371", "AK5371", "0556:0001:", "4.1.2", IN, controller="0000:00:14.0"),
    "respeaker": usb("MicArrayUAC20", "ReSpeaker MicArray UAC2.0", "2886:0007:", "1.4", maker="SeeedStudio"),
    "ifi": usb("Audio", "iFi (by AMR) HD USB Audio", "20b1:3008:", "1.2", OUT),
    "seeed4": board("seeed4micvoicec", "seeed-4mic-voicecard", "seeed-4mic-voic", "platform-soc:sound", IN),
    "seeed2": board("seeed2micvoicec", "seeed-2mic-voicecard", "seeed-2mic-voic", "platform-soc:sound"),
    "hifiberry": board(
        "sndrpihifiberry", "snd_rpi_hifiberry_digi", "HifiberryDigi", "platform-soc:sound", OUT
    ),
    "pisound": board("pisound", "pisound", "snd_rpi_pisound", "platform-soc:sound"),
    "jack": board("Headphones", "bcm2835 Headphones", "bcm2835_headpho", "platform-3f00b840.mailbox", OUT),
    "hdmi": board("vc4hdmi0", "vc4-hdmi-0", "vc4-hdmi", "platform-107c701400.hdmi", OUT),
    "hdmi-2": board("vc4hdmi1", "vc4-hdmi-1", "vc4-hdmi", "platform-107c706400.hdmi", OUT),
    "pch": board("PCH", "HDA Intel PCH", "HDA-Intel", "pci-0000:00:1f.3"),
    "hda-hdmi": board("HDMI", "HDA Intel HDMI", "HDA-Intel", "pci-0000:00:03.0", OUT),
    "generic": board("Generic", "HD-Audio Generic", "HDA-Intel", "pci-0000:04:00.6"),
    "loopback": board("Loopback", "Loopback", "Loopback", "platform-snd_aloop.0"),
}

COPIED = [
    # arecord -l, aplay -l, in several languages
    ("stick", "card 1: Device [USB PnP Sound Device], device 0: USB Audio [USB Audio]"),
    ("stick", "Karte 1: Device [USB PnP Sound Device], Gerät 0: USB Audio [USB Audio]"),
    ("stick", "carte 1 : Device [USB PnP Sound Device], périphérique 0 : USB Audio [USB Audio]"),
    ("pch", "カード 0: PCH [HDA Intel PCH], デバイス 0: ALC887-VD Analog [ALC887-VD Analog]"),
    ("codec", "card 1: CODEC [USB Audio CODEC ], device 0: USB Audio [USB Audio]"),
    ("pisound", "card 1: pisound [pisound], device 0: PS-3VGC9QJ snd-soc-dummy-dai-0 []"),
    ("hdmi", "card 0: vc4hdmi0 [vc4-hdmi-0], device 0: MAI PCM i2s-hifi-0 [MAI PCM i2s-hifi-0]"),
    ("hdmi-2", "card 2: vc4hdmi1 [vc4-hdmi-1], device 0: MAI PCM i2s-hifi-0 [MAI PCM i2s-hifi-0]"),
    (
        "hifiberry",
        "card 1: sndrpihifiberry [snd_rpi_hifiberry_digi], device 0: HiFiBerry Digi+ Pro HiFi wm8804-spdif-0 []",
    ),
    (
        "seeed4",
        "card 0: seeed4micvoicec [seeed-4mic-voicecard], device 0: bcm2835-i2s-ac10x-codec0 ac10x-codec.1-003b-0 []",
    ),
    ("stick", "card 1: Device [USB PnP Sound Device]"),
    # aplay -L, arecord -L
    ("seeed2", "hw:CARD=seeed2micvoicec,DEV=0"),
    ("seeed2", "plughw:CARD=seeed2micvoicec,DEV=0"),
    ("seeed2", "seeed-2mic-voicecard, 3f203000.i2s-wm8960-hifi wm8960-hifi-0"),
    ("seeed2", "usbstream:CARD=seeed2micvoicec"),
    ("jack", "sysdefault:CARD=Headphones"),
    ("jack", "bcm2835 Headphones, bcm2835 Headphones"),
    ("pch", "surround51:CARD=PCH,DEV=0"),
    ("pch", "front:CARD=PCH,DEV=0"),
    ("codec", "USB Audio CODEC , USB Audio"),
    ("stick", "dsnoop:CARD=Device,DEV=0"),
    ("stick", "plug:'dsnoop:CARD=Device,DEV=0'"),
    # /proc/asound/cards, each of its two lines
    ("ak5371", " 3 [AK5371         ]: USB-Audio - AK5371"),
    ("ak5371", "                      AKM AK5371 at usb-0000:00:14.0-4.1.2, full speed"),
    ("hda-hdmi", " 0 [HDMI           ]: HDA-Intel - HDA Intel HDMI"),
    ("hda-hdmi", "                      HDA Intel HDMI at 0xaa134000 irq 48"),
    ("jack", " 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones"),
    # lsusb, the kernel's messages, rules of udev
    ("stick", "Bus 001 Device 005: ID 0d8c:013c C-Media Electronics, Inc. CM108 Audio Controller"),
    ("stick", "ID 0d8c:013c"),
    ("stick", "0d8c:013c C-Media Electronics, Inc."),
    ("stick", "0D8C:013C"),
    ("stick", "usb:0x0d8c:0x013c"),
    ("stick", "usb 1-1.2: New USB device found, idVendor=0d8c, idProduct=013c, bcdDevice= 1.00"),
    ("stick", 'ATTRS{idVendor}=="0d8c", ATTRS{idProduct}=="013c"'),
    ("stick", "P:  Vendor=0d8c ProdID=013c Rev=01.00"),
    # udev's names
    ("stick", "/dev/snd/by-path/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.2:1.0"),
    ("stick", "platform-fd500000.pcie-pci-0000:01:00.0-usbv2-0:1.2:1.0 -> ../controlC2"),
    ("generalplus", "pci-0000:02:00.0-usb-0:1:1.0"),
    ("yeti", "/dev/snd/by-path/platform-xhci-hcd.1.auto-usb-0:3.2:1.0"),
    ("yeti", "/dev/snd/by-id/usb-Blue_Microphones_Yeti_Nano_2042SG000B18-00"),
    ("generalplus", "usb-Generalplus_Usb_Audio_Device_13662631792-00"),
    ("respeaker", "/dev/snd/by-id/usb-SeeedStudio_ReSpeaker_MicArray_UAC2.0-00"),
    ("pch", "E: ID_PATH=pci-0000:00:1f.3"),
    ("pch", "S: snd/by-path/pci-0000:00:1f.3"),
    ("loopback", "/dev/snd/by-path/platform-snd_aloop.0"),
    ("stick", "P: /devices/platform/scb/fd500000.pcie/0000:01:00.0/usb1/1-1/1-1.2/1-1.2:1.0/sound/card1"),
    ("stick", "1-1.2:1.0"),
    ("stick", "usb-0000:01:00.0-1.2"),
    # what a sound server shows, in several languages, and its properties
    ("stick", "USB PnP Sound Device Analoges Stereo"),
    ("stick", "USB PnP Sound Device Digitales Stereo (IEC958)"),
    ("stick", "USB PnP Sound Device アナログステレオ"),
    ("stick", "USB PnP Sound Device モノラル"),
    ("stick", "USB PnP Sound Device Stéréo analogique"),
    ("stick", "USB PnP Sound Device Estéreo analógico"),
    ("stick", " │  *   48. USB PnP Sound Device モノラル       [vol: 1.00]"),
    ("stick", "Description: USB PnP Sound Device Mono"),
    ("stick", "Beschreibung: USB PnP Sound Device Analoges Stereo"),
    ("stick", "説明: USB PnP Sound Device モノラル"),
    ("stick", "USB PnP Sound Device [alsa]"),
    ("stick", 'alsa.card_name = "USB PnP Sound Device"'),
    ("stick", 'alsa.id = "Device"'),
    ("stick", '\t\tdevice.bus_path = "platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.2:1.0"'),
    ("stick", 'node.name = "alsa_input.usb-C-Media_Electronics_Inc._USB_PnP_Sound_Device-00.mono-fallback"'),
    ("yeti", 'device.description = "Yeti Nano"'),
    ("stick", "at usb-0000:01:00.0-1.2, full speed"),
    # PortAudio, sounddevice
    ("ifi", "iFi (by AMR) HD USB Audio: - (hw:1,0)"),
    ("stick", "USB PnP Sound Device: Audio (hw:1,0)"),
    ("stick", "  1 USB PnP Sound Device: Audio (hw:1,0), ALSA (1 in, 2 out)"),
    ("stick", "> 1 USB PnP Sound Device: Audio (hw:1,0), ALSA (1 in, 2 out)"),
    ("stick", "USB PnP Sound Device: Audio (hw:1,0), ALSA"),
    ("seeed2", "seeed-2mic-voicecard: bcm2835-i2s-wm8960-hifi wm8960-hifi-0 (hw:1,0)"),
    # pactl, wpctl, players
    ("stick", "alsa_input.usb-C-Media_Electronics_Inc._USB_PnP_Sound_Device-00.mono-fallback"),
    ("stick", "alsa_input.usb-C-Media_Electronics_Inc._USB_PnP_Sound_Device-00-Device.analog-mono"),
    (
        "stick",
        "62\talsa_input.usb-C-Media_Electronics_Inc._USB_PnP_Sound_Device-00.mono-fallback\tPipeWire\ts16le",
    ),
    ("sound-device", "alsa_input.usb-0d8c_USB_Sound_Device-00.analog-stereo"),
    ("camera", "alsa_input.usb-Sonix_Technology_Co.__Ltd._USB_Live_camera_SN0001-03.analog-stereo"),
    ("lavalier", "alsa_input.usb-DCMT_Technology_USB_Lavalier_Microphone_214b206000000178-00.mono-fallback"),
    ("scarlett", "alsa_input.usb-Focusrite_Scarlett_2i2_USB_Y818KFJ0C671CE-00.HiFi__Mic1__source"),
    ("scarlett", "alsa_card.usb-Focusrite_Scarlett_2i2_USB_Y818KFJ0C671CE-00"),
    ("pch", "alsa_output.pci-0000_00_1f.3.analog-stereo"),
    ("jack", "alsa_output.platform-3f00b840.mailbox.stereo-fallback"),
    ("seeed2", "alsa_output.platform-soc_sound.stereo-fallback"),
    ("hdmi-2", "pulse/alsa_output.platform-107c706400.hdmi.hdmi-stereo"),
    ("generalplus", "Usb Audio Device Mono"),
    ("generalplus", "│  *   53. Usb Audio Device Mono               [vol: 0.65]"),
    ("generic", "alsa/plughw:CARD=Generic,DEV=0"),
    # as they stand, with quotes, capitals, blanks and brackets
    ("stick", '"USB PnP Sound Device"'),
    ("stick", "  usb pnp SOUND device "),
    ("stick", "[USB PnP Sound Device]"),
    ("stick", "Device [USB PnP Sound Device]"),
    ("respeaker", "ReSpeaker*"),
]


@pytest.mark.parametrize(("card", "text"), COPIED)
def test_a_name_is_understood_as_it_was_copied(card, text):
    wanted = CARDS[card]
    what = "microphone" if wanted.microphones else "speaker"
    others = [each for each in CARDS.values() if each.id != wanted.id and each.path != wanted.path]
    for present in ([wanted], [*others, wanted], [wanted, *others]):
        assert meant(what, text, present) == [wanted]
    assert meant(what, text, others) == []
    assert fault(text) == ""


def test_what_looks_like_a_profile_may_be_the_name_of_another_card():
    yeti = usb("Yeti", "Yeti", "b58e:9e84:", "1.2")
    assert meant("microphone", "Yeti Stereo", [yeti]) == [yeti]
    assert meant("microphone", "Yeti Stereo Microphone", [yeti]) == []
    assert meant("microphone", "Yeti Stereo 2", [yeti]) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bluez_input.00_16_94_35_0D_5F.0", "known to a sound server only"),
        ("bluez_output.00_16_94_35_0D_5F.1", "known to a sound server only"),
        ("alsa_output.pci-0000_00_1f.3.analog-stereo.monitor", "what a speaker plays"),
        ("    |__ Port 3: Dev 12, If 2, Class=Audio, Driver=snd-usb-audio, 12M", "a place that changes"),
        ("Bus 001 Device 004", "a place that changes"),
        ("hw:Device_1,0", "may be another card after the next start"),
        ("Device_1", "may be another card after the next start"),
        ("Generic_1", "may be another card after the next start"),
        ("Device, default", "several names in one"),
        ("usb:0d8c:013c,default", "several names in one"),
        ("usb:0d8c", "not a USB device"),
        ("usb:0d8c:13c", "not a USB device"),
        ("usb:GGGG:013c", "not a USB device"),
        ("port:1", "not a USB port"),
        ("port:usb1", "not a USB port"),
        ("port:1.2", "not a USB port"),
        (" ", "is empty"),
        ("''", "is empty"),
        ("DEFAULT", "with a capital"),
        ("x " * 50, "longer than the name of any card"),
    ],
)
def test_what_can_never_mean_one_card_is_refused_with_the_reason(text, why):
    assert why in fault(text)


@pytest.mark.parametrize(
    "text",
    [
        "default",
        "pulse",
        "null",
        "mic_1",  # may be defined in asound.conf
        "Mic_A",
        "bluealsa:DEV=00:16:94:35:0D:5F,PROFILE=sco",
        "plug:dsnooped",
        "vc4hdmi1",
        "4 Mic Array",
        "K38",
    ],
)
def test_what_may_mean_one_card_is_not_refused(text):
    assert fault(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        *("0", "1,0", "-1", "01", "+1", "#1", "1:0", "1.0", "'1'", "[1]", "\uff11", "hw:\uff11"),
        *("card 1", "card1", "Card 1", "card #1", "card=1", "CARD=1,DEV=0", "card 1, device 0"),
        *("hw:1", "hw:1,0", "hw:1,0,0", "hw:-1", "hw: 1,0", "HW:1,0", "hw1,0", "(hw:1,0)", "hw(1,0)", ":1,0"),
        *("plughw:1,0", "hw:CARD=1", "plughw:CARD=1,DEV=0", "sysdefault:1", "default:CARD=1", "dsnoop:1"),
        *("plug:hw:1,0", "plug:'hw:1,0'", "plug:SLAVE='hw:1,0'", "surround40:1"),
        *("/dev/snd/pcmC1D0c", "controlC1", "pcmC1D0p", "/dev/dsp1"),
        "02-00: USB Audio : USB Audio : capture 1",
    ],
)
def test_a_number_is_known_in_every_spelling(text):
    assert is_number(text)
    assert "is a number" in fault(text)
    card = Card(1, "Device", "USB PnP 1 hw:1,0 card", "0d8c:013c:", "1-1.2", (0,), (0,))
    assert meant("microphone", text, []) == []
    with pytest.raises(Exception, match="cannot find"):
        among("microphone", [text], ["USB PnP 1 hw:1,0 card: USB Audio (hw:1,0)"], [card])
