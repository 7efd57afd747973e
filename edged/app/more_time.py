"""How many times as long the limits for a visitor are. Pure.

Rules:
1. Everybody has `visitor.more_time`. A talk button may have more.
2. Somebody who asks for more time (a button, a program) has ten times as much, until that visitor has left, or begins a
   new conversation. What is under way becomes longer at once.
"""

from edged.config import Config
from edged.turn import MORE_TIME


class MoreTime:
    """The time of the visitors of one kiosk."""

    def __init__(self, config: Config) -> None:
        self._asked = False
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Use this configuration from now on."""
        self._usual = config.visitor.more_time
        self._buttons = {f"buttons.{n}": each.more_time for n, each in enumerate(config.buttons, start=1)}

    def ask(self) -> None:
        """The visitor asks for more time."""
        self._asked = True

    def forget(self) -> None:
        """Another visitor may come."""
        self._asked = False

    def of(self, button: str) -> int:
        """Return the times for a visitor who has pressed this button last."""
        return MORE_TIME if self._asked else max(self._usual, self._buttons.get(button, 1))
