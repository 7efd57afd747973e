"""A contact and a lamp on GPIO lines, using gpiozero. It sets no `bounce_time`, which would delay the press itself."""

import errno
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from gpiozero import LED, PWMLED, Device, Factory, GPIODevice, InputDevice, Pin
from gpiozero.exc import BadPinFactory, GPIOZeroError, PinPWMUnsupported

from edged.errors import DeviceError
from edged.panel.gpiod_lines import Line, holder
from edged.panel.gpiozero_factory import ChosenFactoryError, ensure
from edged.panel.light import WHITE, Colour
from edged.panel.ports import Edge, Lost
from edged.panel.refusals import PanelPart
from edged.panel.wiring import Wiring

log = logging.getLogger(__name__)

PWM_HZ = 100  # no eye sees it, and a library that makes it in software does not use much of the processor
# The libraries below gpiozero raise unrelated classes: lgpio.error, OSError, PinUnknownPi, ...
_FAILURES = (GPIOZeroError, OSError, RuntimeError, ImportError)

_OLDEST_S = 1.0  # an edge older than this was not counted by the monotonic clock


class GpiozeroContact:
    """A contact on a GPIO line. It uses the pin itself: gpiozero's Button would swallow the edge after a missed one."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._line = Line(wiring.gpio, "", wiring.part)
        self._device: InputDevice | None = None
        self._pin: Pin | None = None
        self._edge: Edge | None = None

    def start(self, edge: Edge, lost: Lost) -> bool:  # noqa: ARG002 a line is not unplugged
        """Claim the line; returns True if the contact is active."""
        pull_up = {"up": True, "down": False, "none": None}[self._wiring.bias]
        try:
            _prepare(self._line)
            # gpiozero wants to know the active level of a line that it does not pull. It is not used here.
            device = InputDevice(
                self._wiring.gpio, pull_up=pull_up, active_state=True if pull_up is None else None
            )
            self._device, self._pin, self._edge = device, device.pin, edge
            device.pin.edges = "both"
            device.pin.when_changed = self._changed
            return self._is_active(device.pin.state)
        except DeviceError:
            raise
        except Exception as error:
            raise _unavailable(self._line, error) from error

    def read(self) -> bool:
        """Whether the contact is active, by the level of the line."""
        pin = self._pin  # another thread may stop the contact meanwhile
        if pin is None:
            raise DeviceError("the contact is not watched", "button_lost")
        try:
            return self._is_active(pin.state)
        except Exception as error:
            raise _unavailable(self._line, error) from error

    def stop(self) -> None:
        """Release the line."""
        device, self._device, self._pin, self._edge = self._device, None, None, None
        if device is not None:
            _release(device)

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
    """An LED on a GPIO line. The first `set` claims the line.

    With `pwm` it dims, if the library below gpiozero can; if not, one line says so, and it is only on or off.
    """

    def __init__(
        self,
        gpio: int,
        *,
        active_high: bool = True,
        pwm: bool = False,
        part: str = "light",
        key: str = "gpio",
    ) -> None:
        """`part` and `key`: where the configuration names the line."""
        self._line = Line(gpio, "", part, key)
        self._active_high, self.dims = active_high, pwm
        self._led: LED | PWMLED | None = None

    def set(self, level: float, colour: Colour = WHITE) -> None:  # noqa: ARG002 it has one colour
        """Set the level of the LED. One that cannot dim is on for levels from 0.5."""
        try:
            if self._led is None:
                _prepare(self._line)
                self._led = self._claimed()
            if not self.dims:
                level = float(level >= 0.5)
            self._led.value = level
        except DeviceError:
            raise
        except Exception as error:
            raise _unavailable(self._line, error) from error

    def stop(self) -> None:
        """Switch the LED off and release the line."""
        led, self._led = self._led, None
        if led is not None:
            _quietly(led.off)
            _release(led)

    def _claimed(self) -> LED | PWMLED:
        gpio = self._line.gpio
        if self.dims:
            try:
                return PWMLED(gpio, active_high=self._active_high, frequency=PWM_HZ)
            except PinPWMUnsupported:
                self.dims = False
                log.info("%s: GPIO %s is only on or off: this library cannot dim it", self._line.part, gpio)
        return LED(gpio, active_high=self._active_high)


def _prepare(line: Line) -> None:
    """Make the factory of pins, and raise DeviceError if somebody else holds this line.

    gpiozero would notice that, too, but then its half-made device complains when it is collected.
    """
    ensure()
    if type(Device.pin_factory).__name__ == "LGPIOFactory" and (held := holder(line)):
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


def _unavailable(line: Line, error: Exception) -> DeviceError:
    """Translate an error of gpiozero or a library below it. Any other error is a bug, and is raised again."""
    place, text = line.place, str(error) or type(error).__name__
    if isinstance(error, ChosenFactoryError):
        return place.refused(text)
    if not _is_foreign(error):
        raise error
    if isinstance(error, BadPinFactory):
        return _without_library(place, text)
    if "busy" in text.lower():
        return holder(line) or place.held("", "its chip")
    return place.refused(f"the line cannot be claimed: {text}; see `{line.part}.{line.key}`")


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
