"""Makes the lines of a report of what was read: by turn, by day, by month, or by visitor session. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from edged.ledger.calendar import EARLIER, month_of
from edged.ledger.counts import NAMES, Counts, total
from edged.ledger.entry import LedgerEntry
from edged.ledger.prices import Cost, Price, PriceTable
from edged.ledger.reading import Reading

By = Literal["turn", "day", "month", "session"]
BY: tuple[By, ...] = ("turn", "day", "month", "session")
_Row = tuple[str, str, str, Counts]
"""A day or a month, a provider, a model, and what was counted."""
_NOT_DATED = "not dated"
OTHER = "other"
"""The line of what belongs to no turn, and of responses that are kept as sums only."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line: what it is about, what was counted, and what it cost."""

    what: str
    counts: Counts
    cost: Cost
    about: str = ""

    def as_json(self) -> dict[str, Any]:
        """The line as a JSON object. `usd` is what is known; `usd_complete` says whether that is all of it."""
        known = Decimal(self.cost.known.numerator) / Decimal(self.cost.known.denominator)
        usd = None if self.cost.unknown and not self.cost.known else str(known.quantize(Decimal("0.000001")))
        more = {"about": self.about} if self.about else {}
        return {
            "what": self.what,
            **more,
            **self.counts.as_dict(),
            "usd": usd,
            "usd_complete": not self.cost.unknown,
        }


def lines(reading: Reading, prices: PriceTable, by: By, since: str = "") -> list[ReportLine]:
    """The lines, the oldest first, from the day `since` on. Whatever they are about, their sum is the same.

    A month of which there are no days any more is in the lines as a whole, if it has the day `since`.
    """
    months = [row for row in reading.months if not since or EARLIER != row[0] >= month_of(since)]
    days = [row for row in reading.days if not since or row[0] >= since]
    match by:
        case "turn":
            return list(_by_entry(reading, [*months, *days], prices, since, lambda entry: entry.turn))
        case "session":
            return list(_by_entry(reading, [*months, *days], prices, since, lambda entry: entry.conversation))
        case "day":
            return list(
                _grouped([*((EARLIER, row) for row in months), *((row[0], row) for row in days)], prices)
            )
        case "month":
            named = [(row[0] if row[0] == EARLIER else month_of(row[0]), row) for row in (*months, *days)]
            return list(_grouped(named, prices))


def summed(report: Iterable[ReportLine]) -> ReportLine:
    """The sum of some lines."""
    found = list(report)
    return ReportLine(
        "total",
        total([Counts(), *(line.counts for line in found)]),
        sum((line.cost for line in found), Cost()),
    )


def prices_of(reading: Reading, prices: PriceTable) -> dict[tuple[str, str], Price | None]:
    """The price that is used last for each provider and model."""
    names = dict.fromkeys((provider, model) for _, provider, model, _ in [*reading.months, *reading.days])
    return {(provider, model): prices.of(provider, model) for provider, model in names}


def _grouped(rows: Iterable[tuple[str, _Row]], prices: PriceTable) -> Iterator[ReportLine]:
    """Lines of rows with the names of their lines."""
    groups: dict[str, list[ReportLine]] = {}
    for group, row in rows:
        groups.setdefault(group, []).append(_priced(row, prices))
    for group in sorted(groups, key=lambda name: (name != EARLIER, name)):
        yield _line(group or _NOT_DATED, groups[group])


def _by_entry(
    reading: Reading,
    rows: Iterable[_Row],
    prices: PriceTable,
    since: str,
    number: Callable[[LedgerEntry], int],
) -> Iterator[ReportLine]:
    """Lines by a number within each run; 0: the entry belongs to no line. The last line is the rest of all rows."""
    groups: dict[str, list[ReportLine]] = {}
    begins: dict[str, float] = {}
    rest = {row[:3]: row[3] for row in rows}
    for run, entry in reading.entries:
        if number(entry) and (not since or entry.day >= since):
            name = f"{run}.{number(entry)}"
            begins.setdefault(name, entry.at_s)
            row = (entry.day, entry.provider, entry.model, entry.counts)
            groups.setdefault(name, []).append(_priced(row, prices))
            rest[row[:3]] = rest.get(row[:3], Counts()) - entry.counts
    for name, found in groups.items():
        yield _line(name, found, _moment(begins[name]))
    if others := [_priced((*about, counts), prices) for about, counts in rest.items() if counts]:
        yield _line(OTHER, others)


def _priced(row: _Row, prices: PriceTable) -> ReportLine:
    when, provider, model, counts = row
    day = when
    if when == EARLIER:
        day = ""
    elif when and when == month_of(when):
        day = f"{when}-01"  # a month has the price of its first day
    return ReportLine(model, counts, prices.cost(counts, provider, model, day))


def _line(what: str, found: list[ReportLine], about: str = "") -> ReportLine:
    of = summed(found)
    return ReportLine(what, of.counts, of.cost, about)


def _moment(at_s: float) -> str:
    try:
        return datetime.fromtimestamp(at_s).isoformat(" ", "seconds")  # noqa: DTZ006 local time is wanted
    except (OverflowError, OSError, ValueError):
        return ""


LEAST_WANTED = ("received", "cached", "sent", "tokens out", "tokens in", "connected")
"""The columns that a narrow terminal does without, the first one first."""
HEADINGS = ("", "answers", "tokens in", "cached", "tokens out", "sent", "received", "connected", "cost")


def table(report: Iterable[ReportLine]) -> list[tuple[str, ...]]:
    """The cells of a report, with its headings."""
    return [HEADINGS, *(tuple(_cells(line)) for line in report)]


def _cells(line: ReportLine) -> Iterator[str]:
    counts = line.counts
    yield f"{line.about or line.what}"
    yield f"{counts.requests}{f'+{counts.unfinished}' if counts.unfinished else ''}"
    yield from map(str, (counts.tokens_in, counts.tokens_cached, counts.tokens_out))
    yield from map(duration, (counts.sent_ms, counts.received_ms, counts.connected_ms))
    yield line.cost.in_words()


def duration(ms: int) -> str:
    """A length of time: 12.3 s, 4:05 min or 3:20 h."""
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes}:{seconds:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"


def csv_rows(report: Iterable[ReportLine]) -> Iterator[tuple[str, ...]]:
    """The rows of a report as CSV, with the names of the columns."""
    yield ("what", "about", *NAMES, "usd", "usd_complete")
    for line in report:
        row: Mapping[str, Any] = line.as_json()
        usd = "" if row["usd"] is None else row["usd"]
        yield (line.what, line.about, *map(str, line.counts.values()), usd, str(row["usd_complete"]).lower())
