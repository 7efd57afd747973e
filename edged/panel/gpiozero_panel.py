"""A contact and a lamp on GPIO lines, using gpiozero. It sets no `bounce_time`, which would delay the press itself."""

import time
import warnings
from collections.abc import Callable

from gpiozero import LED, Factory, InputDevice, Pin
from gpiozero.exc import BadPinFactory, GPIOZeroError, PinFactoryFallback

from edged.errors import DeviceError
from edged.panel.ports import Edge, Lost
from edged.panel.wiring import Wiring

# gpiozero warns about each pin library that it cannot use. Our own error states the result in one sentence.
warnings.filterwarnings("ignore", category=PinFactoryFallback)

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
            # gpiozero wants to know the active level of a line that it does not pull. It is not used here.
            line = InputDevice(
                self._wiring.gpio, pull_up=pull_up, active_state=True if pull_up is None else None
            )
            self._line, self._pin, self._edge = line, line.pin, edge
            line.pin.edges = "both"
            line.pin.when_changed = self._changed
            return self._is_active(line.pin.state)
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
            _quietly(line.close)

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
                self._led = LED(self._gpio, active_high=self._active_high)
            (self._led.on if level >= 0.5 else self._led.off)()
        except Exception as error:
            raise _unavailable("light", self._gpio, error) from error

    def stop(self) -> None:
        """Switch the LED off and release the line."""
        led, self._led = self._led, None
        if led is not None:
            _quietly(led.off)
            _quietly(led.close)


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
    if not _is_foreign(error):
        raise error
    text = str(error) or type(error).__name__
    if isinstance(error, BadPinFactory):
        text = f"{text} (is this a Raspberry Pi, with python3-lgpio installed?)"
    if "busy" in text.lower():
        text = f"{text}: another program holds the GPIO line"
    cause = "light_lost" if part == "light" else "button_lost"
    return DeviceError(f"GPIO {gpio} cannot be claimed: {text}; see `{part}.gpio`", cause)
