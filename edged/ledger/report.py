"""Makes the lines of a report of what was read: by turn, by day, by month, or by visitor session. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from edged.ledger.calendar import EARLIER, UNKNOWN, month_of
from edged.ledger.counts import NAMES, Counts, total
from edged.ledger.entry import LedgerEntry
from edged.ledger.prices import Cost, Price, PriceTable
from edged.ledger.reading import Reading

By = Literal["turn", "day", "month", "session"]
BY: tuple[By, ...] = ("turn", "day", "month", "session")
_NOT_DATED = "not dated"


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
    """The lines, the oldest first, from the day `since` on."""
    match by:
        case "turn":
            return list(_by_entry(reading, prices, since, lambda entry: entry.turn))
        case "session":
            return list(_by_entry(reading, prices, since, lambda entry: entry.conversation))
        case "day":
            return list(_grouped(reading.days, prices, since))
        case "month":
            return list(_grouped([*reading.months, *reading.days], prices, since, by_month=True))


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


def _grouped(
    rows: Iterable[tuple[str, str, str, Counts]], prices: PriceTable, since: str, *, by_month: bool = False
) -> Iterator[ReportLine]:
    groups: dict[str, list[ReportLine]] = {}
    for day, provider, model, counts in rows:
        group = day if day in (EARLIER, UNKNOWN) or not by_month else month_of(day)
        if since and group < (month_of(since) if by_month else since):
            continue
        line = ReportLine(model, counts, prices.cost(counts, provider, model, "" if day == EARLIER else day))
        groups.setdefault(group, []).append(line)
    for group in sorted(groups, key=lambda name: (name != EARLIER, name)):
        yield _line(group or _NOT_DATED, groups[group])


def _by_entry(
    reading: Reading, prices: PriceTable, since: str, number: Callable[[LedgerEntry], int]
) -> Iterator[ReportLine]:
    """Lines by a number within each run; 0: the entry belongs to no line."""
    groups: dict[str, list[ReportLine]] = {}
    begins: dict[str, float] = {}
    for run, entry in reading.entries:
        if number(entry) and entry.day >= since:
            name = f"{run}.{number(entry)}"
            begins.setdefault(name, entry.at_s)
            cost = prices.cost(entry.counts, entry.provider, entry.model, entry.day)
            groups.setdefault(name, []).append(ReportLine(entry.model, entry.counts, cost))
    for name, found in groups.items():
        yield _line(name, found, _moment(begins[name]))


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
