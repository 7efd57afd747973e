"""Rules for the keys of budgets and prices: which limits make no sense together, and names and days that are none."""

import re
from collections.abc import Iterator
from datetime import date

from edged.config.model import Config
from edged.config.problem import Finding, shown
from edged.config.usage import LimitsConfig

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def of_usage(config: Config) -> Iterator[Finding]:
    """All faults of these keys that remain although each value fits its key."""
    for period, limits in (("day", config.budget.day), ("month", config.budget.month)):
        yield from _limits(period, limits)
    for number, price in enumerate(config.prices, start=1):
        part = f"prices.{number}"
        if not _is_day(price.since):
            yield Finding((f"{part}.since",), f"{shown(price.since)} is not a day (write 2026-11-30)")


def _limits(period: str, limits: LimitsConfig) -> Iterator[Finding]:
    for measure in ("requests", "audio_s", "minutes", "usd"):
        hard, soft = getattr(limits, measure), getattr(limits, f"warn_{measure}")
        if hard is not None and soft is not None and soft > hard:
            keys = (f"budget.{period}.warn_{measure}", f"budget.{period}.{measure}")
            what = f"{soft:g} is more than the hard limit, {hard:g} (make it smaller)"
            yield Finding(keys, what)


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text)) and date.fromisoformat(text) is not None
    except ValueError:
        return False
