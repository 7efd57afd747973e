"""Finds and opens an input device of Linux (evdev): a foot pedal, an encoder of arcade buttons, a USB handset.

Rules:
1. A device is named by its name, by a part of it, by `usb:0079:0006`, or by its path below /dev/input/by-id or by-path.
2. One device may have several files, such as those of a keyboard that has media keys, too. Only a file with the wanted
   key counts.
3. If two devices fit, edged does not guess: the error lists both.
"""

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from edged.errors import DeviceError
from edged.input_keys import number_of
from edged.origin import how_to_add
from edged.panel.refusals import PanelPart
from edged.spelling import read

_SET_CLOCK = 0x400445A0  # EVIOCSCLOCKID: the kernel stamps events with the time of this clock
_MOST_NAMED = 6  # devices in an error


class InputKey(NamedTuple):
    """A key of a device, as the configuration names them; both may be empty. `part` is the section there."""

    device: str
    key: str
    part: str

    @property
    def place(self) -> PanelPart:
        named = f"{self.key or 'a key'} of {self.device!r}" if self.device else f"the key {self.key}"
        return PanelPart(named, self.part)

    def failed(self, what: str) -> DeviceError:
        return self.place.refused(what)


def library(key: InputKey) -> Any:
    """The package evdev. Raises DeviceError where it is missing."""
    try:
        import evdev  # noqa: PLC0415 only this adapter needs it, and only when it is chosen
    except ImportError as error:
        raise key.failed(
            f"the Python package evdev is missing ({error}): run {how_to_add('evdev')}"
        ) from error
    return evdev


def code_of(key: InputKey) -> int | None:
    """The kernel's number of the key; None: any key."""
    if not key.key:
        return None
    number = number_of(key.key)
    if number is None:
        raise key.failed(f"this is not the name of a key; `evtest` shows the names; see `{key.part}.key`")
    return number


def open_device(evdev: Any, key: InputKey, code: int | None, dev: Path = Path("/dev/input")) -> Any:
    """Open the device. Its events carry monotonic times. Raises DeviceError with a remedy."""
    opened, denied = openable(evdev, dev)
    named = list(_named(key, opened))
    fitting = [device for device in named if code is None or code in _keys(device)]
    chosen: Any = fitting[0] if len(fitting) == 1 else None
    for device in opened:
        if device is not chosen:
            device.close()
    if chosen is None:
        raise _not_one(key, opened, named, fitting, denied)
    try:
        fcntl.ioctl(chosen.fd, _SET_CLOCK, struct.pack("i", time.CLOCK_MONOTONIC))
    except OSError as error:
        chosen.close()
        raise key.failed(f"the device cannot be used: {error.strerror}") from error
    return chosen


def openable(evdev: Any, dev: Path = Path("/dev/input")) -> tuple[list[Any], list[OSError]]:
    """The devices that can be opened and have keys, and why others may not be opened."""
    opened: list[Any] = []
    denied: list[OSError] = []
    for path in sorted(map(str, dev.glob("event*")), key=lambda path: (len(path), path)):
        try:
            device = evdev.InputDevice(path)
        except PermissionError as error:
            denied.append(PermissionError(error.errno, error.strerror, path))
        except OSError:  # it has just been unplugged
            continue
        else:
            if _keys(device):
                opened.append(device)
            else:
                device.close()
    return opened, denied


def _keys(device: Any) -> list[int]:
    return list(device.capabilities(absinfo=False).get(1, ()))  # EV_KEY


def _named(key: InputKey, devices: list[Any]) -> Iterator[Any]:
    """The devices that the name means: those with the whole name, or else those with a part of it."""
    if not key.device:
        return iter(devices)
    if key.device.startswith("/"):
        path = os.path.realpath(key.device)
        return (each for each in devices if each.path == path)
    wanted = read(key.device)
    if wanted.kind == "usb":
        return (each for each in devices if f"{each.info.vendor:04x}:{each.info.product:04x}" == wanted.text)
    text = key.device.casefold()
    whole = [each for each in devices if each.name.casefold() == text]
    pattern = text if "*" in text else f"*{text}*"
    return iter(whole or [each for each in devices if fnmatchcase(each.name.casefold(), pattern)])


def _not_one(
    key: InputKey, opened: list[Any], named: list[Any], fitting: list[Any], denied: list[OSError]
) -> DeviceError:
    """Why no device was chosen."""
    if key.device.startswith("/"):
        denied = [error for error in denied if error.filename == os.path.realpath(key.device)]
    if len(fitting) > 1:
        return key.failed(
            f"several devices fit: {_listed(fitting)}; name one by its path in `{key.part}.device`"
        )
    if denied and not named:
        return key.place.denied(denied[0], str(denied[0].filename))
    if named:
        return key.failed(f"{_listed(named)} has no such key; see `{key.part}.key`")
    there = f"there are {_listed(opened)}" if opened else "there is none with keys"
    return key.failed(f"no such input device is plugged in; {there}; see `{key.part}.device`")


def _listed(devices: list[Any]) -> str:
    more = len(devices) - _MOST_NAMED
    shown = ", ".join(f"{each.name!r} ({stable_path(each.path)})" for each in devices[:_MOST_NAMED])
    return shown + (f" and {more} more" if more > 0 else "")


def stable_path(path: str) -> str:
    """A path of the device that stays the same when the machine starts again, if there is one."""
    real = os.path.realpath(path)
    for folder in ("by-id", "by-path"):
        for link in sorted(Path(path).parent.glob(f"{folder}/*")):
            if os.path.realpath(link) == real:
                return str(link)
    return path
