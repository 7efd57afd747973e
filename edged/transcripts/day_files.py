"""How the files are named, and what an interrupted write has left in one. Pure."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

UNDATED = "undated"
MOST_OF_PART = 4 * 2**20
MOST_BYTES = 64 * 2**20
"""Of all files together: then the oldest are deleted. A year of 100 questions a day is about 20 MB."""
_NAME = re.compile(rf"(\d{{4}}-\d\d-\d\d|{UNDATED})(?:\.([2-9]|[1-9]\d{{1,4}}))?\.jsonl")


@dataclass(frozen=True, slots=True)
class DayFile:
    """A file. `day` is empty if the clock was not set when it was written. A long day has several parts."""

    name: str
    n_bytes: int
    day: str = ""
    part: int = 1


def day_file(name: str, n_bytes: int) -> DayFile | None:
    """The file of this name; None: it is none of ours."""
    found = _NAME.fullmatch(name)
    if found is None or not (found[1] == UNDATED or _is_day(found[1])):
        return None
    return DayFile(name, n_bytes, "" if found[1] == UNDATED else found[1], int(found[2] or 1))


def name_of(day: str, part: int) -> str:
    """The name of a part of a day."""
    return f"{day or UNDATED}{f'.{part}' if part > 1 else ''}.jsonl"


def in_order(files: Iterable[DayFile]) -> list[DayFile]:
    """The oldest first. Those without a day come first: nobody knows how old they are."""
    return sorted(files, key=lambda each: (each.day, each.part))


def next_part(files: Iterable[DayFile], day: str) -> str:
    """The name of the file that takes the next line of this day."""
    last = max((each for each in files if each.day == day), key=lambda each: each.part, default=None)
    if last is None:
        return name_of(day, 1)
    return last.name if last.n_bytes < MOST_OF_PART else name_of(day, last.part + 1)


def too_many(files: Iterable[DayFile], newest: str, most_bytes: int = MOST_BYTES) -> list[str]:
    """The names of the oldest files, so that the rest has at most `most_bytes`. `newest` stays."""
    order = in_order(files)
    excess = sum(each.n_bytes for each in order) - most_bytes
    names = []
    for each in order:
        if excess <= 0:
            break
        if each.name != newest:
            names.append(each.name)
            excess -= each.n_bytes
    return names


def whole_lines(tail: bytes) -> int:
    """How many bytes at the beginning of this end of a file are whole lines.

    A power cut may leave half a line at the end, or zeros in place of a line.
    """
    end = tail.rfind(b"\n") + 1
    last = tail.rfind(b"\n", 0, max(0, end - 1)) + 1
    return end if _is_whole(tail[last:end]) else last


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
