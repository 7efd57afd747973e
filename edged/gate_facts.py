"""Asks the owners of everything that may forbid an open gate."""

from collections.abc import Callable
from dataclasses import dataclass

from edged.turn import Facts


@dataclass(slots=True)
class GateFacts:
    """One question for each owner (turn/facts.py)."""

    muted: Callable[[], bool]
    microphone: Callable[[], bool]
    room: Callable[[], bool]
    too_fast: Callable[[], bool]
    closed: Callable[[], str | None] = lambda: None
    """The cause for which no question is taken now. The owner of what closes the kiosk sets this."""

    def __call__(self, *, invited: bool, withdrawn: str | None, lifted: bool) -> Facts:
        """The facts now, with what the turn knows itself."""
        return Facts(
            muted=self.muted(),
            microphone=self.microphone(),
            room=self.room(),
            invited=invited,
            withdrawn=withdrawn,
            closed=self.closed(),
            too_fast=self.too_fast(),
            lifted=lifted,
        )
