"""Chooses the library below gpiozero, without a word of these libraries in the journal.

Rules:
1. lgpio, RPi.GPIO or pigpio: the first that works, in gpiozero's own order. `native`, the last resort of gpiozero, is
   left out: it writes to the chip's registers past the kernel, and on an unknown chip it ends the process.
2. What the libraries print, and what gpiozero warns of, is dropped. If none works, the error says of each one why.
   If lgpio does not work but another one does, one line says so.
3. GPIOZERO_PIN_FACTORY decides alone. If it names no factory of gpiozero, or one that does not work, the error is about
   the variable, and not about chips.
"""

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from importlib.metadata import entry_points
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


class ChosenFactoryError(Exception):
    """The factory that GPIOZERO_PIN_FACTORY names cannot be used; the text has the remedy."""


def ensure() -> None:
    """Make gpiozero's factory of pins, unless there is one. Raises BadPinFactory or ChosenFactoryError."""
    with _one_at_a_time:
        if Device.pin_factory is not None:
            return
        with _quiet():
            if chosen := os.environ.get("GPIOZERO_PIN_FACTORY"):
                _make(chosen)
                return
            failures = _choose()
    if failures:
        log.info("gpiozero uses %s: %s", _used(), failures)


def _make(chosen: str) -> None:
    """Set the factory of this name."""
    known = sorted(entry_points(group="gpiozero_pin_factories").names)
    variable = f"GPIOZERO_PIN_FACTORY is {chosen!r:.40}"
    if not {chosen, chosen.lower()} & set(known):
        what = f"and gpiozero has no such pin factory; set it to one of {', '.join(known)}, or remove it"
        raise ChosenFactoryError(f"{variable}, {what}")
    try:
        Device.ensure_pin_factory()
    except Exception as error:  # these libraries raise anything
        why = str(error) or type(error).__name__
        what = f"which does not work here ({why}); choose another one, or remove it"
        raise ChosenFactoryError(f"{variable}, {what}") from error


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
