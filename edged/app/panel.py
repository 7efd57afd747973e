"""Chooses how the button and the lamps are connected, and makes the contacts (lamps.py makes the lamps).

An adapter is imported here, and only if it is chosen.

Rules for `auto`:
1. On a Raspberry Pi both are on GPIO, even before a GPIO chip has appeared; the keeper then tries again. Some laptops
   have GPIO chips, too, but no pins to wire a button to.
2. gpiod uses the pins: it sleeps until the kernel reports an edge. lgpio, below gpiozero, has a thread that wakes 1000
   times a second, whether or not somebody presses.
3. gpiozero uses them if gpiod cannot (panel/gpiod_lines.py, `unusable`), and if it knows the number of the board, which
   it needs. Anyone who sets GPIOZERO_PIN_FACTORY wants gpiozero, with pins that are simulated or of another machine.
   Anyone who names a chip wants gpiod, because gpiozero cannot choose one. A lamp that should dim is on gpiozero if
   lgpio is there, because gpiod cannot dim.
4. On other machines the button is the keyboard of the terminal that edged was started in, and there is no lamp. There
   is no button without a terminal, or in its background, where taking over the keys would stop the process.
"""

import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TextIO

from edged.config import Config
from edged.config.lamp import LampConfig
from edged.config.lamp_rules import lamps
from edged.config.panel import ContactConfig
from edged.files import beginning
from edged.panel.ports import Contact
from edged.panel.wiring import Wiring

log = logging.getLogger(__name__)

_MOST_BYTES = 2**18  # /proc/cpuinfo of many processors
_ON_PINS = ("gpiozero", "gpiod")
_WORDS = {"keyboard": "the keyboard (space bar)", "none": "not used"}


class Machine(NamedTuple):
    """What the machine offers. `pins` is the backend for its GPIO; each other field is a reason in words, or empty."""

    gpio: str
    no_gpio: str
    no_terminal: str
    pins: str = "gpiod"
    dims: bool = False  # gpiozero can dim a lamp here

    def backend(self, part: str, chip: str = "", *, dims: bool = False) -> str:
        """The backend that `auto` chooses for the button or a lamp. `dims`: the lamp should dim."""
        if chip:
            return "gpiod"
        if self.gpio:
            return "gpiozero" if dims and self.dims else self.pins
        return "keyboard" if part == "button" and not self.no_terminal else "none"

    def why(self, parts: Iterable[str]) -> str:
        """The reason for the choice, in words."""
        if self.gpio:
            return self.gpio
        return " and ".join(
            [self.no_gpio, *([self.no_terminal] if "button" in parts and self.no_terminal else [])]
        )


def _no_gpiod() -> str:
    from edged.panel.gpiod_lines import unusable

    return unusable()


def machine(
    env: Mapping[str, str] = os.environ,
    stdin: TextIO | None = sys.stdin,
    root: Path = Path("/"),
    *,
    no_gpiod: Callable[[], str] = _no_gpiod,
    has_lgpio: Callable[[], bool] = lambda: find_spec("_lgpio") is not None,
) -> Machine:
    """Look at this machine; `root` is where its /dev and /proc are. `no_gpiod`: why gpiod cannot use its pins.

    lgpio is asked for by its binary part: on Python 3.13 an old release, which has none, is still offered.
    """
    no_terminal = _no_terminal(stdin)
    if factory := env.get("GPIOZERO_PIN_FACTORY"):
        return Machine(f"GPIOZERO_PIN_FACTORY is {factory!r:.40}", "", no_terminal, "gpiozero", dims=True)
    numbered = _has_number(root)
    if numbered or _is_pi(root):
        if why := no_gpiod():
            why = f"this is a Raspberry Pi, and gpiod cannot use its pins: {why}"
            return Machine(why, "", no_terminal, "gpiozero" if numbered else "gpiod")
        return Machine("this is a Raspberry Pi", "", no_terminal, dims=numbered and has_lgpio())
    has_chips = any(root.glob("dev/gpiochip*"))
    unnamed = ", and `chip` names none of its GPIO chips" if has_chips else ""
    return Machine("", f"this is not a Raspberry Pi{unnamed}", no_terminal)


def button(config: Config) -> Contact:
    """Make the talk button, without opening it."""
    if chosen("button", config.button) == "keyboard":
        from edged.panel.keyboard import KeyboardContact

        # A space bar cannot stay lifted: one space lifts the receiver, and the next one hangs it up.
        return KeyboardContact(sys.stdin, tap_toggles=config.mode == "handset")
    return contact(config.button)


def buttons(config: Config) -> tuple[Contact, ...]:
    """Make the further buttons, without opening them. The keyboard is never one of them."""
    return tuple(contact(each, f"buttons.{number}") for number, each in enumerate(config.buttons, start=1))


def contact(wanted: ContactConfig, part: str = "button") -> Contact:
    """Make the contact that this section of the configuration describes, without opening it."""
    match chosen("button", wanted):
        case "keyboard" | "none":
            from edged.panel.null import NullContact

            return NullContact()
        case "evdev":
            from edged.panel.evdev_devices import InputKey
            from edged.panel.evdev_panel import EvdevContact

            key, closed = InputKey(wanted.device, wanted.key, part), wanted.contact == "normally_closed"
            return EvdevContact(key, normally_closed=closed, grab=wanted.grab)
        case "gpiod":
            from edged.panel.gpiod_panel import GpiodContact

            return GpiodContact(wiring(wanted, part), chip=wanted.chip)
        case _:
            from edged.panel.gpiozero_panel import GpiozeroContact

            return GpiozeroContact(wiring(wanted, part))


def wiring(wanted: ContactConfig, part: str = "button") -> Wiring:
    """How the contact is wired. `part` is the section of the configuration that an error names."""
    assert wanted.gpio is not None, "the rules of the configuration ask for it"
    closed = wanted.contact == "normally_closed"
    return Wiring(wanted.gpio, wanted.pull, normally_closed=closed, part=part)


def lamp_lines(part: str, lamp: LampConfig) -> list[int]:
    """The numbers of the lamp's GPIO lines, as the kernel has them; none if it is on no line.

    The first line of a row of pixels gives them power.
    """
    wanted = [lamp.power_gpio] if lamp.on_spi else lamp.lines.values()
    lines = [gpio for gpio in wanted if gpio is not None]
    factory = os.environ.get("GPIOZERO_PIN_FACTORY", "lgpio")
    match chosen(part, lamp):
        case "gpiod":
            return lines
        case "gpiozero" if factory in ("lgpio", "rpigpio", "native"):
            return lines
        case _:
            return []


def line_here(gpio: int, chip: str) -> tuple[str, int] | None:
    """The path of the GPIO chip on this machine, and the line's number there; None if that cannot be known."""
    from edged.panel.gpiod_lines import Line, spot

    return spot(Line(gpio, chip, "button"))


def tell(config: Config, parts: Iterable[str] = ("button", "light", "recording_light")) -> None:
    """Log in one line what `auto` chooses here, and why."""
    wanted: dict[str, ContactConfig | LampConfig] = {"button": config.button}
    wanted |= {part: lamp for part, lamp in lamps(config).items() if lamp.on_pins}
    auto = {part: wanted[part] for part in wanted if part in parts and wanted[part].backend == "auto"}
    if not auto:
        return
    found = machine()
    choice = {part: chosen(part, wanted) for part, wanted in auto.items()}
    words = [f"the {part.replace('_', ' ')} is {_in_words(choice[part], auto[part])}" for part in auto]
    unnamed = [part for part in auto if not auto[part].chip]
    why = found.why(unnamed) if unnamed else "`chip` names a GPIO chip"
    log.info("auto: %s: %s", ", ".join(words), why, extra={"edged": choice})


def _in_words(backend: str, wanted: ContactConfig | LampConfig) -> str:
    pins = ", ".join(str(gpio) for gpio in wanted.lines.values())
    return f"on GPIO {pins} ({backend})" if backend in _ON_PINS else _WORDS[backend]


def chosen(part: str, wanted: ContactConfig | LampConfig) -> str:
    """The backend for the button or the lamp that this section describes."""
    dims = isinstance(wanted, LampConfig) and wanted.kind == "pwm"
    return machine().backend(part, wanted.chip, dims=dims) if wanted.backend == "auto" else wanted.backend


def _has_number(root: Path) -> bool:
    """Whether gpiozero finds the number of the board."""
    with suppress(OSError):
        if len(beginning(root / "proc/device-tree/system/linux,revision", 4)) == 4:
            return True
    with suppress(OSError):
        return bool(re.search(rb"^Revision\s*:", beginning(root / "proc/cpuinfo", _MOST_BYTES), re.MULTILINE))
    return False


def _is_pi(root: Path) -> bool:
    """Whether the device tree calls the board a Raspberry Pi."""
    with suppress(OSError):
        return beginning(root / "proc/device-tree/model", 200).startswith(b"Raspberry Pi")
    return False


def _no_terminal(stdin: TextIO | None) -> str:
    try:
        if stdin is None or not stdin.isatty():
            return "there is no terminal"
        return (
            ""
            if os.tcgetpgrp(stdin.fileno()) == os.getpgrp()
            else "edged is in the background of its terminal"
        )
    except (OSError, ValueError):  # it is closed, or not ours
        return "there is no terminal"
