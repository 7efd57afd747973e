"""Books in memory, for a machine that keeps nothing. Pure."""

from collections.abc import Sequence

from edged.ledger.calendar import UNKNOWN, month_of
from edged.ledger.counts import Counts
from edged.ledger.entry import EntryKind
from edged.ledger.ports import Batch, Inquiry, Kept, Sums
from edged.ledger.retention import MOST_DAYS


class MemoryBooks:
    """Sums that are forgotten at the end of the process."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, str], Counts] = {}
        self._links: dict[tuple[str, int], Counts] = {}
        self._last_ms = 0  # of the entries without a day

    def write(self, batches: Sequence[Batch], question: Inquiry) -> Kept:
        for batch in batches:
            for entry in batch.entries:
                key = (entry.day, entry.provider, entry.model)
                name = (batch.run.name, entry.number)
                before = self._links.get(name, Counts())
                self._sums[key] = self._sums.get(key, Counts()) + entry.counts - before
                if entry.kind is EntryKind.LINK:
                    self._links[name] = entry.counts
                if entry.day == UNKNOWN:
                    self._last_ms = max(self._last_ms, entry.mono_ms)
        if question.dates is not None:
            for _, provider, model in [key for key in self._sums if key[0] == UNKNOWN]:
                key = (question.dates(self._last_ms), provider, model)
                self._sums[key] = self._sums.get(key, Counts()) + self._sums.pop((UNKNOWN, provider, model))
        while len({day for day, _, _ in self._sums}) > MOST_DAYS:
            first = min(self._sums)
            del self._sums[first]
        return Kept(self.look(question))

    def look(self, question: Inquiry) -> Sums:
        return {key: counts for key, counts in self._sums.items() if month_of(key[0]) == question.month}

    def close(self) -> None:
        """Do nothing."""
