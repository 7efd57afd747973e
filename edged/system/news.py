"""Decides which log lines are news. A line below critical has a kind, and each kind has its limits (repeats.py).

Rules:
1. A kind is the place in the code that writes the line, together with the fields `NOTICE`. Several places may report
   one trouble, so its kind is the fields alone. So no outsider decides how fast any line is written, not even a line
   that somebody adds later, and no trouble hides another.
2. The next line of a kind that is written says how many were left out: "(55 more since the last line of this kind)".
3. Lines about the end of the process (critical, and the last state of its turn) and lines requested with
   `log.level: debug` (debug) are always written.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from edged.system.repeats import TROUBLE, RepeatRate, Repeats

NOTICE = ("event", "cause", "device", "code", "problem", "status")
MOST_TELLING = 80  # characters of each field that distinguish kinds
MINUTE_MS = 60_000
USUAL = RepeatRate(10, 5 * MINUTE_MS)
STATE = RepeatRate(6, 3 * MINUTE_MS)  # a change of state; a turn has about six
HEARD = RepeatRate(12, MINUTE_MS // 2)  # a turn with an answer: two a minute all day, more at a rush
WITH_ANSWER = ("answered", "interrupted")
END = "STOP"  # the event of a turn that ends with the process
SAID = RepeatRate(60, 5_000)  # a transcript; what a conversation needs, and no flood
STACK = RepeatRate(2, 60 * MINUTE_MS)  # a stack has forty lines


def given(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return edged's own fields of a record."""
    fields: Mapping[str, Any] = getattr(record, "edged", {})
    return fields


class NewsFilter(logging.Filter):
    """Passes news, and counts the rest."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__()
        self._repeats, self._now_ms = Repeats(), now_ms

    def filter(self, record: logging.LogRecord) -> bool:
        if not logging.INFO <= record.levelno < logging.CRITICAL or given(record).get("by") == END:
            return True
        left_out = self._repeats.admit(kind_of(record), self._now_ms(), pace_of(record))
        if left_out:
            _count(record, left_out)
        return left_out is not None


def kind_of(record: logging.LogRecord) -> tuple[str, ...]:
    """Return the kind of a record."""
    fields = given(record)
    values = [str(fields.get(name))[:MOST_TELLING] for name in NOTICE]
    error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    place = "" if _is_trouble(fields) else f"{record.lineno} {fields.get('outcome') in WITH_ANSWER}"
    return record.name[:MOST_TELLING], str(record.levelno), place, error, *values


def pace_of(record: logging.LogRecord) -> RepeatRate:
    """Return how often records of this kind are written."""
    fields = given(record)
    if record.exc_info:
        return STACK
    if _is_trouble(fields):
        return TROUBLE
    if fields.get("outcome") in WITH_ANSWER:
        return HEARD
    if fields.get("event") == "transcript":
        return SAID
    return STATE if "was" in fields else USUAL


def _is_trouble(fields: Mapping[str, Any]) -> bool:
    return "cause" in fields or fields.get("event") in ("link_up", "device_back")


def _count(record: logging.LogRecord, left_out: int) -> None:
    try:
        text = record.getMessage()
    except (TypeError, ValueError, KeyError):
        return  # journal.py handles records that cannot be formatted
    record.msg, record.args = f"{text} ({left_out} more since the last line of this kind)", ()
