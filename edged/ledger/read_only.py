"""Opens the file of the books without changing it: beside the daemon, and on a disk that takes nothing."""

import sqlite3
import stat
from pathlib import Path
from urllib.parse import quote

from edged.ledger import schema
from edged.ledger.ports import BooksError

BUSY_S = 5.0


def opened(path: Path) -> sqlite3.Connection:
    """The file at one moment: all questions see the same. Close it.

    Raises BooksError, sqlite3.Error, OSError; FileNotFoundError if there is no file, or it has just been made.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise BooksError(f"{path}: it is not a file")
    try:
        connection = _opened(path, "mode=ro")
    except sqlite3.OperationalError:
        if path.with_name(f"{path.name}-wal").exists():
            raise
        # The disk is read-only, and nobody writes: there is no log.
        connection = _opened(path, "mode=ro&immutable=1")
    try:
        _check(connection, path)
    except BaseException:  # also on Ctrl+C: nobody else could close this connection
        connection.close()
        raise
    return connection


def _opened(path: Path, how: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?{how}"
    connection = sqlite3.connect(
        address, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("BEGIN")
        connection.execute("PRAGMA user_version")  # the first look finds what is wrong
    except BaseException:  # as above
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if not version:
        raise FileNotFoundError(path)
    if version != schema.VERSION:
        raise BooksError(f"{path}: this edged cannot read it (version {version})")
