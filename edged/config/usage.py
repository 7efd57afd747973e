"""The keys of what may be spent, and of prices.

The classes of a key, its bounds and its description are as in model.py.
"""

from typing import Annotated

from msgspec import field

from edged.config.part import ConfigPart, between, described
from edged.config.provider import ProviderName

MOST_PRICES = 32
_MANY = 10_000_000
_NONE = "null: no limit"
_SOFT = "below the hard limit; null: no warning"
Hard = Annotated[float, between(0, _MANY, _NONE)] | None
Soft = Annotated[float, between(0, _MANY, _SOFT)] | None
Whole = Annotated[int, between(0, _MANY, _NONE)] | None
SoftWhole = Annotated[int, between(0, _MANY, _SOFT)] | None
Rate = Annotated[float, between(0, 10_000, "a price in US dollars; null: it is not known")] | None


class LimitsConfig(ConfigPart, frozen=True, kw_only=True):
    """What may be used in a period."""

    requests: Annotated[
        Whole, described("live", "Answers; then no further question is taken; null: no limit.")
    ] = None
    warn_requests: Annotated[
        SoftWhole, described("live", "Answers; then the operator is warned; null: never.")
    ] = None
    audio_s: Annotated[
        Whole,
        described(
            "live", "Seconds of sound that are sent; then no further question is taken; null: no limit."
        ),
    ] = None
    warn_audio_s: Annotated[
        SoftWhole,
        described("live", "Seconds of sound that are sent; then the operator is warned; null: never."),
    ] = None
    minutes: Annotated[
        Hard, described("live", "Minutes of connection; then no further question is taken; null: no limit.")
    ] = None
    warn_minutes: Annotated[
        Soft, described("live", "Minutes of connection; then the operator is warned; null: never.")
    ] = None
    usd: Annotated[
        Hard, described("live", "US dollars; then no further question is taken; null: no limit.")
    ] = None
    warn_usd: Annotated[Soft, described("live", "US dollars; then the operator is warned; null: never.")] = (
        None
    )


class BudgetConfig(ConfigPart, frozen=True, kw_only=True):
    """What may be spent."""

    day: LimitsConfig = field(default_factory=LimitsConfig)
    month: LimitsConfig = field(default_factory=LimitsConfig)


class PriceConfig(ConfigPart, frozen=True, kw_only=True):
    """A price of a model, in US dollars: of tokens for a million of them."""

    provider: Annotated[ProviderName, described("live", "The provider, as in `provider.name`.")]
    model: Annotated[
        str,
        described(
            "live",
            "Name of the model or the deployment; *: any of this provider.",
            min_length=1,
            max_length=200,
        ),
    ] = "*"
    since: Annotated[
        str, described("live", "Day from which the price counts: 2026-11-30.", max_length=10)
    ] = "2000-01-01"
    text_in: Annotated[Rate, described("live", "A million tokens of text in the input.")] = None
    text_cached: Annotated[Rate, described("live", "A million tokens of cached text in the input.")] = None
    text_out: Annotated[Rate, described("live", "A million tokens of text in the output.")] = None
    audio_in: Annotated[Rate, described("live", "A million tokens of sound in the input.")] = None
    audio_cached: Annotated[Rate, described("live", "A million tokens of cached sound in the input.")] = None
    audio_out: Annotated[Rate, described("live", "A million tokens of sound in the output.")] = None
    image_in: Annotated[Rate, described("live", "A million tokens of images in the input.")] = None
    image_cached: Annotated[Rate, described("live", "A million tokens of cached images in the input.")] = None
    request: Annotated[Rate, described("live", "One response.")] = 0.0
    minute: Annotated[Rate, described("live", "One minute of connection.")] = 0.0
    transcribed_minute: Annotated[
        Rate, described("live", "One minute of sound that is transcribed, if the service bills that.")
    ] = None
