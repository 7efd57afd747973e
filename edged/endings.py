"""The models and features of services that will end, and when, as their makers have announced. Pure data.

Sources: OpenAI's list of deprecations as of November 2026, and what gateways and others republished from it. The dates
are those of OpenAI's own API. A reseller may end a model sooner or later. A model that is not listed here has no known
end.

Rules:
1. A name covers its dated versions (`gpt-realtime-2025-08-28`). The name of a maker or provider may come before it
   (`openai/gpt-realtime`, `@my-openai/gpt-realtime`).
2. A clock that shows a year before 2025 is not set. Then edged makes no statement.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

SET_FROM = 2025  # the first year in which the clock counts as set
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Ending:
    """The day on which a model or feature ends, and what to use instead (empty if that is unknown)."""

    on: date
    instead: str = ""


_LARGE = "successor gpt-realtime-2.1 (or gpt-realtime-2.1-mini)"
_SMALL = "successor gpt-realtime-2.1-mini"
_REALTIME, _PREVIEWS, _TRANSCRIPTION = date(2027, 1, 20), date(2026, 5, 7), date(2027, 2, 26)
MODELS = {
    "gpt-realtime": Ending(_REALTIME, _LARGE),
    "gpt-realtime-mini": Ending(_REALTIME, _SMALL),
    "gpt-4o-realtime-preview": Ending(_PREVIEWS, _LARGE),
    "gpt-4o-mini-realtime-preview": Ending(_PREVIEWS, _SMALL),
    "whisper-1": Ending(_TRANSCRIPTION),
    "gpt-4o-transcribe": Ending(_TRANSCRIPTION),
}
PROMPTS = Ending(date(2026, 11, 30), "write provider.instructions instead")


def of_model(name: str) -> Ending | None:
    """Return the known end of a model, or None."""
    return MODELS.get(_DATED.sub("", name.rpartition("/")[2].strip().lower()))


def day(wall: float) -> date | None:
    """Return the day of a wall clock given in seconds since 1970, or None if the clock is not set."""
    try:
        today = datetime.fromtimestamp(wall, UTC).date()
    except (OverflowError, OSError, ValueError):
        return None
    return today if today.year >= SET_FROM else None


def in_words(ending: Ending, today: date) -> str:
    """Say in words for the operator when something ends."""
    days = (ending.on - today).days
    if days < 0:
        when = f"ended at OpenAI on {ending.on}"
    else:
        away = f"in {days} day{'' if days == 1 else 's'}" if days else "today"
        when = f"ends at OpenAI on {ending.on} ({away})"
    return f"{when}; {ending.instead}" if ending.instead else when
