"""What may be spent on a day and in a month. Pure.

Rules:
1. A soft limit warns the operator, and a hard limit forbids the next question. Nothing that is under way is cut, so a
   hard limit can be passed by one question and its answer.
2. A limit is used when the usage has reached it.
3. Responses that never ended count as requests. An amount whose price is not known counts as far as it is known.
4. While the clock is not set, the day and the month are those since the machine has started.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from edged.ledger.counts import Counts
from edged.ledger.prices import Cost

Measure = Literal["requests", "audio_s", "minutes", "usd"]
Period = Literal["day", "month"]
MEASURES: tuple[Measure, ...] = ("requests", "audio_s", "minutes", "usd")
PERIODS: tuple[Period, ...] = ("day", "month")


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of something may be used in a period. `key` is the configuration's."""

    key: str
    period: Period
    measure: Measure
    most: Fraction
    is_hard: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used in a period."""

    counts: Counts
    cost: Cost

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.counts + other.counts, self.cost + other.cost)

    def of(self, measure: Measure) -> Fraction:
        """How much of something was used, in the unit of its name."""
        match measure:
            case "requests":
                return Fraction(self.counts.requests + self.counts.unfinished)
            case "audio_s":
                return Fraction(self.counts.sent_ms, 1000)
            case "minutes":
                return Fraction(self.counts.connected_ms, 60_000)
            case "usd":
                return self.cost.known


@dataclass(frozen=True, slots=True)
class Verdict:
    """The limits that are used: hard ones, and soft ones."""

    used: tuple[Limit, ...] = ()
    near: tuple[Limit, ...] = ()


def judged(limits: tuple[Limit, ...], spent: Mapping[Period, Spent]) -> Verdict:
    """Which limits are used."""
    reached = [each for each in limits if spent[each.period].of(each.measure) >= each.most]
    return Verdict(
        tuple(each for each in reached if each.is_hard), tuple(each for each in reached if not each.is_hard)
    )


def in_words(limits: tuple[Limit, ...], spent: Mapping[Period, Spent]) -> str:
    """What was used of these limits, for a person."""
    return ", ".join(
        f"{each.key}: {_amount(each.measure, spent[each.period].of(each.measure))} of "
        f"{_amount(each.measure, each.most)}"
        for each in limits
    )


def rows(limits: tuple[Limit, ...], spent: Mapping[Period, Spent]) -> Iterator[dict[str, object]]:
    """The limits for listeners, each with what was used of it."""
    for each in limits:
        used = spent[each.period].of(each.measure)
        yield {
            "limit": each.key,
            "used": _amount(each.measure, used),
            "most": _amount(each.measure, each.most),
            "reached": used >= each.most,
        }


def _amount(measure: Measure, amount: Fraction) -> str:
    number = float(amount)
    return f"${number:.2f}" if measure == "usd" else f"{number:.1f}".removesuffix(".0")
