"""Rules for the keys of the buttons and the light: which key belongs to which backend, and names that can never work.

Which pins of the header cannot work is in pin_rules.py.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from edged.config.model import Config
from edged.config.panel import ContactConfig, LightConfig
from edged.config.pin_rules import contacts
from edged.config.problem import Finding
from edged.header import CHIPS
from edged.input_keys import LAST, names, number_of

_WITH_CHIP = ("auto", "gpiod")
_NUMBERED = re.compile(r"(?:/dev/input/)?event[0-9]+|[0-9]+")


def of_panel(config: Config) -> Iterator[Finding]:
    """All faults of these keys that remain although each value fits its key."""
    buttons = contacts(config)
    yield from _chips({**buttons, "light": config.light})
    for part, button in buttons.items():
        yield from _input_device(part, button)


def _chips(parts: Mapping[str, ContactConfig | LightConfig]) -> Iterator[Finding]:
    users: dict[
        tuple[str, int | None], str
    ] = {}  # the first part that uses a line of another chip than the header's
    for part, wanted in parts.items():
        if not wanted.chip:
            continue
        if wanted.backend not in _WITH_CHIP:
            what = f"backend {wanted.backend} cannot choose a chip (use backend gpiod, or remove it)"
            yield Finding((f"{part}.chip", f"{part}.backend"), what)
            continue
        chip = wanted.chip.removeprefix("/dev/")
        if chip not in CHIPS and (other := users.setdefault((chip, wanted.gpio), part)) != part:
            whose = "the button" if other == "button" else other
            what = f"{whose} uses line {wanted.gpio} of this chip, too (use another line for one of them)"
            yield Finding((f"{part}.gpio", f"{other}.gpio", f"{part}.chip", f"{other}.chip"), what)


def _input_device(part: str, button: ContactConfig) -> Iterator[Finding]:
    for key, value in (("device", button.device), ("key", button.key), ("grab", button.grab)):
        if value and button.backend != "evdev":
            what = f"backend {button.backend} has no input device (use backend evdev, or remove it)"
            yield Finding((f"{part}.{key}", f"{part}.backend"), what)
    if button.backend == "evdev" and not (button.device or button.key):
        what = "is missing: backend evdev needs the name of the device, or the key"
        yield Finding((f"{part}.device", f"{part}.backend", f"{part}.key"), what)
    if _NUMBERED.fullmatch(button.device):
        what = "is a number, and numbers change (write the name, or a path below /dev/input/by-id)"
        yield Finding((f"{part}.device",), what)
    if button.key and number_of(button.key) is None:
        yield Finding((f"{part}.key",), _no_key(button.key))


def _no_key(key: str) -> str:
    if key.isdecimal():
        return f"no key has this number (write 1 to {LAST}, or a name that evtest shows, such as KEY_B)"
    ends = {name.partition("_")[2]: name for name in names()}
    end = key.upper().removeprefix("KEY_").removeprefix("BTN_")
    near = get_close_matches(end, ends, n=1, cutoff=0.8)  # less would guess
    good = "write a name or a number that evtest shows, such as KEY_B or 48"
    return f"is not a key ({f'did you mean {ends[near[0]]}?' if near else good})"
