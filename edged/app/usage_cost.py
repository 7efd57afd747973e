"""What the answers of a conversation have cost so far, for a person who follows its events. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from edged.app.usage_settings import model, price_table
from edged.config import Config
from edged.ledger.counts import Counts
from edged.ledger.prices import Cost
from edged.wire.usage import reports_tokens, tokens


def cost_so_far(config: Config) -> Callable[[Mapping[str, Any]], str]:
    """A function that takes each event `usage`, and returns the sum in words."""
    prices, of = price_table(config), (config.provider.name, model(config))
    row = prices.of(*of)
    minute = row.minute if row is not None and row.minute else Decimal(0)
    beside = f", and ${minute.normalize():f} a minute of connection" if minute else ""
    total = Cost()

    def add(event: Mapping[str, Any]) -> str:
        nonlocal total
        usage = event.get("usage") or {}
        counts = Counts(requests=1, unreported=not reports_tokens(usage), **tokens(usage))
        total += prices.cost(counts, *of)
        return f"answers cost {total.in_words()}{beside}"

    return add
