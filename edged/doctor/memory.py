"""Whether edged gets the memory that it needs. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import FAILURE, Check, DoctorFinding

CHECK = Check("memory", "machine", "free memory, and limits of memory", {"memory_short": FAILURE})
LEAST_LIMIT, LEAST_FREE = 256 * 2**20, 48 * 2**20


@dataclass(frozen=True, slots=True)
class MemoryFacts:
    """In bytes; None: unknown, or no limit."""

    available: int | None
    total: int | None
    limit: int | None


def judge(facts: MemoryFacts) -> Iterator[DoctorFinding]:
    if facts.limit is not None and facts.limit < LEAST_LIMIT:
        yield CHECK.found("memory_short", f"a process may have {facts.limit >> 20} MiB only")
    elif facts.available is not None and facts.available < LEAST_FREE:
        text = f"{facts.available >> 20} MiB of memory are free"
        yield CHECK.found(
            "memory_short", text, "Stop programs that this kiosk does not need, or add swap (zram)."
        )
