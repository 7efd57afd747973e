"""Decides which files are too old, also where the clock was or is wrong. Pure.

Rules:
1. The date counts if it can: the clock is set, has not jumped lately, and shows this day or a later one. A file is too
   old when its day began `days` days ago. So nothing in it is older than that.
2. A file whose date cannot count (it has none, it lies in the future, or today is not known) ages in two other ways:
   with the time for which edged has run since it saw that, and from the first certain day on which it saw it. Whatever
   comes first deletes it. So a jump by decades keeps nothing for decades.
3. A clock that is not set, or that has jumped since the last look, deletes nothing by date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from edged.transcripts.day_files import DayFile

DAY_S = 86_400.0
JUMP_S = 3600.0


class CertainDay:
    """Which day it is, as soon as two looks at the clock agree."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None

    def look(self, day: str, wall_s: float, mono_ms: int) -> str:
        """Look at the clocks. `day` is empty while the clock is not set. Returns the day; empty: it is not certain."""
        last, self._last = self._last, (wall_s, mono_ms)
        if not day or last is None:
            return ""
        jumped_s = (wall_s - last[0]) - (mono_ms - last[1]) / 1000
        return day if abs(jumped_s) < JUMP_S else ""


@dataclass(slots=True)
class _Age:
    ran_s: float = 0.0
    since: str = ""


class Ages:
    """How old the files are whose date cannot count."""

    def __init__(self) -> None:
        self._ages: dict[str, _Age] = {}

    def overdue(self, files: Iterable[DayFile], *, today: str, days: int, ran_s: float) -> list[str]:
        """The names of the files to delete. `today` is empty if it is not certain.

        `ran_s`: for how long edged has run since the last look.
        """
        names, known = [], {}
        for each in files:
            if today and each.day and each.day <= today:
                if _between(each.day, today) >= days:
                    names.append(each.name)
                continue
            age = known[each.name] = self._ages.get(each.name) or _Age(-ran_s)
            age.ran_s += ran_s
            if today and not (age.since and age.since <= today):
                age.since = today
            by_day = today and _between(age.since, today) >= days
            if by_day or age.ran_s >= days * DAY_S:
                names.append(each.name)
        self._ages = known
        return names

    def as_json(self) -> dict[str, Any]:
        """What to keep over a restart; empty if there is nothing."""
        return {name: [round(age.ran_s), age.since] for name, age in self._ages.items()}

    def recall(self, facts: Mapping[str, Any]) -> None:
        """Continue with what was kept. Anything else in it is ignored."""
        for name, each in facts.items():
            match each:
                case [int() | float() as ran_s, str() as since]:
                    self._ages[name] = _Age(max(0.0, float(ran_s)), since if _day(since) else "")


def _between(day: str, today: str) -> int:
    first, last = _day(day), _day(today)
    return (last - first).days if first and last else 0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
