"""Chooses the library below gpiozero, without a word of these libraries in the journal.

Rules:
1. lgpio, RPi.GPIO or pigpio: the first that works, in gpiozero's own order. `native`, the last resort of gpiozero, is
   left out: it writes to the chip's registers past the kernel, and on an unknown chip it ends the process.
2. What the libraries print, and what gpiozero warns of, is dropped. If none works, the error says of each one why.
   If lgpio does not work but another one does, one line says so.
3. GPIOZERO_PIN_FACTORY decides alone.
"""

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from io import StringIO

from gpiozero import Device
from gpiozero.exc import BadPinFactory, GPIOZeroWarning

from edged.c_stderr import silenced

log = logging.getLogger(__name__)

warnings.filterwarnings("ignore", category=GPIOZeroWarning)

_LIBRARIES = {
    "lgpio": ("gpiozero.pins.lgpio", "LGPIOFactory"),
    "RPi.GPIO": ("gpiozero.pins.rpigpio", "RPiGPIOFactory"),
    "pigpio": ("gpiozero.pins.pigpio", "PiGPIOFactory"),
}
_one_at_a_time = threading.Lock()  # the button and the light may start at once


def ensure() -> None:
    """Make gpiozero's factory of pins, unless there is one. Raises BadPinFactory, or what a library raises."""
    with _one_at_a_time:
        if Device.pin_factory is not None:
            return
        with _quiet():
            if os.environ.get("GPIOZERO_PIN_FACTORY"):
                Device.ensure_pin_factory()
                return
            failures = _choose()
    if failures:
        log.info("gpiozero uses %s: %s", _used(), failures)


def _choose() -> str:
    """Set the factory. Returns why those before it do not work."""
    failures: list[str] = []
    for library, (module, name) in _LIBRARIES.items():
        try:
            Device.pin_factory = getattr(import_module(module), name)()
        except ModuleNotFoundError:
            failures.append(f"{library} is not installed")
        except Exception as error:  # noqa: BLE001 these libraries raise anything
            failures.append(f"{library}: {str(error) or type(error).__name__}")
        else:
            return "; ".join(failures)
    raise BadPinFactory("; ".join(failures))


def _used() -> str:
    return type(Device.pin_factory).__name__.removesuffix("Factory")


@contextmanager
def _quiet() -> Iterator[None]:
    with silenced(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        yield
