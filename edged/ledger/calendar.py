"""Days and months of the ledger, and the clock that may not be set yet. Pure.

Rules:
1. A day is written as 2026-11-30, and a month as 2026-11. The empty text is the unknown day: the clock was not set.
2. A clock that shows a year before 2025 is not set (endings.py has the same year).
3. A clock may jump by decades, in both directions. So nothing here compares a day with the present one: a day is a
   name.
"""

from datetime import datetime, timedelta

from edged.endings import SET_FROM

UNKNOWN = ""
"""The day while the clock is not set."""
EARLIER = "earlier"
"""The month that holds the sums of all months that are no longer kept one by one."""


def day_of(local: datetime) -> str:
    """The day of a moment in local time."""
    return local.date().isoformat() if local.year >= SET_FROM else UNKNOWN


def month_of(day: str) -> str:
    """The month of a day."""
    return day[:7]


def day_before(local: datetime, ago_ms: int) -> str:
    """The day of a moment that is so long ago."""
    try:
        return day_of(local - timedelta(milliseconds=ago_ms))
    except OverflowError:
        return UNKNOWN
