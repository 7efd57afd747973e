"""What went through the relay and what it cost: for each client, and in all. Pure.

A service bills every `response.done`, whatever its status says. Bounded: a client that has gone lives on in the
sum only, and a status the protocol does not know counts as `other`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATUSES = ("completed", "cancelled", "incomplete", "failed")
_MOST = 2**53  # no honest count comes near it


@dataclass(slots=True)
class Tally:
    """Of one client, or of all."""

    up_bytes: int = 0
    down_bytes: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    by_status: Counter[str] = field(default_factory=Counter)

    @property
    def responses(self) -> int:
        """How many are billed."""
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
    """Of the relay: the clients that are there, and the sum."""

    def __init__(self) -> None:
        self.clients = 0  # so far
        self._past = Tally()
        self._present: dict[int, Tally] = {}

    def begin(self) -> tuple[int, Tally]:
        """A client came; its number and its tally."""
        self.clients += 1
        tally = self._present[self.clients] = Tally()
        return self.clients, tally

    def end(self, number: int) -> None:
        """It went."""
        self._past.add(self._present.pop(number))

    def total(self) -> Tally:
        """The sum over all clients, those that are there included."""
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
        count /= 1000  # type: ignore[assignment]  # only to be printed
    return f"{count:.1f} GB"
