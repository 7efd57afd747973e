"""Rules for the pins of a Raspberry Pi: which settings of a GPIO can never work there, and why.

They hold for the header. A line of another chip, which `button.chip` or `light.chip` names, is no pin of the header.
"""

from collections.abc import Iterator

from edged.config.model import ButtonConfig, Config, LightConfig
from edged.config.problem import Finding
from edged.header import CHIPS, PINS

_EEPROM = (0, 1)
_PULLED_UP = (2, 3)  # the I2C bus
_ON_PINS = ("auto", "gpiozero", "gpiod")


def pins(config: Config) -> dict[str, int]:
    """The pins of the header that the configuration uses, or may use, by the section that names them."""
    parts: dict[str, ButtonConfig | LightConfig] = {"button": config.button, "light": config.light}
    return {part: wanted.gpio for part, wanted in parts.items() if _on_header(wanted)}


def of_pins(config: Config) -> Iterator[Finding]:
    """What cannot work on a Raspberry Pi."""
    used = pins(config)
    for part, gpio in used.items():
        keys = (f"{part}.gpio", f"{part}.backend")
        if gpio not in PINS:
            what = f"a Raspberry Pi has no GPIO {gpio} on its header (write 0 to 27)"
            yield Finding(keys, what)
        elif gpio in _EEPROM:
            what = f"GPIO {gpio} is reserved: a Raspberry Pi looks there for the EEPROM of a HAT (use another GPIO)"
            yield Finding(keys, what)
    if used.get("button") in _PULLED_UP and config.button.pull != "up":
        what = (
            f"{config.button.pull} cannot work with GPIO {config.button.gpio}, which the board itself pulls up with "
            "1.8 kilohms (write up, and connect the button to ground; or use another GPIO)"
        )
        yield Finding(("button.pull", "button.gpio", "button.backend"), what)
    if "button" in used and used["button"] == used.get("light"):
        what = f"the button uses GPIO {used['light']}, too (use another GPIO for one of them)"
        yield Finding(("light.gpio", "button.gpio", "light.backend", "button.backend"), what)


def _on_header(wanted: ButtonConfig | LightConfig) -> bool:
    return wanted.backend in _ON_PINS and (not wanted.chip or wanted.chip in CHIPS)
