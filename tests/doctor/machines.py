"""USB trees, files and messages as machines have them."""

import struct
from pathlib import Path

from edged.doctor.usb_device import AUDIO, VIDEO, UsbDevice, UsbStream

HUB, HID = 0x09, 0x03


def hub(port, name, speed=480, *, multi_tt=False, version="2.00"):
    return UsbDevice(
        port, name, speed, version, is_hub=True, is_multi_tt=multi_tt, power="auto", classes=frozenset({HUB})
    )


def sound(port, name, speed=12, *, out=(), into=(), power="on"):
    """A sound device. `out` and `into`: the packets of its settings, in bytes."""
    streams = [UsbStream(AUDIO, is_input=False, packets=out)] if out else []
    streams += [UsbStream(AUDIO, is_input=True, packets=into)] if into else []
    return UsbDevice(
        port, name, speed, "1.10", power=power, classes=frozenset({AUDIO, HID}), streams=tuple(streams)
    )


def webcam(port, name, speed=480, *, microphone=True, packets=(192, 3072), power="auto"):
    streams = [UsbStream(VIDEO, is_input=True, packets=packets)]
    streams += [UsbStream(AUDIO, is_input=True, packets=(32, 100))] if microphone else []
    classes = frozenset({VIDEO, AUDIO} if microphone else {VIDEO})
    return UsbDevice(port, name, speed, "2.00", power=power, classes=classes, streams=tuple(streams))


def keyboard(port):
    return UsbDevice(port, "USB Keyboard", 1.5, "1.10", power="on", classes=frozenset({HID}))


MICROPHONE = sound("1-1.2", "USB PnP Sound Device", into=(100,))
STICK = sound("1-1.3", "USB Audio Device", out=(200, 300), into=(100, 150))
SURROUND = sound("1-1.4", "GIGAPort HD+", out=(864,))  # eight channels

PI_3 = [hub("usb1", "DWC OTG Controller"), hub("1-1", "0424:9514", multi_tt=True)]
PI_4 = [
    hub("usb1", "xHCI Host Controller"),
    hub("1-1", "USB2.0 Hub"),
    hub("usb2", "xHCI Host Controller", 5000),
]
PI_5 = [hub(f"usb{bus}", "xHCI Host Controller", 480 if bus % 2 else 5000) for bus in (1, 2, 3, 4)]
OLD_PC = [hub("usb1", "UHCI Host Controller", 12, version="1.10"), hub("usb2", "EHCI Host Controller")]


def interface(number, setting, kind, *endpoints):
    found = struct.pack("<BBBBBBBBB", 9, 4, number, setting, len(endpoints), kind, 2, 0, 0)
    return found + b"".join(endpoints)


def endpoint(address, attributes, size):
    return struct.pack("<BBBBHBBB", 9, 5, address, attributes, size, 1, 0, 0)


def descriptors(*configurations):
    """The bytes of a device, as in /sys/bus/usb/devices/*/descriptors."""
    device = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x110, 0, 0, 0, 8, 0x08BB, 0x2902, 0x100, 1, 2, 0, 1)
    found = device
    for number, inside in enumerate(configurations, 1):
        found += struct.pack("<BBHBBBBB", 9, 2, 9 + len(inside), 2, number, 0, 0x80, 50) + inside
    return found


def write(root: Path, path: str, text: str | bytes) -> None:
    at = root / path
    at.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(text, bytes):
        at.write_bytes(text)
    else:
        at.write_text(f"{text}\n")
