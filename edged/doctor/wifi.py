"""Whether Wi-Fi saves power on the way to the service. Pure.

A card that saves power sleeps between two beacons of the access point. On a Raspberry Pi, a message that arrives
meanwhile waits, mostly for a tenth of a second and sometimes for more than two seconds, and some links drop.

Only the interface with the default route counts: edged reaches the service through it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import WARNING, Check
from edged.doctor.problem import MachineProblem

CHECK = Check("wifi", "machine", "power save of Wi-Fi", {"wifi_power_save": WARNING})

_UP = 0x1  # RTF_UP of linux/route.h
_ANY_4, _ANY_6 = "00000000", "0" * 32


@dataclass(frozen=True, slots=True)
class Wifi:
    """`saves_power`: what the driver says; None if it does not say, or the interface is not Wi-Fi."""

    interface: str
    saves_power: bool | None
    has_network_manager: bool


def check_wifi(wifi: Wifi) -> Iterator[MachineProblem]:
    if not wifi.saves_power:
        return
    remedy = (
        "set wifi.powersave=2 below [connection] in /etc/NetworkManager/conf.d/kiosk.conf"
        if wifi.has_network_manager
        else f"switch it off with a udev rule that runs iw dev {wifi.interface} set power_save off"
    )
    text = f"Wi-Fi ({wifi.interface}) saves power, so answers may come seconds late, and the link may drop"
    yield MachineProblem("wifi_power_save", text, remedy, "wi-fi-power-save")


def default_interface(route: str, ipv6_route: str) -> str:
    """The interface of the default route, by the texts of /proc/net/route and /proc/net/ipv6_route; empty: none."""
    found = []
    for line in route.splitlines()[1:]:  # interface, destination, gateway, flags, ., ., metric, mask
        fields = line.split()
        if len(fields) >= 8 and fields[1] == fields[7] == _ANY_4 and int(fields[3], 16) & _UP:
            found.append((0, int(fields[6]), fields[0]))
    for line in ipv6_route.splitlines():  # destination, its length, ., ., ., metric, ., ., flags, interface
        fields = line.split()
        if len(fields) == 10 and fields[:2] == [_ANY_6, "00"] and int(fields[8], 16) & _UP:
            found.append((1, int(fields[5], 16), fields[9]))
    usable = [each for each in found if each[2] != "lo"]  # the kernel's own "unreachable"
    return min(usable)[2] if usable else ""
