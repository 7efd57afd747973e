"""Keeps the entries in one SQLite file, on an SD card that may be full, read-only, damaged, or lose its power.

Rules:
1. One call is one transaction, and it is on the disk when the call returns (`synchronous = FULL`).
2. The file has a write-ahead log. A commit appends to it and syncs once. Its frames have checksums, so a commit that a
   power cut has torn is as if it had not been. A rollback journal would need several syncs for each commit, write each
   page twice, and be safe only if the disk keeps their order (sqlite.org/wal.html, sqlite.org/pragma.html).
3. Before its first use in a process, the file is checked. A damaged file is renamed (`usage.db.corrupt`), never
   deleted, and a new one is begun. A file of a newer edged is left alone.
4. After any failure the file is closed, so that the next call begins with what is really on the disk. The same is done
   if somebody has deleted or replaced the file: what is written into a deleted file is lost.
5. Old entries become sums (retention.py), in the transaction that goes beyond the bound.
"""

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from edged.ledger import retention, schema
from edged.ledger.calendar import EARLIER, UNKNOWN, month_of
from edged.ledger.counts import NAMES, Counts
from edged.ledger.entry import EntryKind, LedgerEntry
from edged.ledger.ports import Batch, BooksError, Inquiry, Kept, Run, Sums
from edged.ledger.read_only import opened

FILE = "usage.db"
ASIDE = ".corrupt"  # follows the name of a damaged file
MOST_ASIDE = 9
BUSY_S = 2.0  # a reader never holds a writer up; another writer has no business here
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 128",  # pages of 4 KiB; the log is copied into the file about every 60 responses
    "PRAGMA journal_size_limit = 1048576",
    "PRAGMA cache_size = -512",  # KiB
    "PRAGMA temp_store = MEMORY",
    "PRAGMA mmap_size = 0",
)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY = 0xFF  # the part of an error code that says which kind of error it is
_LATEST_IDS = 256


class DamagedFileError(sqlite3.DatabaseError):
    """The check of the file found something."""


class SqliteBooks:
    """The Books in a folder. Any thread may call it, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._open: sqlite3.Connection | None = None
        self._opened_file: tuple[int, int] | None = None  # which file of this name is open
        self._entries = 0  # how many `entries` has
        self._aside = ""

    def write(self, batches: Sequence[Batch], question: Inquiry) -> Kept:
        try:
            return self._tried(batches, question)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._set_aside(str(error))
            return self._tried(batches, question)

    def look(self, question: Inquiry) -> Sums:
        try:
            with contextlib.closing(opened(self.path)) as connection:
                return _sums(connection, question)
        except FileNotFoundError:
            return {}
        except (sqlite3.Error, OSError) as error:
            raise BooksError(f"{self.path}: {_words(error)}") from error

    def close(self) -> None:
        if self._open is not None:
            with contextlib.suppress(sqlite3.Error):
                self._open.close()
            self._open = None

    def _tried(self, batches: Sequence[Batch], question: Inquiry) -> Kept:
        if self._open is not None and _identity(self.path) != self._opened_file:
            self.close()
        was_open = self._open is not None
        try:
            connection = self._open or self._opened()
            with _transaction(connection):
                runs = {batch.run: _run(connection, batch.run) for batch in batches}
                for batch in batches:
                    self._keep(connection, runs[batch.run], batch.entries)
                if question.dates is not None:
                    _date(connection, question)
                self._roll(connection, min(runs.values(), default=None))
            ids = () if was_open else _ids(connection)
            found = Kept(_sums(connection, question), ids, self._aside)
        except (sqlite3.Error, OSError) as error:
            self.close()
            if isinstance(error, sqlite3.DatabaseError) and _is_damage(error):
                raise
            raise BooksError(f"{self.path}: {_words(error)}") from error
        self._aside = ""
        return found

    def _opened(self) -> sqlite3.Connection:
        _prepare(self.path)
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            _check(connection, self.path)
            connection.execute("PRAGMA journal_mode = WAL")
            for pragma in _PRAGMAS:
                connection.execute(pragma)
            _create(connection)
            self._entries = connection.execute("SELECT count(*) FROM entries").fetchone()[0]
        except BaseException:
            connection.close()
            raise
        self._open, self._opened_file = connection, _identity(self.path)
        return connection

    def _keep(self, connection: sqlite3.Connection, run: int, entries: Iterable[LedgerEntry]) -> None:
        for entry in entries:
            is_new = entry.kind is not EntryKind.LINK
            about = (entry.kind, entry.provider, entry.model, entry.at_s, entry.mono_ms, entry.day)
            of = (entry.turn, entry.conversation, entry.id, entry.status)
            values = (run, entry.number, *about, *of, *entry.counts.values())
            rows = connection.execute(schema.KEEP if is_new else schema.REPLACE, values).rowcount
            self._entries += rows if is_new else 0  # those of links are few

    def _roll(self, connection: sqlite3.Connection, oldest_written: int | None) -> None:
        """Make sums of the oldest entries, days and months if there are too many of them.

        Entries of links stay if their run is written now: they may be written again.
        """
        if self._entries <= retention.MOST_ENTRIES + retention.ROLLED:
            return
        # The entries of a link are replaced until their run is over, and until the next one has recovered them.
        newest = connection.execute("SELECT max(run) FROM runs").fetchone()[0]
        newest = newest if oldest_written is None else min(newest, oldest_written)
        old = connection.execute(
            schema.OLDEST,
            (EntryKind.LINK, newest, retention.ROLLED),
        ).fetchall()
        connection.executemany(schema.ADD_TO_DAY, [row[2:] for row in old])
        connection.executemany("DELETE FROM entries WHERE run = ? AND number = ?", [row[:2] for row in old])
        _roll_days(connection)
        connection.execute(
            "DELETE FROM runs WHERE run < ?1 AND run NOT IN (SELECT run FROM entries)",
            (newest - retention.MOST_RUNS,),
        )
        self._entries = connection.execute("SELECT count(*) FROM entries").fetchone()[0]

    def _set_aside(self, why: str) -> None:
        """Rename the damaged file, with its log. The next call begins a new one."""
        self.close()
        taken = [_aside(self.path, number) for number in range(MOST_ASIDE)]
        aside = next((path for path in taken if not path.exists()), taken[-1])
        try:
            self.path.replace(aside)
            for suffix in ("-wal", "-shm"):
                beside = self.path.with_name(self.path.name + suffix)
                if beside.exists():
                    beside.replace(aside.with_name(aside.name + suffix))
            _sync(self.path.parent)
        except OSError as error:
            raise BooksError(
                f"{self.path}: it is damaged ({why}), and cannot be set aside: {error}"
            ) from error
        self._aside = f"{self.path}: {why}; it is now {aside.name}"


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file has this name; None: there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}{ASIDE}{f'.{number}' if number else ''}")


def _prepare(path: Path) -> None:
    """Make the file, which only its owner may read, or refuse what is no file. Raises OSError."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError("it is not a file")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(path, flags, 0o600))
        _sync(path.parent)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > schema.VERSION:
        raise BooksError(f"{path}: it was written by a newer edged (version {version})")
    if (verdict := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
        raise DamagedFileError(verdict)


def _create(connection: sqlite3.Connection) -> None:
    """Make the tables, if there are none yet."""
    with _transaction(connection):
        if connection.execute("PRAGMA user_version").fetchone()[0]:
            return
        for statement in filter(str.strip, schema.CREATE.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION}")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction. It holds the lock for writing from its beginning."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise


def _run(connection: sqlite3.Connection, run: Run) -> int:
    """The number of a run; the first call for it gives it one."""
    connection.execute("INSERT OR IGNORE INTO runs (name, boot) VALUES (?, ?)", (run.name, run.boot))
    number: int = connection.execute("SELECT run FROM runs WHERE name = ?", (run.name,)).fetchone()[0]
    return number


def _date(connection: sqlite3.Connection, question: Inquiry) -> None:
    """Give the entries of this start of the machine their days."""
    assert question.dates is not None
    undated = connection.execute(
        "SELECT run, number, mono_ms FROM entries JOIN runs USING (run) WHERE day = ?1 AND boot = ?2",
        (UNKNOWN, question.boot),
    ).fetchall()
    for run, number, mono_ms in undated:
        connection.execute(
            "UPDATE entries SET day = ? WHERE run = ? AND number = ?",
            (question.dates(mono_ms), run, number),
        )


def _roll_days(connection: sqlite3.Connection) -> None:
    days = [day for (day,) in connection.execute("SELECT DISTINCT day FROM days ORDER BY day")]
    for day in days[: max(0, len(days) - retention.MOST_DAYS)]:
        rows = connection.execute(schema.OF_DAY, (day,))
        connection.executemany(schema.ADD_TO_MONTH, [(month_of(day), *row) for row in rows.fetchall()])
        connection.execute("DELETE FROM days WHERE day = ?", (day,))
    months = [
        month
        for (month,) in connection.execute("SELECT DISTINCT month FROM months ORDER BY month")
        if month != EARLIER
    ]
    for month in months[: max(0, len(months) - retention.MOST_MONTHS)]:
        rows = connection.execute(schema.OF_ONE_MONTH, (month,))
        connection.executemany(schema.ADD_TO_MONTH, [(EARLIER, *row) for row in rows.fetchall()])
        connection.execute("DELETE FROM months WHERE month = ?", (month,))


def _sums(connection: sqlite3.Connection, question: Inquiry) -> Sums:
    statement, of = (schema.OF_MONTH, question.month) if question.month else (schema.OF_BOOT, question.boot)
    return {(row[0], row[1], row[2]): counts_of(row[3:]) for row in connection.execute(statement, (of,))}


def counts_of(row: Sequence[int]) -> Counts:
    """The counts of the last columns of a row."""
    return Counts(*row[-len(NAMES) :])


def _ids(connection: sqlite3.Connection) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT id FROM entries WHERE id <> '' ORDER BY run DESC, number DESC LIMIT ?", (_LATEST_IDS,)
    )
    return tuple(row[0] for row in rows)[::-1]


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return (
        isinstance(error, DamagedFileError) or (getattr(error, "sqlite_errorcode", 0) & _PRIMARY) in _DAMAGED
    )


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
