"""Names the pins of the configuration that this machine uses for something else, as a sound card on I2S does.

This is no fault of the configuration: it may be checked at another machine, and some of these parts of a machine can be
switched on without being used.
"""

from collections.abc import Callable, Mapping

from edged.config import Config
from edged.config.pin_rules import pins
from edged.config.problem import DEFAULT
from edged.system.device_tree import used_pins


def warnings(
    config: Config, origins: Mapping[str, str], *, in_use: Callable[[], Mapping[int, str]] = used_pins
) -> list[str]:
    """Return one text for each pin, beginning with the place of its key if that is known."""
    wanted = pins(config)
    used = in_use() if wanted else {}
    return [
        place(origins, f"{part}.gpio")
        + f"GPIO {gpio} is in use by {used[gpio]!r:.40} of this machine (use another GPIO, or switch that off)"
        for part, gpio in wanted.items()
        if gpio in used
    ]


def place(origins: Mapping[str, str], key: str) -> str:
    """The beginning of a line about a key: its place if that is known, and its name."""
    known = origins.get(key, str(DEFAULT))
    return f"{key}: " if known == str(DEFAULT) else f"{known}: {key}: "
