"""The accounts of one process: nothing is lost and nothing counts twice, whatever the books do."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.ledger.accounts import MOST_WAITING, OFFERED, Accounts, Moment
from edged.ledger.counts import Counts, total
from edged.ledger.entry import EntryKind, LedgerEntry, of_json
from edged.ledger.memory_books import MemoryBooks
from edged.ledger.ports import Batch, BooksError, Inquiry, Kept, Run
from edged.ledger.prices import PriceTable
from edged.ledger.slate_facts import batches_of

DAY = "2026-11-30"
RUN = Run("one")
ONE = Counts(requests=1, audio_in=7)
NO_PRICES = PriceTable()


def response(counts=ONE, name="", day=DAY):
    return LedgerEntry(0, EntryKind.RESPONSE, "openai", "gpt-realtime-2.1", day=day, id=name, counts=counts)


def at(ms, day=DAY):
    return Moment(day, 0.0, ms)


def spent(accounts, day=DAY):
    return accounts.spent(day, NO_PRICES)["day"].counts


class SetBooks(MemoryBooks):
    """Books that take a name once, as the disk does. They can fail before they take anything, or after it."""

    def __init__(self):
        super().__init__()
        self.taken = {}
        self.fails = ""

    def write(self, batches: Sequence[Batch], question: Inquiry) -> Kept:
        if self.fails == "before":
            raise BooksError("before")
        for batch in batches:
            for entry in batch.entries:
                if entry.kind is EntryKind.LINK:
                    self.taken[batch.run, entry.number] = entry
                else:
                    self.taken.setdefault((batch.run, entry.number), entry)
        if self.fails == "after":
            raise BooksError("after")
        return Kept(
            {(DAY, "openai", "gpt-realtime-2.1"): total([Counts(), *(e.counts for e in self.taken.values())])}
        )

    @property
    def total(self):
        return total([Counts(), *(entry.counts for entry in self.taken.values())])


def keep(accounts, books):
    offered = accounts.offer()
    try:
        found = books.write(offered, Inquiry("2026-11", ""))
    except BooksError:
        return
    accounts.kept(offered, found)


def test_a_response_of_a_known_name_counts_once_across_connections():
    accounts = Accounts(RUN)
    accounts.opened("openai", "m", at(0))
    assert accounts.add(response(name="resp_CvBnm2h1ZAbQ9"))
    accounts.opened("openai", "m", at(0))
    assert not accounts.add(response(name="resp_CvBnm2h1ZAbQ9"))
    assert spent(accounts).requests == 1


def test_a_short_name_may_be_of_another_session():
    """The next session is open before the present one has ended."""
    accounts = Accounts(RUN)
    for _ in range(2):
        assert accounts.add(response(name="resp_1"))
    assert spent(accounts).requests == 2


def test_responses_without_a_name_all_count():
    accounts = Accounts(RUN)
    assert accounts.add(response())
    assert accounts.add(response())


def test_a_name_that_the_books_know_does_not_count_again():
    accounts = Accounts(RUN)
    accounts.kept([], Kept(ids=("resp_CvBnm2h1ZAbQ9",)))
    assert not accounts.add(response(name="resp_CvBnm2h1ZAbQ9"))


def test_connections_are_counted_to_the_millisecond_while_they_are_open():
    accounts = Accounts(RUN)
    first = accounts.opened("xai", "g", at(1000))
    second = accounts.opened("xai", "g", at(2000))
    accounts.tick(at(5000))
    accounts.closed(first, at(6500))
    accounts.closed(first, at(9500))
    accounts.tick(at(10_000))
    assert spent(accounts) == Counts(connections=2, connected_ms=5500 + 8000)
    accounts.closed(second, at(10_001))
    assert not accounts.connected


def test_many_that_wait_are_merged_and_no_count_is_lost():
    accounts = Accounts(RUN)
    for number in range(3 * MOST_WAITING):
        accounts.add(response(Counts(requests=1, audio_in=number)))
    assert len(accounts.as_json()["batches"][-1]["entries"]) == MOST_WAITING
    books = SetBooks()
    while accounts.unkept:
        keep(accounts, books)
    n = 3 * MOST_WAITING
    assert books.total == spent(accounts) == Counts(requests=n, audio_in=n * (n - 1) // 2)


def test_what_was_offered_is_not_merged():
    """The books may have taken it, although they said no."""
    accounts, books = Accounts(RUN), SetBooks()
    books.fails = "after"
    for _ in range(OFFERED + 5):
        accounts.add(response())
    keep(accounts, books)
    for _ in range(2 * MOST_WAITING):
        accounts.add(response())
    books.fails = ""
    while accounts.unkept:
        keep(accounts, books)
    assert books.total.requests == spent(accounts).requests == OFFERED + 5 + 2 * MOST_WAITING


def test_what_comes_while_the_books_are_busy_is_spent_too():
    accounts, books = Accounts(RUN), SetBooks()
    number = accounts.opened("openai", "gpt-realtime-2.1", at(0))
    accounts.add(response())
    accounts.tick(at(100))
    offered = accounts.offer()
    found = books.write(offered, Inquiry("2026-11", ""))
    accounts.add(response())
    accounts.closed(number, at(250))
    accounts.kept(offered, found)
    assert spent(accounts) == ONE + ONE + Counts(connections=1, connected_ms=250)
    keep(accounts, books)
    assert spent(accounts) == books.total == ONE + ONE + Counts(connections=1, connected_ms=250)
    assert not accounts.unkept


def test_what_has_no_day_counts_as_of_today():
    accounts = Accounts(RUN)
    accounts.add(response(day=""))
    assert spent(accounts, "") == spent(accounts, DAY) == ONE


def test_an_undated_link_is_left_behind_once_it_has_its_day():
    accounts, books = Accounts(RUN), SetBooks()
    number = accounts.opened("openai", "gpt-realtime-2.1", at(0, ""))
    accounts.tick(at(100, ""))
    offered = accounts.offer()
    accounts.tick(at(300))
    accounts.kept(offered, books.write(offered, Inquiry("2026-11", "")), dated=True)
    accounts.closed(number, at(350))
    keep(accounts, books)
    assert books.total == Counts(connections=1, connected_ms=350)
    assert {entry.day: entry.counts.connected_ms for entry in books.taken.values()} == {"": 100, DAY: 250}


def test_a_connection_whose_entry_has_just_got_its_day_is_on_the_slate():
    accounts, books = Accounts(RUN), SetBooks()
    accounts.opened("openai", "gpt-realtime-2.1", at(0, ""))
    accounts.tick(at(100, ""))
    offered = accounts.offer()
    accounts.kept(offered, books.write(offered, Inquiry("2026-11", "")), dated=True)
    heir = Accounts(Run("two"))
    heir.recovered(batches_of(json.loads(json.dumps(accounts.as_json())) | {"beat_ms": 350}))
    keep(heir, books)
    assert books.total == Counts(connections=1, connected_ms=350)


def test_an_entry_survives_json():
    entry = LedgerEntry(
        3, EntryKind.RESPONSE, "p", "m", 1.5, 7, DAY, 4, 5, "id", "failed", Counts(requests=1, sent_ms=9)
    )
    assert of_json(json.loads(json.dumps(entry.as_json()))) == entry


@pytest.mark.parametrize(
    "junk", [None, 5, [], {}, {"number": "x"}, {"counts": 5}, {"counts": {}, "kind": "odd"}]
)
def test_junk_is_no_entry(junk):
    assert of_json(junk) is None


def test_the_slate_holds_what_the_books_lack_and_the_time_of_open_connections():
    accounts, books = Accounts(RUN), SetBooks()
    accounts.opened("openai", "gpt-realtime-2.1", at(1000))
    accounts.tick(at(3000))
    keep(accounts, books)
    accounts.add(response())
    accounts.opened("openai", "gpt-realtime-2.1", at(4000))
    slate = json.loads(json.dumps(accounts.as_json())) | {"beat_ms": 9000}
    heir = Accounts(Run("two"))
    heir.recovered(batches_of(slate))
    keep(heir, books)
    assert books.total == ONE + Counts(connections=2, connected_ms=8000 + 5000)
    keep(heir, books)
    heir.recovered(batches_of(slate))  # the process died before it could clear the slate
    keep(heir, books)
    assert books.total == ONE + Counts(connections=2, connected_ms=8000 + 5000)


@pytest.mark.parametrize(
    "slate",
    [
        {},
        {"batches": 5},
        {"batches": [5, {}]},
        {"batches": [{"name": "x", "entries": [5]}], "connections": [5, {}]},
    ],
)
def test_a_slate_that_cannot_be_read_is_an_empty_one(slate):
    assert batches_of(slate) == []


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["response", "open", "close", "tick", "keep", "before", "after", "die"]),
        st.integers(0, 5000),
    ),
    max_size=60,
)


@settings(max_examples=300)
@given(_STEPS)
def test_nothing_is_lost_and_nothing_counts_twice(steps):
    """Whatever the books do, and whenever the process dies: the slate beats at every moment here."""
    books, now, run = SetBooks(), 0, 0
    accounts, truth, still = Accounts(Run("0")), Counts(), {}
    for what, ms in steps:
        now += ms
        truth += Counts(connected_ms=ms * len(still))
        match what:
            case "response":
                accounts.add(response())
                truth += ONE
            case "open":
                still[accounts.opened("openai", "gpt-realtime-2.1", at(now))] = None
                truth += Counts(connections=1)
            case "close" if still:
                accounts.closed(still.popitem()[0], at(now))
            case "tick":
                accounts.tick(at(now))
            case "keep" | "before" | "after":
                books.fails = "" if what == "keep" else what
                keep(accounts, books)
            case "die":
                run += 1
                slate = json.loads(json.dumps(accounts.as_json())) | {"beat_ms": now}
                accounts, still = Accounts(Run(str(run))), {}
                accounts.recovered(batches_of(slate))
    accounts.tick(at(now))
    books.fails = ""
    while accounts.unkept:
        keep(accounts, books)
    assert books.total == truth
    keep(accounts, books)
    assert spent(accounts) == truth
