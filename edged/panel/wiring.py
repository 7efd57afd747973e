"""How a contact is wired to a GPIO line, and so which level of the line means that it is active. Pure.

Rules:
1. A resistor pulls the line one way while the contact is open. The contact connects it to the other side.
2. A normally open contact is closed while it is active, a normally closed one while it is at rest.
"""

from dataclasses import dataclass
from typing import Literal

Pull = Literal["up", "down", "external_up", "external_down"]
"""Which way the line is pulled; `external_…`: by a resistor on the board or the cable, not by the one in the chip."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The wiring of one contact; `part` is the section of the configuration that an error names."""

    gpio: int
    pull: Pull = "up"
    normally_closed: bool = False
    part: str = "button"

    @property
    def is_active_high(self) -> bool:
        """Whether the line is high while the contact is active."""
        return self.pull.endswith("down") is not self.normally_closed

    @property
    def bias(self) -> Literal["up", "down", "none"]:
        """The resistor of the chip that must be switched on."""
        match self.pull:
            case "up" | "down":
                return self.pull
            case _:
                return "none"
