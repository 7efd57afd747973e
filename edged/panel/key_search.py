"""Waits for a key of any input device (evdev), to find the one that is the button. Never blocks."""

from contextlib import suppress
from types import TracebackType
from typing import Any

from edged.errors import DeviceError
from edged.input_keys import names
from edged.panel.button_search import KeyPressed
from edged.panel.evdev_devices import InputKey, library, openable, stable_path

_EV_KEY, _DOWN = 1, 1
# Who uses the terminal clicks, presses Enter and Ctrl+C there.
_OF_TERMINAL = frozenset({*range(0x110, 0x118), 28, 96, 29, 97, 42, 54, 56, 100, 125})


class KeySearch:
    """All devices with keys, until the end of the block. Without the package evdev, or the right, there are none."""

    def __init__(self) -> None:
        self._devices: list[Any] = []
        self.why_none = ""
        """Why no device can be watched; empty: at least one is."""

    def __enter__(self) -> "KeySearch":
        try:
            evdev = library(InputKey("", "KEY_SPACE", "button"))
        except DeviceError as error:
            self.why_none = str(error)
            return self
        self._devices, denied = openable(evdev)
        if not self._devices:
            self.why_none = str(denied[0]) if denied else "no input device is plugged in"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for device in self._devices:
            device.close()

    def look(self) -> KeyPressed | None:
        """The key that went down since the last call, if there was one."""
        found = None
        for device in self._devices:
            with suppress(OSError):  # nothing has happened, or it was unplugged
                for event in device.read():
                    if event.type == _EV_KEY and event.value == _DOWN and event.code not in _OF_TERMINAL:
                        found = KeyPressed(self._named(device), device.name, _key(event.code))
        return found

    def _named(self, device: Any) -> str:
        alike = [each for each in self._devices if device.name.casefold() in each.name.casefold()]
        return str(device.name) if len(alike) == 1 and device.name.strip() else stable_path(device.path)


def _key(code: int) -> str:
    """The name of a key, or its number."""
    return next((name for name, number in names().items() if number == code), str(code))
