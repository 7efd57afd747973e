"""An LED of the machine, through /sys/class/leds. Raises DeviceError naming LED and remedy.

The kernel may use the LED for something else, which it calls a trigger: the green LED of a Raspberry Pi flashes while
the SD card is used. edged switches the trigger off, and on again at the end.
"""

import errno
import os
import re
from contextlib import suppress
from pathlib import Path

from edged.errors import DeviceError
from edged.files import beginning
from edged.panel.light import Colour
from edged.panel.refusals import PanelPart

LEDS = Path("/sys/class/leds")
_MOST_BYTES = 16_384  # the list of all triggers


class SysfsLed:
    """Paints one LED. A thread of its own calls it (lamp_thread.py)."""

    def __init__(self, name: str, part: str, *, brightness: float = 1.0, leds: Path = LEDS) -> None:
        self._folder, self.place = leds / name, PanelPart(f"LED {name}", part)
        self._brightness = brightness
        self._full: int | None = None  # the brightness of a level of 1; None: the LED is not in use
        self._trigger = ""  # what the kernel used it for

    def paint(self, level: float, colour: Colour) -> None:  # noqa: ARG002 it has one colour
        """Take the LED from its trigger if necessary, and switch it on for levels from 0.5."""
        try:
            if self._full is None:
                self._full = self._taken()
            self._write("brightness", str(self._full if level >= 0.5 else 0))
        except OSError as error:
            self._full = None
            raise self._why_not(error) from error

    def close(self) -> None:
        """Switch the LED off, and give it back to its trigger."""
        if self._full is not None:
            self._full = None
            with suppress(OSError):
                self._write("brightness", "0")
                if self._trigger:
                    self._write("trigger", self._trigger)

    def _taken(self) -> int:
        """Switch the trigger off, and return the full brightness."""
        most = int(beginning(self._folder / "max_brightness", _MOST_BYTES) or b"1")
        with suppress(FileNotFoundError):  # a kernel without triggers
            if used := re.search(rb"\[(.+?)\]", beginning(self._folder / "trigger", _MOST_BYTES)):
                self._trigger = self._trigger or used[1].decode().replace("none", "")
            self._write("trigger", "none")
        return max(1, round(most * self._brightness))

    def _write(self, name: str, text: str) -> None:
        fd = os.open(self._folder / name, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)

    def _why_not(self, error: OSError) -> DeviceError:
        if isinstance(error, FileNotFoundError):
            return self.place.refused(
                f"there is no such LED; `ls {self._folder.parent}` shows all; see `{self.place.part}.led`"
            )
        if error.errno == errno.EROFS:
            return self.place.refused(
                "the systemd unit makes it read-only; docs/inputs.md says how to let edged use this LED"
            )
        if isinstance(error, PermissionError):
            return self.place.refused(
                "only root may set it; docs/inputs.md has the udev rule that lets the group gpio set this LED"
            )
        return self.place.refused(f"it cannot be set: {error.strerror}")
