"""Reads the file of the books beside the daemon, without changing it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edged.ledger import schema
from edged.ledger.counts import Counts
from edged.ledger.entry import EntryKind, LedgerEntry
from edged.ledger.ports import BooksError
from edged.ledger.read_only import opened
from edged.ledger.sqlite_books import FILE, counts_of


@dataclass(frozen=True, slots=True)
class Reading:
    """What the file holds. `days` and `months` have rows (day or month, provider, model, counts).

    No count is in both. `entries` are the latest entries, the oldest first, each with the number of its run; their
    counts are in `days`, too.
    """

    days: list[tuple[str, str, str, Counts]] = field(default_factory=list)
    months: list[tuple[str, str, str, Counts]] = field(default_factory=list)
    entries: list[tuple[int, LedgerEntry]] = field(default_factory=list)


def read(folder: Path, *, with_entries: bool) -> Reading:
    """Read the file in this folder. Raises BooksError; FileNotFoundError if there is none."""
    path = folder / FILE
    try:
        with closing(opened(path)) as connection:
            return _read(connection, with_entries=with_entries)
    except FileNotFoundError:
        raise
    except (sqlite3.Error, OSError) as error:
        is_locked = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        hint = " by another program: try again" if is_locked else ""
        raise BooksError(f"{path}: {getattr(error, 'strerror', None) or error}{hint}") from error


def _entry(row: tuple[Any, ...]) -> LedgerEntry:
    number, kind, provider, model, at_s, mono_ms, day, turn, conversation, name, status = row[:11]
    about = (provider, model, at_s, mono_ms, day, turn, conversation, name, status)
    return LedgerEntry(number, EntryKind(kind), *about, counts_of(row))


def _read(connection: sqlite3.Connection, *, with_entries: bool) -> Reading:
    found = Reading()
    for rows, statement in ((found.days, schema.BY_DAY), (found.months, schema.OF_MONTHS)):
        rows += [(row[0], row[1], row[2], counts_of(row)) for row in connection.execute(statement)]
    for row in connection.execute(f"{schema.SELECT} ORDER BY run, number") if with_entries else ():
        found.entries.append((row[0], _entry(row[1:])))
    return found
