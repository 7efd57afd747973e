"""The file of the books: what is kept, what becomes a sum, and what a damaged or unwritable file means."""

import sqlite3
import stat

import pytest

from edged.ledger import retention
from edged.ledger.counts import Counts, total
from edged.ledger.entry import EntryKind, LedgerEntry
from edged.ledger.ports import Batch, BooksError, Inquiry, Run
from edged.ledger.sqlite_books import FILE, SqliteBooks

NOVEMBER = Inquiry("2026-11", "boot")
RUN = Run("one", "boot")
ONE = Counts(requests=1, text_in=3)


def response(number, day="2026-11-30", *, kind=EntryKind.RESPONSE, counts=ONE, **more):
    return LedgerEntry(number, kind, "openai", "gpt-realtime-2.1", day=day, counts=counts, **more)


def sums(found):
    return {key[0]: counts for key, counts in found.sums.items()}


@pytest.fixture
def books(tmp_path):
    books = SqliteBooks(tmp_path / "state")
    yield books
    books.close()


def test_what_was_kept_is_found_by_the_next_process(books, tmp_path):
    books.write([Batch(RUN, (response(1, id="a" * 20), response(2)))], NOVEMBER)
    books.close()
    found = SqliteBooks(tmp_path / "state").write([], NOVEMBER)
    assert sums(found) == {"2026-11-30": ONE + ONE}
    assert found.ids == ("a" * 20,)


@pytest.mark.parametrize("question", [NOVEMBER, Inquiry("", "boot"), Inquiry("2026-10", "boot")])
def test_who_looks_gets_the_same_answer_and_changes_nothing(books, question):
    assert books.look(question) == {}
    found = books.write([Batch(RUN, (response(1), response(2, "")))], question)
    assert books.look(question) == found.sums
    books.close()
    before = books.path.read_bytes()
    assert books.look(question) == found.sums
    assert books.path.read_bytes() == before


def test_an_entry_that_is_written_again_counts_once(books):
    books.write([Batch(RUN, (response(1),))], NOVEMBER)
    assert sums(books.write([Batch(RUN, (response(1), response(2)))], NOVEMBER)) == {"2026-11-30": ONE + ONE}


def test_the_entry_of_a_link_is_replaced(books):
    for ms in (60_000, 120_000, 120_000):
        link = response(1, kind=EntryKind.LINK, counts=Counts(connected_ms=ms))
        found = books.write([Batch(RUN, (link,))], NOVEMBER)
    assert sums(found) == {"2026-11-30": Counts(connected_ms=120_000)}


def test_runs_number_their_entries_on_their_own(books):
    books.write([Batch(RUN, (response(1),)), Batch(Run("two"), (response(1),))], NOVEMBER)
    assert sums(books.write([], NOVEMBER)) == {"2026-11-30": ONE + ONE}


def test_a_month_has_the_sums_of_its_days_only(books):
    days = ("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01", "2027-11-01")
    books.write([Batch(RUN, tuple(response(n, day) for n, day in enumerate(days)))], NOVEMBER)
    assert set(sums(books.write([], NOVEMBER))) == {"2026-11-01", "2026-11-30"}


def test_entries_without_a_day_get_theirs_when_the_clock_is_set(books):
    books.write([Batch(Run("before", "another boot"), (response(1, ""),))], NOVEMBER)
    unknown = books.write(
        [Batch(RUN, (response(1, "", mono_ms=5), response(2, "", mono_ms=9)))], Inquiry("", "boot")
    )
    assert sums(unknown) == {"": ONE + ONE}
    dates = {5: "2026-11-29", 9: "2026-11-30"}
    found = books.write([], Inquiry("2026-11", "boot", dates.__getitem__))
    assert sums(found) == {"2026-11-29": ONE, "2026-11-30": ONE}
    assert not sums(books.write([], Inquiry("", "boot")))
    assert sums(books.write([], Inquiry("", "another boot"))) == {"": ONE}


def everything(path):
    """The sum of all that the file counts, by each of its tables."""
    with sqlite3.connect(path) as connection:
        found = {}
        for table in ("entries", "days", "months"):
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()
            found[table] = total([Counts(), *(Counts(*row[-len(Counts().values()) :]) for row in rows)])
        return found


def test_old_entries_days_and_months_become_sums_and_nothing_is_lost(books, monkeypatch):
    for name, most in (
        ("MOST_ENTRIES", 40),
        ("ROLLED", 10),
        ("MOST_DAYS", 20),
        ("MOST_MONTHS", 3),
        ("MOST_RUNS", 2),
    ):
        monkeypatch.setattr(retention, name, most)
    number = 0
    for run in range(12):
        for _ in range(20):
            number += 1
            day = f"20{30 + number // 336}-{1 + number // 28 % 12:02}-{1 + number % 28:02}"
            books.write([Batch(Run(f"run {run}"), (response(number, day),))], NOVEMBER)
    found = everything(books.path)
    assert total(found.values()) == Counts(requests=number, text_in=3 * number)
    assert 40 <= found["entries"].requests <= 51
    assert found["days"].requests <= 20
    with sqlite3.connect(books.path) as connection:
        months = [month for (month,) in connection.execute("SELECT month FROM months ORDER BY month")]
        assert months[-1] == "earlier"
        assert len(months) == 4
        assert connection.execute("SELECT count(*) FROM runs").fetchone()[0] <= 6


def test_the_entries_of_a_link_stay_while_their_run_lasts(books, monkeypatch):
    monkeypatch.setattr(retention, "MOST_ENTRIES", 10)
    monkeypatch.setattr(retention, "ROLLED", 5)
    for number in range(2, 60):
        link = response(1, kind=EntryKind.LINK, counts=Counts(connected_ms=number))
        found = books.write([Batch(RUN, (link, response(number)))], NOVEMBER)
    assert sums(found) == {"2026-11-30": Counts(requests=58, text_in=174, connected_ms=59)}


def test_only_its_owner_can_read_it(books):
    books.write([Batch(RUN, (response(1),))], NOVEMBER)
    for path in books.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.mark.parametrize("how", ["deleted", "with its log", "replaced"])
def test_what_is_counted_after_somebody_has_deleted_the_file_is_kept(books, tmp_path, how):
    other = SqliteBooks(tmp_path / "other")
    other.write([Batch(Run("other"), (response(1),))], NOVEMBER)
    other.close()
    books.write([Batch(RUN, (response(1),))], NOVEMBER)
    for file in books.path.parent.glob("usage.db*" if how != "deleted" else "usage.db"):
        file.unlink()
    if how == "replaced":
        other.path.replace(books.path)
    found = books.write([Batch(RUN, (response(2),))], NOVEMBER)
    assert not found.aside
    assert sums(found) == {"2026-11-30": ONE + ONE if how == "replaced" else ONE}
    books.close()
    assert sums(SqliteBooks(tmp_path / "state").write([], NOVEMBER)) == sums(found)


@pytest.mark.parametrize("harm", ["text", "middle", "empty header"])
def test_a_damaged_file_is_set_aside_and_counting_goes_on(tmp_path, harm):
    books = SqliteBooks(tmp_path)
    for number in range(200):
        books.write([Batch(RUN, (response(number),))], NOVEMBER)
    books.close()
    path = tmp_path / FILE
    data = bytearray(path.read_bytes())
    match harm:
        case "text":
            data = bytearray(b"this is not a database, but it is long enough to be one" * 100)
        case "middle":
            data[8192:12288] = b"\xa5" * 4096
        case "empty header":
            data[:100] = bytes(100)
    path.write_bytes(data)
    found = SqliteBooks(tmp_path).write([Batch(Run("two"), (response(1),))], NOVEMBER)
    assert sums(found) == {"2026-11-30": ONE}
    assert "usage.db.corrupt" in found.aside
    assert (tmp_path / "usage.db.corrupt").read_bytes() == bytes(data)


def test_several_damaged_files_are_kept(tmp_path):
    for _ in range(3):
        (tmp_path / FILE).write_bytes(b"not a database at all, and quite long for one" * 30)
        books = SqliteBooks(tmp_path)
        books.write([], NOVEMBER)
        books.close()
    assert sorted(path.name for path in tmp_path.glob("*.corrupt*")) == [
        "usage.db.corrupt",
        "usage.db.corrupt.1",
        "usage.db.corrupt.2",
    ]


def test_it_is_said_once_that_a_file_was_set_aside(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database at all, and quite long for one" * 30)
    books = SqliteBooks(tmp_path)
    assert books.write([], NOVEMBER).aside
    assert not books.write([], NOVEMBER).aside


def test_a_file_of_a_newer_edged_is_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(BooksError, match="newer edged"):
        SqliteBooks(tmp_path).write([Batch(RUN, (response(1),))], NOVEMBER)
    assert (tmp_path / FILE).read_bytes() == before


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(BooksError, match="not a file"):
        SqliteBooks(tmp_path).write([], NOVEMBER)


def test_a_disk_that_works_again_is_used_again(tmp_path):
    (tmp_path / "state").write_text("a file in place of the folder")
    books = SqliteBooks(tmp_path / "state")
    for _ in range(2):
        with pytest.raises(BooksError):
            books.write([Batch(RUN, (response(1),))], NOVEMBER)
    (tmp_path / "state").unlink()
    assert sums(books.write([Batch(RUN, (response(1), response(2)))], NOVEMBER)) == {"2026-11-30": ONE + ONE}


def test_a_reader_does_not_hold_the_writer_up(books):
    books.write([Batch(RUN, (response(1),))], NOVEMBER)
    with sqlite3.connect(f"file:{books.path}?mode=ro", uri=True, isolation_level=None) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (1,)
        found = books.write([Batch(RUN, (response(2),))], NOVEMBER)
        assert sums(found) == {"2026-11-30": ONE + ONE}
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (1,)
