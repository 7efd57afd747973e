"""Brings a configuration of an earlier state of edged up to date: settings that have another name now. Pure.

Rules:
1. Each change is a row of `MIGRATIONS`. Only the name and the value are replaced, at their places in the file.
   Comments, order and everything else stay as they are.
2. A file that cannot be read as YAML, or that has a newer version, is refused.
3. What cannot be decided (both names are there, or a value that nobody could have meant) is reported and left alone.
4. A file without any of these settings is not changed.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import NamedTuple

from edged.config import document
from edged.config.document import Listed, Scalar, Table, Tree
from edged.config.keys import KEYS
from edged.config.problem import Place, Problem, shown
from edged.config.renames import ANY, MIGRATIONS, Renamed
from edged.config.values import UnfitError, value


class Migrated(NamedTuple):
    """`text` is the new content, `changes` what was done, and `problems` what a person has to do."""

    text: str
    changes: tuple[str, ...]
    problems: tuple[Problem, ...]


class _Edit(NamedTuple):
    place: Place
    old: str
    new: str


def migrated(data: bytes, source: str) -> Migrated:
    """The content of a file with the present names. Never raises."""
    table, problems = document.read(data, source)
    text = data.decode("utf-8-sig", errors="replace")
    if problems:
        return Migrated(text, (), tuple(problems))
    for key, tree in table.entries:
        if key.text == "version":
            try:
                value(KEYS["version",], tree)
            except UnfitError as error:
                return Migrated(text, (), (Problem(tree.place, "version", str(error)),))
    edits: list[_Edit] = []
    changes: list[str] = []
    found: list[Problem] = []
    for row in MIGRATIONS:
        for part in _parts(table, row.path[:-1]):
            _migrate(row, part, edits, changes, found)
    mark = "\ufeff" if data.startswith(BOM_UTF8) else ""  # it stays, as everything else
    return Migrated(mark + _edited(text, edits), tuple(changes), tuple(found))


def _parts(tree: Tree, path: tuple[str, ...]) -> Iterator[Table]:
    """The parts of the file that this path leads to."""
    if not path:
        if isinstance(tree, Table):
            yield tree
    elif path[0] == ANY:
        if isinstance(tree, Listed):
            for item in tree.items:
                yield from _parts(item, path[1:])
    elif isinstance(tree, Table):
        for key, child in tree.entries:
            if key.text == path[0]:
                yield from _parts(child, path[1:])


def _migrate(
    row: Renamed, part: Table, edits: list[_Edit], changes: list[str], problems: list[Problem]
) -> None:
    old = row.path[-1]
    for key, tree in part.entries:
        if key.text != old:
            continue
        new = ""
        if isinstance(tree, Scalar) and tree.plain:
            new = row.values.get(tree.text.lower(), "" if row.values else tree.text)
        if any(other.text == row.to for other, _ in part.entries):
            what = f"{old} and {row.to} are both there (remove {old}: it is the earlier name)"
        elif not new or not isinstance(tree, Scalar):
            what = f"is called {row.to} now, and this value has no equivalent (write {row.to} in its place)"
        else:
            edits += [_Edit(key.place, old, row.to), _Edit(tree.place, tree.text, new)]
            changes.append(f"{key.place}: {old}: {shown(tree.text)[1:-1]} is now {row.to}: {new}")
            continue
        problems.append(Problem(key.place, ".".join(row.path), what))


def _edited(text: str, edits: list[_Edit]) -> str:
    """Replace the last one first, so that the places of the others stay right."""
    rows = text.splitlines(keepends=True)
    for edit in sorted(edits, key=lambda edit: edit.place[1:], reverse=True):
        row, at = rows[edit.place.line - 1], edit.place.column - 1
        if row[at : at + 1] in "\"'":  # the name of a key in quotes
            at += 1
        assert row[at:].startswith(edit.old)
        rows[edit.place.line - 1] = row[:at] + edit.new + row[at + len(edit.old) :]
    return "".join(rows)
