"""A USB device as the kernel describes it: where it is plugged in, how fast it is, and what it streams. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

AUDIO, VIDEO = 0x01, 0x0E
FULL_SPEED_MBIT = 12
_CONFIGURATION, _INTERFACE, _ENDPOINT = 2, 4, 5  # bDescriptorType
_ISOCHRONOUS = 1


@dataclass(frozen=True, slots=True)
class UsbStream:
    """One direction of sound or pictures. `packets`: its sizes to choose from, in bytes per frame or microframe."""

    kind: int
    is_input: bool
    packets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """`port`: its name in /sys/bus/usb/devices. `version`: of USB, as in 2.10. `power`: its power/control."""

    port: str
    name: str
    speed_mbit: float
    version: str = ""
    is_hub: bool = False
    is_multi_tt: bool = False
    power: str = ""
    classes: frozenset[int] = frozenset()  # of its interfaces
    streams: tuple[UsbStream, ...] = ()

    @property
    def has_sound(self) -> bool:
        return AUDIO in self.classes

    def __str__(self) -> str:
        return f"{self.name} in port {self.port}"


def parent(port: str) -> str:
    """The port of the hub that a device is plugged into: 1-1 for 1-1.2, and usb1 for 1-1. Empty for usb1."""
    if port.startswith("usb"):
        return ""
    up, dot, _ = port.rpartition(".")
    return up if dot else f"usb{port.partition('-')[0]}"


def described(descriptors: bytes, configuration: int) -> tuple[frozenset[int], tuple[UsbStream, ...]]:
    """The classes of the interfaces, and the streams, in the descriptors of a device.

    `configuration`: the number of the one in use; 0: take the first.
    """
    classes: set[int] = set()
    streams: dict[tuple[int, int], tuple[int, list[int]]] = {}
    interface = kind = 0
    is_current = False
    for each in _each(descriptors):
        if len(each) < 6:
            continue
        if each[1] == _CONFIGURATION:
            configuration = configuration or each[5]
            is_current = each[5] == configuration
        elif each[1] == _INTERFACE and is_current:
            interface, kind = each[2], each[5]
            classes.add(kind)
        elif each[1] == _ENDPOINT and is_current and each[3] & 3 == _ISOCHRONOUS and kind in (AUDIO, VIDEO):
            size = each[4] | each[5] << 8
            packet = (size & 0x7FF) * (1 + (size >> 11 & 3))  # at high speed up to three in a microframe
            if packet:
                streams.setdefault((interface, each[2]), (kind, []))[1].append(packet)
    return frozenset(classes), tuple(_streams(streams))


def _streams(found: dict[tuple[int, int], tuple[int, list[int]]]) -> Iterator[UsbStream]:
    for (_, address), (kind, packets) in found.items():
        yield UsbStream(kind, bool(address & 0x80), tuple(sorted(packets)))


def _each(descriptors: bytes) -> Iterator[bytes]:
    """Each descriptor; ends at one that is not well formed."""
    while len(descriptors) >= 2 and 2 <= descriptors[0] <= len(descriptors):
        yield descriptors[: descriptors[0]]
        descriptors = descriptors[descriptors[0] :]


def sounding(devices: Iterable[UsbDevice]) -> list[UsbDevice]:
    return [device for device in devices if device.has_sound]
