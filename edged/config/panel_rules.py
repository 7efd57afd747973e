"""Rules for the keys of the button and the light: which key belongs to which backend, and names that can never work.

Which pins cannot work is in pin_rules.py.
"""

import re
from collections.abc import Iterator

from edged.config.model import Config
from edged.config.problem import Finding

_WITH_CHIP = ("auto", "gpiod")
_KEY = re.compile(r"(?:(?:KEY|BTN)_[A-Z0-9_]+|[0-9]{1,3})", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:/dev/input/)?event[0-9]+|[0-9]+")


def of_panel(config: Config) -> Iterator[Finding]:
    """All faults of these keys that remain although each value fits its key."""
    yield from _chips(config)
    yield from _input_device(config)


def _chips(config: Config) -> Iterator[Finding]:
    for part, chip, backend in (
        ("button", config.button.chip, config.button.backend),
        ("light", config.light.chip, config.light.backend),
    ):
        if chip and backend not in _WITH_CHIP:
            what = f"backend {backend} cannot choose a chip (use backend gpiod, or remove it)"
            yield Finding((f"{part}.chip", f"{part}.backend"), what)
    button, light = config.button, config.light
    if button.chip and (button.chip, button.gpio) == (light.chip, light.gpio):
        keys = ("light.gpio", "button.gpio", "light.chip", "button.chip")
        yield Finding(keys, f"the button uses line {light.gpio} of this chip, too (use another line for one)")


def _input_device(config: Config) -> Iterator[Finding]:
    button = config.button
    for key, value in (("device", button.device), ("key", button.key), ("grab", button.grab)):
        if value and button.backend != "evdev":
            what = f"backend {button.backend} has no input device (use backend evdev, or remove it)"
            yield Finding((f"button.{key}", "button.backend"), what)
    if button.backend == "evdev" and not (button.device or button.key):
        what = "is missing: backend evdev needs the name of the device, or the key"
        yield Finding(("button.device", "button.backend", "button.key"), what)
    if _NUMBERED.fullmatch(button.device):
        what = "is a number, and numbers change (write the name, or a path below /dev/input/by-id)"
        yield Finding(("button.device",), what)
    if button.key and not _KEY.fullmatch(button.key):
        yield Finding(("button.key",), "is not a key (write a name that evtest shows, such as KEY_B)")
