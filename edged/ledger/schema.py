# ruff: noqa: S608 only names of our own columns are put into the text
"""The tables of the ledger's file, and the questions to them, in SQL. Pure.

Rules:
1. `entries` has the latest entries. Each has its name as its key, so they lie in the order in which they were made.
2. `days` and `months` have the sums of entries that are gone from `entries`. No entry is in two tables.
3. A sum over the three tables, each row once, is a sum over all that was ever counted.
"""

from edged.ledger.counts import NAMES

VERSION = 1
APPLICATION = 0x65644C67  # `file` and SQLite see whose file it is

COUNTS = ", ".join(NAMES)
_COLUMNS = ", ".join(f"{name} INTEGER NOT NULL DEFAULT 0" for name in NAMES)
SUMS = ", ".join(f"sum({name})" for name in NAMES)
_ADDED = ", ".join(f"{name} = {name} + excluded.{name}" for name in NAMES)
_PLACES = ", ".join("?" * len(NAMES))

CREATE = f"""
CREATE TABLE runs (run INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, boot TEXT NOT NULL);
CREATE TABLE entries (
    run INTEGER NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
    at_s REAL NOT NULL, mono_ms INTEGER NOT NULL, day TEXT NOT NULL, turn INTEGER NOT NULL,
    conversation INTEGER NOT NULL, id TEXT NOT NULL, status TEXT NOT NULL, {_COLUMNS},
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE TABLE days (
    day TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, {_COLUMNS}, PRIMARY KEY (day, provider, model)
) WITHOUT ROWID;
CREATE TABLE months (
    month TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, {_COLUMNS}, PRIMARY KEY (month, provider, model)
) WITHOUT ROWID;
"""

_ENTRY = "run, number, kind, provider, model, at_s, mono_ms, day, turn, conversation, id, status"
KEEP = f"INSERT OR IGNORE INTO entries ({_ENTRY}, {COUNTS}) VALUES ({', '.join('?' * 12)}, {_PLACES})"
REPLACE = KEEP.replace("OR IGNORE", "OR REPLACE")
SELECT = f"SELECT {_ENTRY}, {COUNTS} FROM entries"

OLDEST = (
    f"SELECT run, number, day, provider, model, {COUNTS} FROM entries"
    " WHERE kind <> ?1 OR run < ?2 ORDER BY run, number LIMIT ?3"
)
OF_DAY = f"SELECT provider, model, {COUNTS} FROM days WHERE day = ?"
OF_ONE_MONTH = f"SELECT provider, model, {COUNTS} FROM months WHERE month = ?"
ADD_TO_DAY = (
    f"INSERT INTO days (day, provider, model, {COUNTS}) VALUES (?, ?, ?, {_PLACES})"
    f" ON CONFLICT (day, provider, model) DO UPDATE SET {_ADDED}"
)
ADD_TO_MONTH = (
    f"INSERT INTO months (month, provider, model, {COUNTS}) VALUES (?, ?, ?, {_PLACES})"
    f" ON CONFLICT (month, provider, model) DO UPDATE SET {_ADDED}"
)

OF_MONTH = f"""
SELECT day, provider, model, {SUMS} FROM (
    SELECT day, provider, model, {COUNTS} FROM entries WHERE day >= ?1 AND day < ?1 || '~'
    UNION ALL SELECT day, provider, model, {COUNTS} FROM days WHERE day >= ?1 AND day < ?1 || '~'
) GROUP BY day, provider, model
"""
OF_BOOT = f"""
SELECT day, provider, model, {SUMS} FROM entries JOIN runs USING (run) WHERE day = '' AND boot = ?1
GROUP BY day, provider, model
"""
BY_DAY = f"""
SELECT day, provider, model, {SUMS} FROM (
    SELECT day, provider, model, {COUNTS} FROM entries
    UNION ALL SELECT day, provider, model, {COUNTS} FROM days
) GROUP BY day, provider, model ORDER BY day, provider, model
"""
OF_MONTHS = f"SELECT month, provider, model, {COUNTS} FROM months ORDER BY month, provider, model"
