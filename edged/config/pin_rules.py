"""Rules for the pins of a Raspberry Pi: which settings of a GPIO can never work there, and why.

They hold for the header. A line of another chip, which `button.chip` or `light.chip` names, is no pin of the header.
"""

from collections.abc import Iterator

from edged.config.model import Config
from edged.config.panel import ContactConfig, LightConfig
from edged.config.problem import Finding
from edged.header import CHIPS, PINS

_EEPROM = (0, 1)
_PULLED_UP = (2, 3)  # the I2C bus
_ON_PINS = ("auto", "gpiozero", "gpiod")


def pins(config: Config) -> dict[str, int]:
    """The pins of the header that the configuration uses, or may use, by the section that names them."""
    parts: dict[str, ContactConfig | LightConfig] = {**contacts(config), "light": config.light}
    return {
        part: wanted.gpio for part, wanted in parts.items() if wanted.gpio is not None and _on_header(wanted)
    }


def contacts(config: Config) -> dict[str, ContactConfig]:
    """All buttons, by the section that names them."""
    others = {f"buttons.{number}": button for number, button in enumerate(config.buttons, start=1)}
    return {"button": config.button, **others}


def of_pins(config: Config) -> Iterator[Finding]:
    """What cannot work on a Raspberry Pi."""
    used, buttons = pins(config), contacts(config)
    users: dict[int, str] = {}  # the first part that uses a pin
    for part, gpio in used.items():
        keys = (f"{part}.gpio", f"{part}.backend")
        if gpio not in PINS:
            what = f"a Raspberry Pi has no GPIO {gpio} on its header (write 0 to 27)"
            yield Finding(keys, what)
        elif gpio in _EEPROM:
            what = f"GPIO {gpio} is reserved: a Raspberry Pi looks there for the EEPROM of a HAT (use another GPIO)"
            yield Finding(keys, what)
        elif gpio in _PULLED_UP and part in buttons and buttons[part].pull != "up":
            what = (
                f"{buttons[part].pull} cannot work with GPIO {gpio}, which the board itself pulls up with "
                "1.8 kilohms (write up, and connect the button to ground; or use another GPIO)"
            )
            yield Finding((f"{part}.pull", *keys), what)
        other = users.setdefault(gpio, part)
        if other != part:
            whose = "the button" if other == "button" else other
            what = f"{whose} uses GPIO {gpio}, too (use another GPIO for one of them)"
            yield Finding((f"{part}.gpio", f"{other}.gpio", f"{part}.backend", f"{other}.backend"), what)


def _on_header(wanted: ContactConfig | LightConfig) -> bool:
    return wanted.backend in _ON_PINS and (not wanted.chip or wanted.chip in CHIPS)
