"""The ports of the ledger: where its entries are kept over restarts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from edged.ledger.counts import Counts
from edged.ledger.entry import LedgerEntry

Sums = Mapping[tuple[str, str, str], Counts]
"""Sums by day, provider and model."""


class BooksError(Exception):
    """The entries cannot be kept now. The text says why, for a person."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process of edged. `name` is unique; `boot` names the start of the machine, as far as it is known."""

    name: str
    boot: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one run."""

    run: Run
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What to look up: the sums of a month, or of this start of the machine if the month is empty (unknown).

    `dates` says the day of a monotonic moment, once the clock is set: entries of this start of the machine that have no
    day get theirs.
    """

    month: str
    boot: str
    dates: Callable[[int], str] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept. `ids` are the names of the latest responses, the oldest first.

    `aside` is set once after a damaged file was set aside: what was wrong, and where it is now.
    """

    sums: Sums = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    aside: str = ""


class Books(Protocol):
    """Keeps entries. The methods block as long as the disk does: call them off the loop, one at a time.

    All raise BooksError. What an unsuccessful call has written, it may write again: entries have names.
    """

    def write(self, batches: Sequence[Batch], question: Inquiry) -> Kept:
        """Keep these entries, all or none, and answer the question. On return they are on the disk."""
        ...

    def look(self, question: Inquiry) -> Sums:
        """Answer the question, and change nothing: for a disk that takes nothing."""
        ...

    def close(self) -> None:
        """Leave the disk in order. Raises nothing. A later call opens it again."""
        ...


class Slate(Protocol):
    """Remembers a little over the end of the process, but not over the end of the machine. Raises nothing.

    The methods return at once: the slate is in memory. `lasts` is False for one that forgets.
    """

    lasts: bool

    def read(self) -> dict[str, Any]:
        """Return what was last written, and when it last beat (`beat_ms`); empty if nothing was."""
        ...

    def write(self, facts: dict[str, Any], beat_ms: int) -> None:
        """Write this in place of what was there."""
        ...

    def beat(self, beat_ms: int) -> None:
        """The process lives at this monotonic moment."""
        ...


class NullSlate:
    """Forgets everything at the end of the process."""

    lasts = False

    def read(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def write(self, facts: dict[str, Any], beat_ms: int) -> None:
        """Do nothing."""

    def beat(self, beat_ms: int) -> None:
        """Do nothing."""
