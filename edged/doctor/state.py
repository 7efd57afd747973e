"""Whether edged can keep the volume and the mute switch over a restart. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import FAILURE, WARNING, Check, DoctorFinding

CHECK = Check(
    "state",
    "machine",
    "the folder of `state.dir`, and what edged has kept there",
    {"switches_unreadable": FAILURE, "state_unwritable": WARNING},
    needs=("disk", "configuration"),
)


@dataclass(frozen=True, slots=True)
class StateFacts:
    """`folder`: empty if nothing is to be kept. `why_not`: why it cannot be written; `broken`: files without sense."""

    folder: str
    why_not: str = ""
    broken: tuple[str, ...] = ()


def judge(facts: StateFacts) -> Iterator[DoctorFinding]:
    if not facts.folder:
        return
    for name in facts.broken:
        yield CHECK.found("switches_unreadable", f"{facts.folder}/{name} cannot be read")
    if facts.why_not:
        yield CHECK.found("state_unwritable", f"{facts.folder}: {facts.why_not}")
