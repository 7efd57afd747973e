"""The accounts of one process: what it has counted, what the books do not have yet, and what was spent. Pure.

Rules:
1. What is spent in a period is what the books had when they were last asked, and what was counted since.
2. An entry waits until the books have it. It may be offered to them again and again: its name stays the same. If too
   many wait, those that were never offered are merged. No count is lost.
3. What belongs to no response goes into the entry of the link (entry.py): the time of connections, and sound that no
   response answered.
4. A response of a known name counts once, also if another connection repeats it. Some services begin to number their
   responses at one in each session, so a short name is not known: the session itself notices what it hears twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edged.ledger.budgets import Period, Spent
from edged.ledger.calendar import UNKNOWN, month_of
from edged.ledger.counts import Counts, total
from edged.ledger.entry import EntryKind, LedgerEntry, merged
from edged.ledger.ports import Batch, Kept, Run, Sums
from edged.ledger.prices import Cost, PriceTable

MOST_WAITING = 256
OFFERED = 64  # entries in one transaction
REMEMBERED = 256  # names of responses
LONG_NAME = 16  # characters; random names have more, and counted ones have fewer

_Key = tuple[str, str, str]
"""A day, a provider and a model."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The clocks at one moment. `day` is empty while the clock is not set."""

    day: str
    at_s: float
    mono_ms: int


@dataclass(slots=True)
class _OpenConnection:
    provider: str
    model: str
    since_ms: int  # the time before this moment is counted


class Accounts:
    """`run` names this process. Times are parameters."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._waiting: list[LedgerEntry] = []
        self._offered = 0  # how many of them were offered, from the front
        self._numbers = 0
        self._links: dict[_Key, LedgerEntry] = {}  # with the sums so far
        self._kept_links: dict[_Key, Counts] = {}  # the sums that the books have
        self._base: dict[_Key, Counts] = {}  # what the books had when they were asked
        self._own: dict[_Key, Counts] = {}  # what was counted since
        self._spent_before: tuple[str, PriceTable, dict[Period, Spent]] | None = None  # of `_base`
        self._ids: dict[str, None] = {}
        self._connections: dict[int, _OpenConnection] = {}
        self._opened, self._day = 0, UNKNOWN
        self._earlier: list[Batch] = []  # of earlier processes

    # -- counting ------------------------------------------------------------------------------------

    def add(self, entry: LedgerEntry) -> bool:
        """Count a response or a transcription; it gets its number here. False: it was counted before."""
        if len(entry.id) >= LONG_NAME:
            if entry.id in self._ids:
                return False
            self._remember([entry.id])
        self._waiting.append(replace(entry, number=self._next()))
        self._count(entry)
        self._merge()
        return True

    def add_to_link(self, provider: str, model: str, counts: Counts, now: Moment) -> None:
        """Count what belongs to no response."""
        if not counts:
            return
        self._day = now.day
        key = (now.day, provider, model)
        before = self._links.get(key) or LedgerEntry(
            self._next(), EntryKind.LINK, provider, model, day=now.day
        )
        self._links[key] = replace(before, at_s=now.at_s, mono_ms=now.mono_ms, counts=before.counts + counts)
        self._count(replace(before, counts=counts))

    def opened(self, provider: str, model: str, now: Moment) -> int:
        """A connection is open. Returns its number."""
        self._opened += 1
        self._connections[self._opened] = _OpenConnection(provider, model, now.mono_ms)
        self.add_to_link(provider, model, Counts(connections=1), now)
        return self._opened

    def closed(self, number: int, now: Moment) -> None:
        """The connection is closed."""
        if (connection := self._connections.pop(number, None)) is not None:
            self._tick(connection, now)

    def tick(self, now: Moment) -> None:
        """Count the time of all connections that are open."""
        for connection in self._connections.values():
            self._tick(connection, now)

    @property
    def connected(self) -> bool:
        """Whether a connection is open."""
        return bool(self._connections)

    def _tick(self, connection: _OpenConnection, now: Moment) -> None:
        ms, connection.since_ms = max(0, now.mono_ms - connection.since_ms), now.mono_ms
        self.add_to_link(connection.provider, connection.model, Counts(connected_ms=ms), now)

    def _next(self) -> int:
        self._numbers += 1
        return self._numbers

    def _count(self, entry: LedgerEntry) -> None:
        key = (entry.day, entry.provider, entry.model)
        self._own[key] = self._own.get(key, Counts()) + entry.counts

    def _remember(self, ids: Iterable[str]) -> None:
        self._ids |= dict.fromkeys(ids)
        while len(self._ids) > REMEMBERED:
            del self._ids[next(iter(self._ids))]

    def _merge(self) -> None:
        """If too many entries wait, merge the first two of a kind that were never offered."""
        seen: dict[tuple[str, ...], int] = {}
        for at in range(self._offered, len(self._waiting) if len(self._waiting) > MOST_WAITING else 0):
            entry = self._waiting[at]
            key = (entry.kind, entry.day, entry.provider, entry.model)
            if key in seen:
                self._waiting[at] = merged(self._waiting[seen[key]], entry)
                del self._waiting[seen[key]]
                return
            seen[key] = at

    # -- keeping -------------------------------------------------------------------------------------

    @property
    def waits(self) -> bool:
        """Whether an entry waits for the books that is not one of a link."""
        return bool(self._waiting or self._earlier)

    @property
    def undated(self) -> bool:
        """Whether an entry without a day waits."""
        return any(entry.day == UNKNOWN for entry in self._waiting)

    @property
    def unkept(self) -> bool:
        """Whether something waits for the books."""
        return self.waits or bool(self._changed())

    def recovered(self, batches: Iterable[Batch]) -> None:
        """These are of earlier processes, and the books may not have them yet."""
        self._earlier += batches

    def found(self, sums: Sums) -> None:
        """The books cannot be written, but this is what they have. What waits from earlier processes is spent, too.

        The entry of a link does not count here: the books may have a part of it.
        """
        self._base, self._spent_before = dict(sums), None
        for batch in self._earlier:
            for entry in batch.entries:
                if entry.kind is not EntryKind.LINK:
                    self._count(entry)

    def offer(self) -> list[Batch]:
        """What to give to the books now. If they take it, call `kept`; else the same is offered again."""
        self._offered = self._offered or min(len(self._waiting), OFFERED)
        entries = (*self._waiting[: self._offered], *(self._links[key] for key in self._changed()))
        return [*self._earlier, Batch(self.run, entries)] if entries else list(self._earlier)

    def kept(self, offered: Sequence[Batch], found: Kept, *, dated: bool = False) -> None:
        """The books have taken what was offered, and have answered. `dated`: no entry is without a day any more."""
        own = {entry.number for batch in offered if batch.run == self.run for entry in batch.entries}
        self._waiting = [entry for entry in self._waiting if entry.number not in own]
        self._offered = 0
        self._earlier = [batch for batch in self._earlier if batch not in offered]
        for batch in offered:
            for entry in batch.entries if batch.run == self.run else ():
                if entry.kind is EntryKind.LINK:
                    self._kept_links[entry.day, entry.provider, entry.model] = entry.counts
        if dated:
            for sums in (self._links, self._kept_links):
                for key in [key for key in sums if key[0] == UNKNOWN]:
                    del sums[key]
        self._base, self._own, self._spent_before = dict(found.sums), {}, None
        for entry in self._waiting:
            self._count(entry)
        for key in self._changed():
            more = self._links[key].counts - self._kept_links.get(key, Counts())
            self._count(replace(self._links[key], counts=more))
        self._remember(each for each in found.ids if len(each) >= LONG_NAME)

    def _changed(self) -> list[_Key]:
        """The entries of links that the books do not have as they are now."""
        return sorted(key for key, entry in self._links.items() if self._kept_links.get(key) != entry.counts)

    # -- what was spent ------------------------------------------------------------------------------

    def spent(self, day: str, prices: PriceTable) -> dict[Period, Spent]:
        """What was spent on this day, and in its month. What has no day yet counts as of today."""
        if self._spent_before is None or self._spent_before[:2] != (day, prices):
            self._spent_before = (day, prices, _periods(self._base, day, prices))
        before, since = self._spent_before[2], _periods(self._own, day, prices)
        return {period: before[period] + since[period] for period in before}

    # -- the slate -----------------------------------------------------------------------------------

    def as_json(self) -> dict[str, Any]:
        """What must not be lost if the process ends now (slate_facts.py)."""
        own = Batch(self.run, (*self._waiting, *(self._links[key] for key in self._changed())))
        batches = [
            {
                "name": batch.run.name,
                "boot": batch.run.boot,
                "entries": [entry.as_json() for entry in batch.entries],
            }
            for batch in (*self._earlier, own)
        ]
        latest = {(entry.provider, entry.model): entry for entry in self._links.values()}
        connections = []
        for number, each in self._connections.items():
            # Without an entry so far, one with a number that no other entry has.
            fresh = LedgerEntry(-number, EntryKind.LINK, each.provider, each.model, day=self._day)
            link = latest.get((each.provider, each.model), fresh)
            connections.append({"since_ms": each.since_ms, "link": link.as_json()})
        return {"batches": batches, "connections": connections}


def _periods(sums: Mapping[_Key, Counts], day: str, prices: PriceTable) -> dict[Period, Spent]:
    of_month = {
        at: counts for at, counts in sums.items() if at[0] == UNKNOWN or month_of(at[0]) == month_of(day)
    }
    today = [(at, counts) for at, counts in of_month.items() if at[0] in (day, UNKNOWN)]
    return {"day": _spent(today, prices), "month": _spent(list(of_month.items()), prices)}


def _spent(rows: list[tuple[_Key, Counts]], prices: PriceTable) -> Spent:
    costs = (prices.cost(counts, provider, model, day) for (day, provider, model), counts in rows)
    return Spent(total([Counts(), *(counts for _, counts in rows)]), sum(costs, Cost()))
