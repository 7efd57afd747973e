"""Reads the table of what edged does with each event and each field (classified.txt)."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from instruments.peers.trials import KNOWN, PASSED, REFUSED

TABLE = Path(__file__).with_name("classified.txt")


class Classified(NamedTuple):
    verdict: str
    reason: str


def read(text: str) -> dict[str, dict[str, Classified]]:
    """The rows of each group by their names. Raises ValueError for a line that is none, and for a name given twice."""
    groups: dict[str, dict[str, Classified]] = {}
    for number, line in _lines(text):
        if line.startswith("[") and line.endswith("]"):
            rows = groups.setdefault(line[1:-1], {})
            continue
        fact, _, reason = line.partition("  # ")
        verdict = next((word for word in (KNOWN, PASSED, REFUSED) if fact.startswith(f"{word} ")), None)
        if verdict is None or not groups:
            raise ValueError(f"line {number}: not a row: {line}")
        name = fact.removeprefix(verdict).strip()
        if name in rows:
            raise ValueError(f"line {number}: {name} is there twice")
        rows[name] = Classified(verdict, reason.strip())
    return groups


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()
