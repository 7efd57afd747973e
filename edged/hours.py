"""Hours of the day and of the week, as people write them: "22:00-07:00", "fri,sat 23:00-09:00". Pure.

Rules:
1. A time is what a clock on the wall shows. So a change of the clock needs no rule: where an hour comes twice in the
   autumn, both count, and an hour that spring leaves out never comes.
2. A range that ends before it begins reaches over midnight. Its days are those on which it begins.
3. The minute at which a range ends does not belong to it. "00:00-24:00" is a whole day.
"""

import re
from collections.abc import Iterable
from datetime import datetime

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RANGE = re.compile(
    r"(?:(?P<days>[a-z, -]+?) )? *(?P<from>[0-9]{1,2}:[0-9]{2}) ?[-\u2013] ?(?P<to>[0-9]{1,2}:[0-9]{2})"
)
_HOUR, _DAY, _WEEK = 60, 24 * 60, 7 * 24 * 60  # minutes
_GOOD = 'write a time such as "22:00-07:00", or with days "fri,sat 23:00-09:00"'


class HourRanges:
    """Some ranges of hours. Raises ValueError if one of them is not such a range."""

    def __init__(self, ranges: Iterable[str] = ()) -> None:
        self._ranges = tuple(each for text in ranges for each in _minutes(text))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._ranges)

    def at(self, local: datetime) -> bool:
        """Whether this moment, in local time, is within one of them."""
        now = local.weekday() * _DAY + local.hour * _HOUR + local.minute
        return any((now - begins) % _WEEK < length for begins, length in self._ranges)


def fault(text: str) -> str:
    """What is wrong with a range; empty: nothing."""
    try:
        HourRanges([text])
    except ValueError as error:
        return str(error)
    return ""


def _minutes(text: str) -> list[tuple[int, int]]:
    """For each day of a range: the minute of the week at which it begins, and how many minutes it has."""
    found = _RANGE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"is not a range of hours ({_GOOD})")
    begins, ends = _minute(found["from"]), _minute(found["to"])
    if begins in (ends, _DAY):
        raise ValueError('begins where it ends (write "00:00-24:00" for whole days)')
    length = (ends - begins) % _DAY or _DAY
    return [(day * _DAY + begins, length) for day in _days(found["days"])]


def _minute(time: str) -> int:
    hour, minute = map(int, time.split(":"))
    if minute >= _HOUR or hour * _HOUR + minute > _DAY:
        raise ValueError(f"{time} is not a time of day (00:00 to 24:00)")
    return hour * _HOUR + minute


def _days(text: str | None) -> list[int]:
    if text is None:
        return list(range(7))
    days: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin = _day(first)
        end = _day(last) if last else begin
        days += [(begin + i) % 7 for i in range((end - begin) % 7 + 1)]
    return sorted(set(days))


def _day(word: str) -> int:
    word = word.strip()
    if word not in _DAYS:
        raise ValueError(f"{word!r} is not a day ({', '.join(_DAYS)})")
    return _DAYS.index(word)
