"""Names what a limit of money lacks: the prices of what the configuration uses. Pure."""

from collections.abc import Iterator, Mapping

from edged.app.usage_settings import limits, model, price_table
from edged.config import Config
from edged.config.problem import DEFAULT
from edged.ledger.prices import Price

_OF_ANSWERS = ("text_in", "text_out", "audio_in", "audio_out")
_OF_TRANSCRIPTION = ("text_out", "audio_in")


def unpriced(config: Config) -> tuple[str, ...]:
    """What costs an unknown amount, each in words. Nothing if there is no limit of money."""
    return tuple(_unpriced(config)) if any(each.measure == "usd" for each in limits(config)) else ()


def warnings(config: Config, origins: Mapping[str, str] | None = None) -> list[str]:
    """The same for `edged config check`: one text for each, beginning with the place of the limit, if that is known."""
    key = next((each.key for each in limits(config) if each.measure == "usd"), "")
    place = (origins or {}).get(key, str(DEFAULT))
    at = "" if place == str(DEFAULT) else f"{place}: "
    return [
        f"{at}{key}: edged does not know the price of {each}, so this limit counts too little (docs/usage.md)"
        for each in unpriced(config)
    ]


def _unpriced(config: Config) -> Iterator[str]:
    prices, name = price_table(config), config.provider.name
    yield from _lacks(prices.of(name, model(config)), f"{name}: {model(config)}", _OF_ANSWERS)
    if transcription := config.provider.transcription:
        row = prices.of(name, transcription)
        if row is None or row.transcribed_minute is None:
            yield from _lacks(row, f"{name}: {transcription}", _OF_TRANSCRIPTION)


def _lacks(row: Price | None, words: str, rates: tuple[str, ...]) -> Iterator[str]:
    if row is None:
        yield words
    elif unknown := [rate for rate in rates if getattr(row, rate) is None]:
        yield f"{words} ({', '.join(unknown)})"
