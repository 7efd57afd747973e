"""What of a service's models and features ends, and when, as its maker announced it. Pure data.

Source: OpenAI's list of deprecations, as it stood in November 2026, and what gateways and others passed on of it. Dates
are those of OpenAI's own API; who resells it may end sooner or later. What is not listed here has no known end.

Rules:
1. A name stands for itself and for its dated versions (`gpt-realtime-2025-08-28`), and may have its maker or a provider
   before it (`openai/gpt-realtime`, `@my-openai/gpt-realtime`).
2. Before 2025 the clock is not set: then nothing is claimed.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

SET_FROM = 2025  # the year from which a clock is believed
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Ending:
    """The day on which it ends, and what to use instead (empty: nothing is known)."""

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
    """The known end of a model; None: none is known."""
    return MODELS.get(_DATED.sub("", name.rpartition("/")[2].strip().lower()))


def day(wall: float) -> date | None:
    """The day of a wall clock, in seconds since 1970; None: it is not set."""
    try:
        today = datetime.fromtimestamp(wall, UTC).date()
    except (OverflowError, OSError, ValueError):
        return None
    return today if today.year >= SET_FROM else None


def in_words(ending: Ending, today: date) -> str:
    """When, in words for the operator."""
    days = (ending.on - today).days
    if days < 0:
        when = f"ended at OpenAI on {ending.on}"
    else:
        away = f"in {days} day{'' if days == 1 else 's'}" if days else "today"
        when = f"ends at OpenAI on {ending.on} ({away})"
    return f"{when}; {ending.instead}" if ending.instead else when
