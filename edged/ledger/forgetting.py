"""Removes from the file of the books when each visitor asked, and which questions were of one visitor. Sums stay.

It may work beside the daemon. It changes rows and removes none, so nothing is counted twice afterwards. A damaged file
that was set aside has these details, too. Nothing in it counts any more, so the whole file can go.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from edged.ledger import schema
from edged.ledger.entry import EntryKind
from edged.ledger.ports import BooksError
from edged.ledger.sqlite_books import ASIDE, FILE

BUSY_S = 5.0
# The monotonic time of an entry without a day gives it one later.
_OF = "kind <> ?1 AND (?2 = '' OR (day <> '' AND day < ?2)) AND (turn <> 0 OR conversation <> 0 OR at_s <> 0)"
_COUNT = f"SELECT count(*) FROM entries WHERE {_OF}"  # noqa: S608 our own words
_FORGET = (
    "UPDATE entries SET turn = 0, conversation = 0, at_s = 0,"  # noqa: S608 our own words
    f" mono_ms = CASE day WHEN '' THEN mono_ms ELSE 0 END WHERE {_OF}"
)


def details(folder: Path, before: str = "", *, forget: bool) -> int:
    """Count the entries with such details, and with `forget` remove the details. Raises BooksError.

    `before`: only of days before this one; empty: of all.
    """
    path = folder / FILE
    of = (EntryKind.LINK.value, before)
    try:
        if not path.is_file():
            return 0
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version != schema.VERSION:
                raise BooksError(f"{path}: it was written by another edged (version {version})")
            if not forget:
                found: int = connection.execute(_COUNT, of).fetchone()[0]
                return found
            connection.execute("PRAGMA secure_delete = ON")
            changed = connection.execute(_FORGET, of).rowcount
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return changed
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise BooksError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def set_aside(folder: Path) -> list[Path]:
    """The damaged files that were set aside. Raises BooksError."""
    try:
        return sorted(
            each for each in folder.glob(f"{FILE}{ASIDE}*") if each.is_file() and not each.is_symlink()
        )
    except OSError as error:
        raise BooksError(f"{folder}: {error.strerror or error}") from error


def delete(files: Iterable[Path]) -> None:
    """Delete these. Raises BooksError."""
    for each in files:
        try:
            each.unlink(missing_ok=True)
        except OSError as error:
            raise BooksError(f"{each}: {error.strerror or error}") from error
