"""The lines of `edged usage`: whatever they are about, they add up to the same."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from edged.ledger import report, retention
from edged.ledger.calendar import EARLIER, UNKNOWN
from edged.ledger.counts import Counts
from edged.ledger.entry import EntryKind, LedgerEntry
from edged.ledger.ports import Batch, Inquiry, Run
from edged.ledger.prices import Price, PriceTable
from edged.ledger.reading import Reading, read
from edged.ledger.sqlite_books import SqliteBooks

PRICES = PriceTable(
    (
        *(
            Price(*("xai", "*", since, "", *(Decimal(0),) * 6), minute=minute)
            for since, minute in (("2026-01-01", Decimal("0.05")), ("2026-01-20", Decimal("0.08")))
        ),
        Price("openai", "gpt-realtime", "2025-01-01", "", *map(Decimal, (4, 1, 16, 32, 1, 64))),
    )
)


def some_entries(rng, run):
    """A walk of one process: responses and transcriptions of turns, and the connections of each day."""
    turn, links = 0, {}
    for number in range(1, 120):
        day = rng.choice([f"2026-01-{1 + number // 4:02}", "2025-12-31", UNKNOWN])
        about = rng.choice([("openai", "gpt-realtime"), ("xai", "grok"), ("custom", "mine")])
        turn += rng.random() < 0.5
        if rng.random() < 0.3:
            links[day, about] = Counts(
                connections=1, connected_ms=rng.randrange(10**6), sent_ms=rng.randrange(99)
            )
            continue
        kind = rng.choice([EntryKind.RESPONSE, EntryKind.TRANSCRIPTION])
        counts = Counts(
            requests=1, text_in=rng.randrange(999), audio_out=rng.randrange(999), unfinished=turn % 7 == 0
        )
        at = (1.7e9 + number, number, day)
        yield LedgerEntry(
            number, kind, *about, *at, turn, 1 + turn // 3, f"response {run} {number:020}", "", counts
        )
    for number, ((day, about), counts) in enumerate(links.items(), start=200):
        yield LedgerEntry(number, EntryKind.LINK, *about, day=day, counts=counts)


def totals(reading, since):
    return {by: replace(report.summed(report.lines(reading, PRICES, by, since)), what="") for by in report.BY}


@pytest.mark.parametrize("since", ["", "2025-12-31", "2026-01-01", "2026-01-17", "2027-01-01"])
@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_lines_are_about_they_have_the_same_sum(tmp_path, monkeypatch, seed, since):
    monkeypatch.setattr(retention, "MOST_ENTRIES", 150)
    monkeypatch.setattr(retention, "ROLLED", 40)
    monkeypatch.setattr(retention, "MOST_DAYS", 20 + 4 * seed)  # after it, there are sums of months
    rng, books = Random(seed), SqliteBooks(tmp_path)
    for run in range(3):
        books.write([Batch(Run(f"run {run}"), tuple(some_entries(rng, run)))], Inquiry("2026-01", ""))
    books.close()
    found = totals(read(tmp_path, with_entries=True), since)
    assert len({(each.counts, each.cost) for each in found.values()}) == 1
    assert bool(found["day"].counts) is (since != "2027-01-01")


def test_what_belongs_to_no_turn_has_a_line_of_its_own():
    used = Counts(requests=1)
    entry = LedgerEntry(
        1, EntryKind.RESPONSE, "xai", "grok", day="2026-01-05", turn=4, conversation=2, counts=used
    )
    connected = Counts(connected_ms=600_000)
    reading = Reading([("2026-01-05", "xai", "grok", used + connected)], [], [(1, entry)])
    for by, name in (("turn", "1.4"), ("session", "1.2")):
        first, other = report.lines(reading, PRICES, by)
        assert (first.what, first.counts, other.what, other.counts) == (name, used, "other", connected)
        assert other.cost.known == Decimal("0.5")


def test_the_time_before_the_days_is_in_one_line_and_since_leaves_it_out():
    used = Counts(requests=1)
    months = [
        (EARLIER, "xai", "grok", used),
        ("2025-11", "xai", "grok", used),
        ("2025-12", "xai", "grok", used),
    ]
    days = [("2026-01-05", "xai", "grok", used), ("2026-01-25", "xai", "grok", used)]
    reading = Reading(days, months, [])

    def shown(by, since=""):
        return {line.what: line.counts.requests for line in report.lines(reading, PRICES, by, since)}

    assert shown("day") == {EARLIER: 3, "2026-01-05": 1, "2026-01-25": 1}
    assert shown("day", "2026-01-20") == {"2026-01-25": 1}
    assert shown("month") == {EARLIER: 1, "2025-11": 1, "2025-12": 1, "2026-01": 2}
    assert shown("month", "2025-12-01") == {"2025-12": 1, "2026-01": 2}
    assert Counter(shown("month", "2026-01-20")) == {"2026-01": 1}


@pytest.mark.parametrize(
    ("month", "usd"), [("2025-12", "0.05"), ("2026-01", "0.05"), ("2026-02", "0.08"), ("2026-03", "0.1")]
)
@pytest.mark.parametrize("by", report.BY)
def test_a_month_that_is_one_sum_has_the_price_of_its_first_day(month, usd, by):
    prices = PriceTable(
        Price(*("xai", "*", since, "", *(Decimal(0),) * 6), minute=Decimal(minute))
        for since, minute in (("2026-01-01", "0.05"), ("2026-01-20", "0.08"), ("2026-03-01", "0.1"))
    )
    reading = Reading([], [(month, "xai", "grok", Counts(connected_ms=60_000))], [])
    assert report.summed(report.lines(reading, prices, by)).cost.known == Decimal(usd)
