"""An entry of the ledger: what one response, transcription or connection added. Pure.

Rules:
1. An entry is named by the run of edged that made it, and by its number in that run. Who has written an entry of this
   name has written it: writing it again changes nothing.
2. `response` and `transcription` are written once. `link` is one entry for each run, day, provider and model, with the
   sums so far of what belongs to no response: time of connections, and sound. Each writing replaces it.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from edged.ledger.counts import NAMES, Counts


class EntryKind(StrEnum):
    """What an entry is about."""

    RESPONSE = "response"
    TRANSCRIPTION = "transcription"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """`at_s` is the wall clock, and `mono_ms` the monotonic one. `conversation` is the visitor's, of this run.

    `id` is the service's own name of the response or the item, and `status` says how a response ended.
    """

    number: int
    kind: EntryKind
    provider: str
    model: str
    at_s: float = 0.0
    mono_ms: int = 0
    day: str = ""
    turn: int = 0
    conversation: int = 0
    id: str = ""
    status: str = ""
    counts: Counts = field(default_factory=Counts)

    def as_json(self) -> dict[str, Any]:
        """The entry as a JSON object; `of_json` reads it."""
        names = (name for name in self.__dataclass_fields__ if name != "counts")
        counts = {name: count for name, count in self.counts.as_dict().items() if count}
        return {name: getattr(self, name) for name in names} | {"counts": counts}


def of_json(found: Any) -> LedgerEntry | None:
    """The entry of a JSON object; None if it is none."""
    try:
        counts = Counts(**{name: int(found["counts"].get(name, 0)) for name in NAMES})
        return LedgerEntry(
            int(found["number"]),
            EntryKind(found["kind"]),
            str(found["provider"]),
            str(found["model"]),
            float(found["at_s"]),
            int(found["mono_ms"]),
            str(found["day"]),
            int(found["turn"]),
            int(found["conversation"]),
            str(found["id"]),
            str(found["status"]),
            counts,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def merged(first: LedgerEntry, second: LedgerEntry) -> LedgerEntry:
    """One entry in place of two, with the sum of their counts: it has the name and the moment of the second."""
    return replace(second, counts=first.counts + second.counts)
