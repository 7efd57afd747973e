"""Makes the button and the lamp for a configuration. An adapter is imported here, and only if it is chosen.

Rules for `auto`:
1. On a Raspberry Pi both are on GPIO. gpiozero recognises a Pi by its revision, even before a GPIO chip has appeared;
   the keeper then tries again. Some laptops have GPIO chips, too, but no pins to wire a button to.
2. Anyone who sets GPIOZERO_PIN_FACTORY has GPIO: simulated, or of another machine.
3. On other machines the button is the keyboard of the terminal that edged was started in, and there is no lamp. There
   is no button without a terminal, or in its background, where taking over the keys would stop the process.
"""

import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TextIO

from edged.config import Config
from edged.config.panel import ContactConfig
from edged.files import beginning
from edged.panel.ports import Contact, Lamp
from edged.panel.wiring import Wiring

log = logging.getLogger(__name__)

_MOST_BYTES = 2**18  # /proc/cpuinfo of many processors
_WORDS = {"keyboard": "the keyboard (space bar)", "gpiozero": "on GPIO {gpio}", "none": "not used"}


class Machine(NamedTuple):
    """What the machine offers. Each field is a reason in words, or empty."""

    gpio: str
    no_gpio: str
    no_terminal: str

    def backend(self, part: str) -> str:
        """The backend that `auto` chooses for the button or the light."""
        if self.gpio:
            return "gpiozero"
        return "keyboard" if part == "button" and not self.no_terminal else "none"

    def why(self, parts: Iterable[str]) -> str:
        """The reason for the choice, in words."""
        if self.gpio:
            return self.gpio
        return " and ".join(
            [self.no_gpio, *([self.no_terminal] if "button" in parts and self.no_terminal else [])]
        )


def machine(
    env: Mapping[str, str] = os.environ, stdin: TextIO | None = sys.stdin, root: Path = Path("/")
) -> Machine:
    """Look at this machine; `root` is where its /dev and /proc are."""
    factory = env.get("GPIOZERO_PIN_FACTORY")
    gpio, no_gpio = (f"GPIOZERO_PIN_FACTORY is {factory!r:.40}", "") if factory else _board(root)
    return Machine(gpio, no_gpio, _no_terminal(stdin))


def button(config: Config) -> Contact:
    """Make the talk button, without opening it."""
    backend = _backend("button", config.button.backend)
    if backend == "keyboard":
        from edged.panel.keyboard import KeyboardContact

        # A space bar cannot stay lifted: one space lifts the receiver, and the next one hangs it up.
        return KeyboardContact(sys.stdin, tap_toggles=config.mode == "handset")
    return _contact(backend, config.button, "button")


def buttons(config: Config) -> tuple[Contact, ...]:
    """Make the further buttons, without opening them. The keyboard is never one of them."""
    backends = (_backend("button", each.backend) for each in config.buttons)
    return tuple(
        _contact("none" if backend == "keyboard" else backend, each, f"buttons.{number}")
        for number, (backend, each) in enumerate(zip(backends, config.buttons, strict=True), start=1)
    )


def _contact(backend: str, config: ContactConfig, part: str) -> Contact:
    if backend == "none":
        from edged.panel.null import NullContact

        return NullContact()
    from edged.panel.gpiozero_panel import GpiozeroContact

    return GpiozeroContact(wiring(config, part))


def wiring(contact: ContactConfig, part: str = "button") -> Wiring:
    """How the contact is wired. `part` is the section of the configuration that an error names."""
    assert contact.gpio is not None, "the rules of the configuration ask for it"
    closed = contact.contact == "normally_closed"
    return Wiring(contact.gpio, contact.pull, normally_closed=closed, part=part)


def lamp(config: Config) -> Lamp:
    """Make the lamp, without claiming its line."""
    if _backend("light", config.light.backend) == "none":
        from edged.panel.null import NullLamp

        return NullLamp()
    from edged.panel.gpiozero_panel import GpiozeroLamp

    return GpiozeroLamp(config.light.gpio, active_high=config.light.active_high)


def tell(config: Config, parts: Iterable[str] = ("button", "light")) -> None:
    """Log in one line what `auto` chooses here, and why."""
    wanted = {
        "button": (config.button.backend, config.button.gpio),
        "light": (config.light.backend, config.light.gpio),
    }
    auto = {part: gpio for part, (backend, gpio) in wanted.items() if part in parts and backend == "auto"}
    if not auto:
        return
    found = machine()
    chosen = {part: found.backend(part) for part in auto}
    words = [f"the {part} is {_WORDS[chosen[part]].format(gpio=auto[part])}" for part in auto]
    log.info("auto: %s: %s", ", ".join(words), found.why(auto), extra={"edged": chosen})


def _backend(part: str, wanted: str) -> str:
    return machine().backend(part) if wanted == "auto" else wanted


def _board(root: Path) -> tuple[str, str]:
    """Return why this machine has GPIO, and why it has none that gpiozero can use. One of the two is empty."""
    with suppress(OSError):
        if len(beginning(root / "proc/device-tree/system/linux,revision", 4)) == 4:
            return "this is a Raspberry Pi", ""
    with suppress(OSError):
        if re.search(rb"^Revision\s*:", beginning(root / "proc/cpuinfo", _MOST_BYTES), re.MULTILINE):
            return "this is a Raspberry Pi", ""
    has_chips = any(root.glob("dev/gpiochip*"))
    return "", "this is not a Raspberry Pi" + (
        ", and gpiozero cannot use its GPIO chips" if has_chips else ""
    )


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
