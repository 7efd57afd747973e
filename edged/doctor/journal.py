"""Whether the journal outlives a restart, and how much of the disk it takes. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import WARNING, Check, DoctorFinding

CHECK = Check(
    "journal",
    "machine",
    "whether the journal is kept over a restart, and its size",
    {"journal_volatile": WARNING, "journal_large": WARNING},
)
LARGE = 500 * 2**20


@dataclass(frozen=True, slots=True)
class JournalFacts:
    """`settings`: the files of journald.conf, the later ones last. `size`: bytes on the disk."""

    settings: str
    has_folder: bool
    size: int = 0


def judge(facts: JournalFacts) -> Iterator[DoctorFinding]:
    set_to = re.findall(r"^\s*Storage\s*=\s*(\w+)", facts.settings, re.MULTILINE)
    storage = set_to[-1].lower() if set_to else "auto"
    if storage == "none":
        yield CHECK.found("journal_volatile", "this machine keeps no journal (Storage=none)")
    elif storage == "volatile" or (storage == "auto" and not facts.has_folder):
        yield CHECK.found("journal_volatile", f"the journal is kept in memory (Storage={storage})")
    if facts.size > LARGE:
        yield CHECK.found("journal_large", f"the journal takes {facts.size >> 20} MiB of the disk")
