"""Whether the USB buses have room for sound. Pure.

Rules:
1. Devices at full speed (12 Mbit/s; most sound cards are that slow) that are behind one transaction translator share
   its bandwidth. A hub has one for all its ports, or one for each (multi-TT). Each port of the computer itself counts
   as one. A hub or a controller at full speed has one bus for everything.
2. A stream reserves its bandwidth when it starts. If there is none left, the start fails (ENOSPC). What is counted: for
   sound, the smallest packets that carry edged's rate; for pictures, the largest, because cameras ask for them.
3. What the kernel has refused since the start counts more than what was computed: the controller of a Raspberry Pi 4
   refuses earlier.
4. The controller of the Raspberry Pi models 0 to 3 does much of its work in software. It cannot reach devices at full
   speed behind a USB 3 hub, and under load a camera may cost sound.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from edged.doctor.check import WARNING, Check
from edged.doctor.problem import MachineProblem, Section
from edged.doctor.usb_device import AUDIO, FULL_SPEED_MBIT, VIDEO, UsbDevice, UsbStream, parent

CHECK = Check(
    "usb",
    "machine",
    "bandwidth of the USB buses, and autosuspend",
    {"usb_bandwidth": WARNING, "usb_hub": WARNING, "usb_camera": WARNING, "usb_autosuspend": WARNING},
)

BUDGET_US = 780
"""Of each millisecond, what the kernel (drivers/usb/host/ehci-sched.c) gives to streams behind a translator."""
_SLOWER_MBIT = 480  # a USB 3 controller has a second bus, for its own speed only
_EDGED_BYTES = 48  # in a millisecond: 24 kHz, one channel, 16 bits
_SECTION: Section = "usb-bandwidth"
_REFUSED = re.compile(
    r"\busb (?P<port>[0-9]+-[0-9.]+): .*(?:not enough bandwidth|err(?:or)?[ =]+-28\b|failed \(-28\))",
    re.IGNORECASE,
)
_REFUSED_BY_OTG = "Insufficient periodic bandwidth"
_OTG = "DWC OTG"  # the name of the root hub on a Raspberry Pi 0 to 3


def check_usb_bus(devices: Iterable[UsbDevice], kernel_log: str) -> Iterator[MachineProblem]:
    tree = {device.port: device for device in devices}
    refused = _refused(tree, kernel_log)
    if refused:
        text = f"the USB bus had no bandwidth left for {refused}, so it cannot be heard or cannot hear"
        yield MachineProblem("usb_bandwidth", text, _remedy(tree), _SECTION)
    for group in _lanes(tree).values():
        need = sum(time_us(stream) for device in group for stream in device.streams)
        if len(group) > 1 and need > BUDGET_US and not refused and any(device.has_sound for device in group):
            share = f"{need * 100 // BUDGET_US} % of it"
            text = f"{_listed(group)} share one USB bus of 12 Mbit/s, and together they need {share}"
            yield MachineProblem("usb_bandwidth", text, _remedy(tree), _SECTION)
    yield from _check_otg(tree)


def time_us(stream: UsbStream) -> int:
    """How much of each millisecond a stream takes at full speed, as the kernel computes it (usb_calc_bus_time)."""
    enough = [packet for packet in stream.packets if packet >= _EDGED_BYTES]
    packet = min(enough) if enough and stream.kind == AUDIO else max(stream.packets)
    bits = 7 * 8 * packet // 6  # bit stuffing adds up to a sixth
    nanoseconds = (7268 if stream.is_input else 6265) + 1000 + 8354 * (31 + 10 * bits) // 1000
    return nanoseconds // 1000


def _lanes(tree: Mapping[str, UsbDevice]) -> dict[str, list[UsbDevice]]:
    """The devices at full speed that stream, by what they share."""
    found: dict[str, list[UsbDevice]] = {}
    for device in tree.values():
        if device.speed_mbit == FULL_SPEED_MBIT and device.streams and not device.is_hub:
            found.setdefault(_lane(device, tree), []).append(device)
    return {lane: sorted(group, key=lambda each: each.port) for lane, group in sorted(found.items())}


def _lane(device: UsbDevice, tree: Mapping[str, UsbDevice]) -> str:
    below = device.port
    while (up := tree.get(parent(below))) is not None and up.speed_mbit <= FULL_SPEED_MBIT:
        below = up.port
    if up is None:  # the controller itself is at full speed
        return below
    return below if up.is_multi_tt or up.port.startswith("usb") else up.port


def _refused(tree: Mapping[str, UsbDevice], kernel_log: str) -> str:
    ports = dict.fromkeys(match["port"] for match in _REFUSED.finditer(kernel_log))
    found = [tree[port] for port in ports if port in tree and tree[port].has_sound]
    if found:
        return _listed(found)
    some = [device for device in tree.values() if device.has_sound]
    return _listed(some) if some and _REFUSED_BY_OTG in kernel_log and _is_otg(tree) else ""


def _check_otg(tree: Mapping[str, UsbDevice]) -> Iterator[MachineProblem]:
    if not _is_otg(tree):
        return
    if hubs := [hub for hub in tree.values() if hub.is_hub and hub.version == "2.10"]:
        text = f"behind the USB 3 hub {_listed(hubs)}, this Raspberry Pi does not find most sound cards"
        yield MachineProblem(
            "usb_hub", text, "use a USB 2 hub with one translator for each port (multi-TT)", _SECTION
        )
    sounding = [device for device in tree.values() if device.has_sound]
    cameras = [device for device in tree.values() if VIDEO in device.classes]
    if cameras and (others := [device for device in sounding if device not in cameras]):
        both = f"{_listed(cameras)} and {_listed(others)}"
        text = f"{both} share the only USB bus of this Raspberry Pi, so sound may have gaps"
        yield MachineProblem(
            "usb_camera", text, "use the camera at a low resolution, or a HAT for sound", _SECTION
        )


def _is_otg(tree: Mapping[str, UsbDevice]) -> bool:
    return any(device.port.startswith("usb") and _OTG in device.name for device in tree.values())


def _remedy(tree: Mapping[str, UsbDevice]) -> str:
    controllers = [
        each for each in tree.values() if each.port.startswith("usb") and each.speed_mbit <= _SLOWER_MBIT
    ]
    hub = "use a hub with one translator for each port (multi-TT)"
    return f"plug one of them into another port of the computer, or {hub}" if len(controllers) > 1 else hub


def _listed(devices: Iterable[UsbDevice]) -> str:
    return " and ".join(map(str, devices))
