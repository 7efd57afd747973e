"""A contact and a lamp on GPIO lines, using gpiozero. It sets no `bounce_time`, which would delay the press itself."""

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from gpiozero import LED, Device, Factory, GPIODevice, InputDevice, Pin
from gpiozero.exc import BadPinFactory, GPIOZeroError

from edged.errors import DeviceError
from edged.panel.gpiod_lines import Line, holder
from edged.panel.gpiozero_factory import ChosenFactoryError, ensure
from edged.panel.ports import Edge, Lost
from edged.panel.refusals import PanelPart
from edged.panel.wiring import Wiring

# The libraries below gpiozero raise unrelated classes: lgpio.error, OSError, PinUnknownPi, ...
_FAILURES = (GPIOZeroError, OSError, RuntimeError, ImportError)

_OLDEST_S = 1.0  # an edge older than this was not counted by the monotonic clock


class GpiozeroContact:
    """A contact on a GPIO line. It uses the pin itself: gpiozero's Button would swallow the edge after a missed one."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._line: InputDevice | None = None
        self._pin: Pin | None = None
        self._edge: Edge | None = None

    def start(self, edge: Edge, lost: Lost) -> bool:  # noqa: ARG002 a line is not unplugged
        """Claim the line; returns True if the contact is active."""
        pull_up = {"up": True, "down": False, "none": None}[self._wiring.bias]
        try:
            _prepare(self._wiring.part, self._wiring.gpio)
            # gpiozero wants to know the active level of a line that it does not pull. It is not used here.
            line = InputDevice(
                self._wiring.gpio, pull_up=pull_up, active_state=True if pull_up is None else None
            )
            self._line, self._pin, self._edge = line, line.pin, edge
            line.pin.edges = "both"
            line.pin.when_changed = self._changed
            return self._is_active(line.pin.state)
        except DeviceError:
            raise
        except Exception as error:
            raise _unavailable(self._wiring.part, self._wiring.gpio, error) from error

    def read(self) -> bool:
        """Whether the contact is active, by the level of the line."""
        pin = self._pin  # another thread may stop the contact meanwhile
        if pin is None:
            raise DeviceError("the contact is not watched", "button_lost")
        try:
            return self._is_active(pin.state)
        except Exception as error:
            raise _unavailable(self._wiring.part, self._wiring.gpio, error) from error

    def stop(self) -> None:
        """Release the line."""
        line, self._line, self._pin, self._edge = self._line, None, None, None
        if line is not None:
            _release(line)

    def _is_active(self, level: object) -> bool:
        return bool(level) is self._wiring.is_active_high

    def _changed(self, ticks: object, level: object) -> None:
        """Called by a thread of gpiozero."""
        edge, pin = self._edge, self._pin
        if edge is not None and pin is not None:
            edge(self._is_active(level), _at_ms(pin.factory, ticks))


def _at_ms(factory: Factory, ticks: object) -> int | None:
    """The time of an edge. `ticks` has a meaning for its factory only, and some kernels count from another start."""
    age_s = factory.ticks_diff(factory.ticks(), ticks)
    return int((time.monotonic() - age_s) * 1000) if 0 <= age_s < _OLDEST_S else None


class GpiozeroLamp:
    """An LED on a GPIO line. The first `set` claims the line."""

    def __init__(self, gpio: int, *, active_high: bool = True) -> None:
        self._gpio, self._active_high = gpio, active_high
        self._led: LED | None = None

    def set(self, level: float) -> None:
        """Switch the LED on for levels from 0.5."""
        try:
            if self._led is None:
                _prepare("light", self._gpio)
                self._led = LED(self._gpio, active_high=self._active_high)
            (self._led.on if level >= 0.5 else self._led.off)()
        except DeviceError:
            raise
        except Exception as error:
            raise _unavailable("light", self._gpio, error) from error

    def stop(self) -> None:
        """Switch the LED off and release the line."""
        led, self._led = self._led, None
        if led is not None:
            _quietly(led.off)
            _release(led)


def _prepare(part: str, gpio: int) -> None:
    """Make the factory of pins, and raise DeviceError if somebody else holds this line.

    gpiozero would notice that, too, but then its half-made device complains when it is collected.
    """
    ensure()
    if type(Device.pin_factory).__name__ == "LGPIOFactory" and (held := holder(Line(gpio, "", part))):
        raise held


def _release(device: GPIODevice) -> None:
    """Close the device, and let its line go: with lgpio, gpiozero holds the line as long as the process lives."""
    pin = device.pin
    _quietly(device.close)
    lgpio, handle = sys.modules.get("lgpio"), getattr(pin.factory, "_handle", None)
    if lgpio is not None and handle is not None:
        _quietly(lambda: lgpio.gpio_free(handle, pin._number))  # noqa: SLF001 gpiozero has no call for it


def _quietly(call: Callable[[], None]) -> None:
    """Run `call` and ignore errors of the libraries: a line that no longer exists need not be released."""
    try:
        call()
    except Exception as error:
        if not _is_foreign(error):
            raise


def _is_foreign(error: Exception) -> bool:
    """Whether the error comes from gpiozero or a library below it; any other error is a bug."""
    named = type(error).__module__.split(".")[0] in ("gpiozero", "lgpio", "RPi", "pigpio")
    return named or isinstance(error, _FAILURES)


def _unavailable(part: str, gpio: int, error: Exception) -> DeviceError:
    """Translate an error of gpiozero or a library below it. Any other error is a bug, and is raised again.

    `part` is the section of the configuration.
    """
    place, text = PanelPart(f"GPIO {gpio}", part), str(error) or type(error).__name__
    if isinstance(error, ChosenFactoryError):
        return place.refused(text)
    if not _is_foreign(error):
        raise error
    if isinstance(error, BadPinFactory):
        return _without_library(place, text)
    if "busy" in text.lower():
        return holder(Line(gpio, "", part)) or place.held("", "its chip")
    return place.refused(f"the line cannot be claimed: {text}; see `{part}.gpio`")


def _without_library(place: PanelPart, text: str) -> DeviceError:
    """No library below gpiozero works. The reason may be the same for all of them."""
    chips = sorted(map(str, Path("/dev").glob("gpiochip*")))
    if not chips:
        return place.refused(
            f"this machine has no GPIO chip (/dev/gpiochip*): is it a Raspberry Pi? ({text})"
        )
    for chip in chips:
        if not os.access(chip, os.R_OK | os.W_OK):
            return place.denied(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), chip)
    what = "no library that gpiozero can use works"
    return place.refused(f"{what} ({text}); set `{place.part}.backend` to gpiod, which needs none")
