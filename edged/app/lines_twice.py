"""Refuses a line of a GPIO chip that two parts use, each by another name of the chip, such as its name and its label.

Only the machine knows which names mean one chip. So this holds where the chip is, and may be opened; elsewhere the
second part finds the line busy. The configuration itself knows a name that is written twice (config/panel_rules.py).
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from edged.app.panel import chosen, line_here
from edged.app.pins_in_use import place
from edged.config import Config
from edged.config.panel import ContactConfig, LightConfig
from edged.config.pin_rules import contacts
from edged.errors import ConfigError


def refuse(
    config: Config,
    origins: Mapping[str, str],
    *,
    find: Callable[[int, str], tuple[str, int] | None] = line_here,
) -> None:
    """Raise ConfigError with the place of each such line. Opens chips only if the configuration names one."""
    parts: dict[str, ContactConfig | LightConfig] = {**contacts(config), "light": config.light}
    if not any(wanted.chip for wanted in parts.values()):
        return
    users: dict[tuple[str, int], str] = {}  # the first part that uses a line
    problems = []
    for part, wanted in parts.items():
        kind = "light" if part == "light" else "button"
        if wanted.gpio is None or chosen(kind, wanted) != "gpiod":
            continue
        found = find(wanted.gpio, wanted.chip)
        if found is None or (other := users.setdefault(found, part)) == part:
            continue
        whose = "the button" if other == "button" else other
        names = " and ".join(
            repr(parts[each].chip) if parts[each].chip else "the header" for each in (other, part)
        )
        problems.append(
            f"{place(origins, f'{part}.gpio')}{whose} uses line {found[1]} of {Path(found[0]).name}, too: "
            f"{names} mean the same chip here (use another line for one of them)"
        )
    if problems:
        raise ConfigError(problems)
