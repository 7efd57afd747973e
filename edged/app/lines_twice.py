"""Refuses a line of a GPIO chip that two parts use, each by another name of the chip, such as its name and its label.

Only the machine knows which names mean one chip. So this holds where the chip is, and may be opened; elsewhere the
second part finds the line busy. The configuration itself knows a name that is written twice (config/panel_rules.py).
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from edged.app.panel import chosen, line_here
from edged.app.pins_in_use import place
from edged.config import Config
from edged.config.lamp import LampConfig
from edged.config.lamp_rules import lamps
from edged.config.panel import ContactConfig
from edged.config.pin_rules import contacts
from edged.errors import ConfigError


def refuse(
    config: Config,
    origins: Mapping[str, str],
    *,
    find: Callable[[int, str], tuple[str, int] | None] = line_here,
) -> None:
    """Raise ConfigError with the place of each such line. Opens chips only if the configuration names one."""
    lit = {part: lamp for part, lamp in lamps(config).items() if lamp.on_pins}
    parts: dict[str, ContactConfig | LampConfig] = {**contacts(config), **lit}
    if not any(wanted.chip for wanted in parts.values()):
        return
    users: dict[tuple[str, int], tuple[str, str]] = {}  # the first part that uses a line, and its key
    problems = []
    for part, wanted in parts.items():
        kind = part if part in lit else "button"
        if chosen(kind, wanted) != "gpiod":
            continue
        for key, gpio in wanted.lines.items():
            found = None if gpio is None else find(gpio, wanted.chip)
            if found is None or (first := users.setdefault(found, (part, key))) == (part, key):
                continue
            whose = (
                "the button" if first[0] == "button" else first[0] if first[0] != part else ".".join(first)
            )
            names = " and ".join(
                repr(parts[each].chip) if parts[each].chip else "the header" for each in (first[0], part)
            )
            problems.append(
                f"{place(origins, f'{part}.{key}')}{whose} uses line {found[1]} of {Path(found[0]).name}, too: "
                f"{names} mean the same chip here (use another line for one of them)"
            )
    if problems:
        raise ConfigError(problems)
