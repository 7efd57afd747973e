"""Button and lamp on GPIO lines, using gpiozero. It sets no `bounce_time`, which would delay the press itself."""

import warnings
from collections.abc import Callable

from gpiozero import LED
from gpiozero import Button as GpioButton
from gpiozero.exc import BadPinFactory, GPIOZeroError, PinFactoryFallback

from edged.errors import DeviceError
from edged.panel.ports import Lost

# gpiozero warns about each pin library that it cannot use. Our own error states the result in one sentence.
warnings.filterwarnings("ignore", category=PinFactoryFallback)

# The libraries below gpiozero raise unrelated classes: lgpio.error, OSError, PinUnknownPi, ...
_FAILURES = (GPIOZeroError, OSError, RuntimeError, ImportError)


class GpiozeroButton:
    """A contact between a GPIO line and ground; with `pull_up` False, between the line and 3.3 V."""

    def __init__(self, gpio: int, *, pull_up: bool = True) -> None:
        self._gpio, self._pull_up = gpio, pull_up
        self._button: GpioButton | None = None

    def start(self, edge: Callable[[bool], None], lost: Lost) -> bool:  # noqa: ARG002 a line is not unplugged
        """Claim the line; returns True if the button is down."""
        try:
            button = GpioButton(self._gpio, pull_up=self._pull_up)
        except Exception as error:
            raise _unavailable("button", self._gpio, error) from error
        self._button = button
        button.when_pressed = lambda: edge(True)
        button.when_released = lambda: edge(False)
        return bool(button.is_pressed)

    def stop(self) -> None:
        """Release the line."""
        button, self._button = self._button, None
        if button is not None:
            _quietly(button.close)


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


def _unavailable(what: str, gpio: int, error: Exception) -> DeviceError:
    """Translate an error of gpiozero or a library below it. Any other error is a bug, and is raised again."""
    if not _is_foreign(error):
        raise error
    text = str(error) or type(error).__name__
    if isinstance(error, BadPinFactory):
        text = f"{text} (is this a Raspberry Pi, with python3-lgpio installed?)"
    if "busy" in text.lower():
        text = f"{text}: another program holds the line"
    return DeviceError(f"GPIO {gpio} cannot be claimed: {text}; see `{what}.gpio`", f"{what}_lost")
