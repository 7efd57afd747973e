"""Rules for the pins of a Raspberry Pi: which settings of a GPIO can never work there, and why.

They hold for the header. A line of another chip, which `button.chip` or `light.chip` names, is no pin of the header.
"""

from collections.abc import Iterator
from typing import NamedTuple

from edged.config.lamp_rules import lamps, spi_bus
from edged.config.model import Config
from edged.config.panel import ContactConfig
from edged.config.problem import Finding
from edged.header import CHIPS, PINS

_EEPROM = (0, 1)
_PULLED_UP = (2, 3)  # the I2C bus
_ON_PINS = ("auto", "gpiozero", "gpiod")
_SPI = {
    0: (7, 8, 9, 10, 11),
    1: (18, 19, 20, 21),
}  # what the kernel takes for a bus, with one chip select of bus 1


class Pin(NamedTuple):
    """A pin of the header that a part uses, or may use. `key` is what names the pin, or the device that needs it."""

    part: str
    key: str
    gpio: int

    @property
    def is_spi(self) -> bool:
        """Whether it belongs to an SPI bus of the machine."""
        return self.key == f"{self.part}.spi"


def pins(config: Config) -> list[Pin]:
    """The pins of the header that the configuration uses, or may use."""
    found: list[Pin] = []
    for part, contact in contacts(config).items():
        if contact.backend in _ON_PINS and contact.gpio is not None and _is_header(contact.chip):
            found.append(Pin(part, f"{part}.gpio", contact.gpio))
    for part, lamp in lamps(config).items():
        if _is_header(lamp.chip):
            found += [
                Pin(part, f"{part}.{key}", gpio) for key, gpio in lamp.lines.items() if gpio is not None
            ]
        if lamp.on_spi:
            found += [Pin(part, f"{part}.spi", gpio) for gpio in _SPI.get(spi_bus(lamp.spi), ())]
            if lamp.power_gpio is not None:
                found.append(Pin(part, f"{part}.power_gpio", lamp.power_gpio))
    return found


def contacts(config: Config) -> dict[str, ContactConfig]:
    """All buttons, by the section that names them."""
    others = {f"buttons.{number}": button for number, button in enumerate(config.buttons, start=1)}
    return {"button": config.button, **others}


def of_pins(config: Config) -> Iterator[Finding]:
    """What cannot work on a Raspberry Pi."""
    buttons = contacts(config)
    users: dict[int, Pin] = {}  # the first part that uses a pin
    for pin in pins(config):
        part, key, gpio = pin
        keys = (key, f"{part}.backend")
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
        other = users.setdefault(gpio, pin)
        if other is not pin and not (other.is_spi and pin.is_spi):
            whose = (
                "the button" if other.part == "button" else other.key if other.part == part else other.part
            )
            what = (
                f"{whose} uses GPIO {gpio}, which this SPI bus needs (use another GPIO there)"
                if pin.is_spi
                else f"{whose} uses GPIO {gpio}, too (use another GPIO for one of them)"
            )
            yield Finding((key, other.key, f"{part}.backend", f"{other.part}.backend"), what)


def _is_header(chip: str) -> bool:
    return not chip or chip in CHIPS
