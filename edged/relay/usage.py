"""Counts what passed through the relay and what it cost, for each client and in total. Pure.

A service bills every `response.done` of any status. The counts are bounded: those of a client that has left are only
kept in the total, and a status that the protocol does not know counts as `other`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATUSES = ("completed", "cancelled", "incomplete", "failed")
_MOST = 2**53  # no true count is nearly as large


@dataclass(slots=True)
class Tally:
    """The counts of one client, or of all clients."""

    up_bytes: int = 0
    down_bytes: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    by_status: Counter[str] = field(default_factory=Counter)

    @property
    def responses(self) -> int:
        """The number of responses that are billed."""
        return self.by_status.total()

    def response(self, status: str, usage: Mapping[str, Any]) -> None:
        """Count one `response.done`."""
        self.by_status[status if status in STATUSES else "other"] += 1
        self.input_tokens += _count(usage.get("input_tokens"))
        self.output_tokens += _count(usage.get("output_tokens"))
        self.total_tokens += _count(usage.get("total_tokens"))

    def add(self, other: "Tally") -> None:
        self.up_bytes += other.up_bytes
        self.down_bytes += other.down_bytes
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.total_tokens += other.total_tokens
        self.by_status += other.by_status

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {status}" for status, count in sorted(self.by_status.items()))
        billed = f"{self.responses} responses billed" + (f" ({kinds})" if kinds else "")
        return (
            f"{billed}, {self.total_tokens} tokens ({self.input_tokens} in, {self.output_tokens} out), "
            f"{_size(self.up_bytes)} up, {_size(self.down_bytes)} down"
        )


class RelayUsage:
    """The counts of the whole relay: of each present client, and the total."""

    def __init__(self) -> None:
        self.clients = 0  # clients since the start
        self._past = Tally()
        self._present: dict[int, Tally] = {}

    def begin(self) -> tuple[int, Tally]:
        """Record a new client. Returns its number and its tally."""
        self.clients += 1
        tally = self._present[self.clients] = Tally()
        return self.clients, tally

    def end(self, number: int) -> None:
        """Record that a client has left."""
        self._past.add(self._present.pop(number))

    def total(self) -> Tally:
        """The total of all clients, including those that are present."""
        total = Tally()
        for tally in (self._past, *self._present.values()):
            total.add(tally)
        return total

    def __str__(self) -> str:
        return f"{self.clients} clients: {self.total()}"


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST else 0


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000  # type: ignore[assignment]  # it is only printed
    return f"{count:.1f} GB"
