"""What a check has found. Pure."""

from dataclasses import dataclass
from typing import Literal

Section = Literal["wi-fi-power-save", "usb-autosuspend", "hdmi-that-sleeps", "under-voltage", "usb-bandwidth"]
PAGE = "docs/machine.md"


@dataclass(frozen=True, slots=True)
class MachineProblem:
    """`check`: the name of the check. `section`: the heading in docs/machine.md, as links spell it."""

    check: str
    text: str
    remedy: str
    section: Section

    def __str__(self) -> str:
        return f"{self.text}: {self.remedy} ({PAGE}#{self.section})"
