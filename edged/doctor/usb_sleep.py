"""Whether the kernel may suspend a sound device. Pure.

A suspended device needs time to wake up, and some of them click, lose the beginning of a sound, or do not come back.
The kernel suspends a device after two seconds without use if its power/control is `auto`. Most sound devices have
`on`. The driver for webcams sets `auto`, also for the microphone in the webcam, and programs such as TLP and powertop
set it for every device. The udev rules of edged set `on` for each device with sound, so a problem here means that
something else changed it afterwards.
"""

from collections.abc import Iterable, Iterator

from edged.doctor.problem import MachineProblem
from edged.doctor.usb_device import UsbDevice, sounding


def check_usb_sleep(devices: Iterable[UsbDevice]) -> Iterator[MachineProblem]:
    able = [str(device) for device in sounding(devices) if device.power == "auto"]
    if able:
        text = f"USB may suspend {' and '.join(able)}, which then may lose the beginning of a sound"
        remedy = "switch USB autosuspend off in the program that sets it (TLP, powertop)"
        yield MachineProblem("usb_autosuspend", text, remedy, "usb-autosuspend")
