"""What has happened, added up; a file keeps it over restarts. Pure.

Rules:
1. Totals only grow. What is not in the catalogue cannot be added.
2. Whatever a file has in it, reading it raises nothing: what does not fit counts as 0.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edged.companion.metrics.catalogue import METRICS, MetricKind
from edged.companion.metrics.numbers import MOST, group, number

_BETWEEN = "\x1f"  # stands between the values of labels in the file


@dataclass(slots=True)
class Spread:
    """Durations: how many there were up to each bound (and above all), and their sum in seconds."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    sum_s: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum_s += seconds

    def copy(self) -> "Spread":
        return Spread(self.bounds, list(self.counts), self.sum_s)


class Totals:
    """One kiosk's."""

    def __init__(self) -> None:
        self.changes = 0
        """How often something was added that is not to be found in a file of the kiosk."""
        self.counts = {
            metric.name: dict.fromkeys(metric.values, 0.0)
            for metric in METRICS.values()
            if metric.kind is MetricKind.COUNTER
        }
        self.spreads = {
            metric.name: Spread(metric.bounds)
            for metric in METRICS.values()
            if metric.kind is MetricKind.HISTOGRAM
        }

    def add(self, name: str, *labels: str, by: float = 1.0, is_kept: bool = False) -> None:
        """Count something. `labels` are among the values of the catalogue; `by` is not negative.

        `is_kept`: the kiosk keeps this over its own restarts, too.
        """
        assert by >= 0, (name, by)
        self.counts[name][labels] = min(self.counts[name][labels] + by, MOST)
        self.changes += by > 0 and not is_kept

    def observe(self, name: str, seconds: float) -> None:
        """Count a duration."""
        self.spreads[name].observe(seconds)
        self.changes += 1

    def copy(self) -> "Totals":
        """Return totals that stay as these are now."""
        copy = Totals()
        copy.counts = {name: dict(counts) for name, counts in self.counts.items()}
        copy.spreads = {name: spread.copy() for name, spread in self.spreads.items()}
        return copy

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes, without what is 0."""
        counts = {
            name: {_BETWEEN.join(labels): count for labels, count in counted.items() if count}
            for name, counted in self.counts.items()
        }
        spreads = {
            name: {"bounds": list(spread.bounds), "counts": list(spread.counts), "sum_s": spread.sum_s}
            for name, spread in self.spreads.items()
            if any(spread.counts)
        }
        return {"counts": {name: each for name, each in counts.items() if each}, "spreads": spreads}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Totals":
        """The totals of a file. Those of another release may have other bounds: such durations begin again."""
        totals = cls()
        for name, counted in totals.counts.items():
            for labels in counted:
                counted[labels] = number(group(kept, "counts", name).get(_BETWEEN.join(labels)))
        for name, spread in totals.spreads.items():
            of = group(kept, "spreads", name)
            counts = of.get("counts")
            if of.get("bounds") == list(spread.bounds) and isinstance(counts, list):
                whole = [int(number(count)) for count in counts]
                if len(whole) == len(spread.counts):
                    spread.counts, spread.sum_s = whole, number(of.get("sum_s"))
        return totals
