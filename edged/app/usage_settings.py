"""Translates the configuration into limits and prices of the ledger."""

from decimal import Decimal
from fractions import Fraction
from typing import cast

from edged.config import Config
from edged.dial.providers import PROVIDERS
from edged.ledger.budgets import MEASURES, PERIODS, Limit
from edged.ledger.prices import Price, PriceTable, Rate
from edged.ledger.shipped_prices import SHIPPED

_RATES = (
    *(
        "text_in",
        "text_cached",
        "text_out",
        "audio_in",
        "audio_cached",
        "audio_out",
        "image_in",
        "image_cached",
    ),
    *("request", "minute", "transcribed_minute"),
)


def model(config: Config) -> str:
    """Return the name of the model or deployment that is asked for."""
    provider = config.provider
    return provider.query.get("model") or provider.model or PROVIDERS[provider.name].model


def limits(config: Config) -> tuple[Limit, ...]:
    """Return the limits that are set."""
    found = []
    for period in PERIODS:
        part = getattr(config.budget, period)
        for measure in MEASURES:
            for key, is_hard in ((measure, True), (f"warn_{measure}", False)):
                most = cast("float | None", getattr(part, key))
                if most is not None:
                    found.append(Limit(f"budget.{period}.{key}", period, measure, _exact(most), is_hard))
    return tuple(found)


def price_table(config: Config) -> PriceTable:
    """Return the prices of the configuration, and those that edged brings along."""
    own = (
        Price(
            each.provider,
            each.model,
            each.since,
            "the configuration",
            **{name: _rate(getattr(each, name)) for name in _RATES},
        )
        for each in config.prices
    )
    return PriceTable(own, SHIPPED)


def _exact(number: float) -> Fraction:
    """The number as it was written: 0.1 is a tenth."""
    return Fraction(Decimal(repr(number)))


def _rate(number: float | None) -> Rate:
    return None if number is None else Decimal(repr(number))
