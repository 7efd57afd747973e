"""Whether the power supply of a Raspberry Pi is strong enough. Pure.

Below 4.63 V the Pi slows down, and USB devices restart or disappear, sound cards among them. A Raspberry Pi 5 also
limits its USB ports to 600 mA in all if its power supply does not offer 5 A.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edged.doctor.check import WARNING, Check, DoctorFinding
from edged.doctor.problem import MachineProblem
from edged.doctor.usb_device import UsbDevice, sounding

CHECK = Check(
    "power",
    "machine",
    "under-voltage, heat, and what the power supply offers",
    {"under_voltage": WARNING, "throttled": WARNING, "usb_current": WARNING},
)

FULL_CURRENT_MA = 5000
_HAS_OCCURRED = 0x10000  # of `vcgencmd get_throttled`: since the start
_NOW = 0x1
_HOT_NOW, _HOT_ONCE = 0x4 | 0x8, 0x40000 | 0x80000
_LOGGED = re.compile(r"\bunder-?voltage detected", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PowerSupply:
    """`is_low`: the kernel's alarm (rpi_volt). `throttled`: what the firmware says; None: nothing.

    `current_ma`: what the supply offers to a Raspberry Pi 5; 0: unknown. `is_usb_limited`: its ports deliver 600 mA.
    """

    is_low: bool = False
    throttled: int | None = None
    current_ma: int = 0
    is_usb_limited: bool = False


def check_power_supply(
    supply: PowerSupply, kernel_log: str, devices: Iterable[UsbDevice]
) -> Iterator[MachineProblem]:
    bits = supply.throttled or 0
    when = ""
    if bits & _HAS_OCCURRED or _LOGGED.search(kernel_log):
        when = "was too low at least once since the Pi started"
    if supply.is_low or bits & _NOW:
        when = "is too low now"
    if when:
        text = f"the voltage of the power supply {when}, so USB devices may disappear"
        remedy = "use the Pi's own power supply and its cable, or a USB hub with its own power supply"
        yield MachineProblem("under_voltage", text, remedy, "under-voltage")
    if supply.is_usb_limited and (found := sounding(devices)):
        offers = (
            f"offers {supply.current_ma / 1000:g} A"
            if supply.current_ma
            else "does not say that it offers 5 A"
        )
        named = " and ".join(map(str, found))
        text = f"the power supply {offers}, so all USB ports together deliver 600 mA, also to {named}"
        remedy = "use a supply with 5 A (27 W), or a USB hub with its own power supply"
        yield MachineProblem("usb_current", text, remedy, "under-voltage")


def throttled(said: str) -> int | None:
    """The bits in the output of `vcgencmd get_throttled`: `throttled=0x50005`."""
    found = re.search(r"throttled=(0x[0-9a-fA-F]+)", said)
    return int(found[1], 16) if found else None


def check_heat(supply: PowerSupply) -> Iterator[DoctorFinding]:
    """Whether heat slows the processor down; the firmware says it in the same bits."""
    bits = supply.throttled or 0
    if bits & _HOT_NOW:
        yield CHECK.found("throttled", "the processor is too hot, and slowed down")
    elif bits & _HOT_ONCE:
        yield CHECK.found("throttled", "the processor was too hot since the start")
