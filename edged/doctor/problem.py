"""What a check has found. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from edged.doctor.check import FAILURE, Check, DoctorFinding

Section = Literal[
    "wi-fi-power-save",
    "usb-autosuspend",
    "hdmi-that-sleeps",
    "under-voltage",
    "usb-bandwidth",
    "sound-server-of-a-desktop",
]
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


def findings(check: Check, problems: Iterable[MachineProblem]) -> Iterator[DoctorFinding]:
    """The problems as findings. The name of a problem's check is a cause, too."""
    for problem in problems:
        is_acute = problem.check == "under_voltage" and " now," in problem.text
        remedy = f"{problem.remedy[:1].upper()}{problem.remedy[1:]} ({PAGE}#{problem.section})."
        yield check.found(problem.check, problem.text, remedy, FAILURE if is_acute else None)
