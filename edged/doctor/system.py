"""Whether edged can run on this system at all. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import FAILURE, Check, DoctorFinding

CHECK = Check(
    "system",
    "machine",
    "the operating system, the processor, Python and systemd",
    {"system_unsupported": FAILURE},
)
OLDEST = (3, 11)
_64_BIT = ("x86_64", "aarch64", "amd64", "arm64", "riscv64", "ppc64le", "s390x", "loongarch64")


@dataclass(frozen=True, slots=True)
class SystemFacts:
    """`bits`: of this Python. `has_systemd`: whether it is the first process of this machine."""

    kernel: str
    processor: str
    bits: int
    python: tuple[int, int]
    name: str
    has_systemd: bool

    def __str__(self) -> str:
        manager = "systemd" if self.has_systemd else "no systemd"
        python = ".".join(map(str, self.python))
        return f"{self.name or self.kernel}, {self.processor}, Python {python}, {manager}"


def judge(facts: SystemFacts) -> Iterator[DoctorFinding]:
    if facts.kernel != "Linux":
        yield CHECK.found("system_unsupported", f"this is {facts.kernel}, not Linux")
    elif facts.bits < 64 or facts.processor not in _64_BIT:
        yield CHECK.found("system_unsupported", f"the system has 32 bits ({facts.processor})")
    elif facts.python < OLDEST:
        yield CHECK.found("system_unsupported", f"Python is {'.'.join(map(str, facts.python))}")
