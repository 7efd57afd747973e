"""What the service has counted since somebody looks: requests, tokens and seconds. Pure.

Each response that has ended is one request, whatever became of it. The names of the figures differ between services,
and the control socket passes them on as they come (docs/control-socket.md).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

_SIDES = {"in": ("input", "prompt"), "out": ("output", "completion")}
_SECONDS = ("seconds", "duration")

Price = Callable[[Mapping[str, Any]], str]
"""What one event `usage` adds to the bill, in words for the sum so far; empty: the price is not known."""


class SumSoFar:
    """Add each event `usage`."""

    def __init__(self, price: Price | None = None) -> None:
        self.requests = 0
        self.money = ""
        self._counts: defaultdict[str, float] = defaultdict(float)
        self._price = price

    def add(self, event: Mapping[str, Any]) -> None:
        """One response has ended."""
        self.requests += 1
        usage = event.get("usage") or {}
        for side, names in _SIDES.items():
            self._counts[side] += _first(usage, [f"{name}_tokens" for name in names])
            details = [f"{name}_{plural}_details" for name in names for plural in ("token", "tokens")]
            for group in filter(None, map(usage.get, details)):
                for kind in ("audio", "text", "cached"):
                    self._counts[f"{side} {kind}"] += _first(group, [f"{kind}_tokens"])
        self._counts["seconds"] += _first(usage, _SECONDS)
        if self._price is not None:
            self.money = self._price(event)

    def words(self) -> str:
        """The sum in words."""
        if not self.requests:
            return "no requests yet"
        requests = f"{self.requests:,} request{'s' if self.requests > 1 else ''}"
        parts = [requests, *filter(None, (self._side("in"), self._side("out")))]
        if self._counts["seconds"]:
            parts.append(f"{self._counts['seconds']:,.1f} s")
        if len(parts) == 1:
            parts.append("the service counts no tokens")
        return ", ".join(parts + ([self.money] if self.money else []))

    def _side(self, side: str) -> str:
        if not self._counts[side]:
            return ""
        kinds = [
            f"{self._counts[f'{side} {kind}']:,.0f} {kind}"
            for kind in ("audio", "text", "cached")
            if self._counts[f"{side} {kind}"]
        ]
        return f"{self._counts[side]:,.0f} tokens {side}" + (f" ({', '.join(kinds)})" if kinds else "")


def _first(group: Mapping[str, Any], names: list[str] | tuple[str, ...]) -> float:
    """The first of these figures that is there."""
    return next((group[name] for name in names if isinstance(group.get(name), int | float)), 0)
