"""How the names of sound devices are read, as people write or copy them."""

import pytest

from edged.spelling import Spelled, is_number, read


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("usb:08bb:2902", Spelled("usb", "08bb:2902")),
        ("usb:0b0e:0420:74 5C,4B", Spelled("usb", "0b0e:0420:74 5C,4B")),
        ("08BB:2902", Spelled("usb", "08bb:2902")),
        ("Bus 001 Device 004: ID 08bb:2902 Texas Instruments PCM2902", Spelled("usb", "08bb:2902")),
        ("port:1-1.2", Spelled("port", "1-1.2")),
        ("port:1-1.2,DEV=1", Spelled("port", "1-1.2", 1)),
        ("usb-3f980000.usb-1.2", Spelled("path", "usb-3f980000.usb-1.2")),
        ("port:usb-0000:01:00.0-1.4", Spelled("path", "usb-0000:01:00.0-1.4")),
        ("platform-3f980000.usb-usb-0:1.2:1.0", Spelled("path", "usb-3f980000.usb-1.2")),
        ("pci-0000:01:00.0-usb-0:1.4:1.0", Spelled("path", "usb-0000:01:00.0-1.4")),
        ("plughw:CARD=Jabra,DEV=1", Spelled("id", "Jabra", 1, "plughw")),
        ("sysdefault:CARD=Jabra", Spelled("id", "Jabra", None, "sysdefault")),
        ("hw:Jabra,0", Spelled("id", "Jabra", 0, "hw")),
        (
            "card 1: Device [USB [x] Sound], device 2: USB Audio [USB Audio]",
            Spelled("name", "USB [x] Sound", 2),
        ),
        ("1 [Device         ]: USB-Audio - USB PnP Sound Device", Spelled("name", "USB PnP Sound Device")),
        ("Device [USB PnP Sound Device]", Spelled("name", "USB PnP Sound Device")),
        ("USB PnP Sound Device: Audio (hw:3,1)", Spelled("name", "USB PnP Sound Device", 1)),
        ("  speak   510 ", Spelled("any", "speak 510")),
        ("*[ab]*", Spelled("any", "*[ab]*")),
        ("default", Spelled("any", "default")),
    ],
)
def test_what_is_copied_is_read(text, meant):
    assert read(text) == meant


@pytest.mark.parametrize(
    "text", ["0", "1,0", "hw:1", "plughw:2,0", "hw:CARD=1", "Card 1", ":1,0", "default:1", "hw:-1"]
)
def test_numbers_are_known_in_every_spelling(text):
    assert is_number(text)


@pytest.mark.parametrize(
    "text", ["1234:5678", "usb:1234:5678", "port:1-1.2", "Device_1", "hw:CARD=S3", "4 Mic Array", "510 USB"]
)
def test_names_with_digits_are_no_numbers(text):
    assert not is_number(text)
