"""What counts are worth: exact, each part once, and unknown where it is not known."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.ledger.counts import NAMES, Counts
from edged.ledger.prices import Cost, Price, PriceTable, cost, dollars
from edged.ledger.shipped_prices import SHIPPED

RATES = {
    "text_in": Decimal(4),
    "text_cached": Decimal("0.4"),
    "text_out": Decimal(16),
    "audio_in": Decimal(32),
    "audio_cached": Decimal("0.4"),
    "audio_out": Decimal(64),
}
WHOLE = Price("openai", "m", "2026-01-01", **RATES)
FREE = Price("local", "*", "2026-01-01", **dict.fromkeys(RATES, Decimal(0)))
MILLION = 1_000_000


def own(since, minute, provider="xai", model="*"):
    return Price(provider, model, since, minute=Decimal(minute))


@pytest.mark.parametrize(
    ("counts", "usd"),
    [
        (Counts(requests=3), "0"),
        (Counts(text_in=MILLION), "4"),
        (Counts(audio_in=MILLION, audio_cached=MILLION), "0.4"),
        (Counts(audio_in=MILLION, audio_cached=MILLION // 4), "24.1"),
        (Counts(text_in=10, text_cached=10, audio_in=1, audio_out=1), "0.0001"),
        (Counts(connected_ms=10**9), "0"),
    ],
)
def test_each_part_counts_once(counts, usd):
    assert cost(counts, WHOLE) == Cost(Fraction(usd))


@given(st.lists(st.integers(0, 10**9), min_size=len(NAMES), max_size=len(NAMES)))
def test_costs_add_up_exactly(values):
    counts = Counts(*values)
    twice = cost(counts, WHOLE) + cost(counts, WHOLE)
    assert twice.known == cost(counts + counts, WHOLE).known


@pytest.mark.parametrize(
    "counts",
    [
        Counts(requests=1, unreported=1),
        Counts(unfinished=1),
        Counts(image_in=5),
        Counts(other_in=5),
        Counts(other_out=5),
        Counts(transcribed_ms=1000),
    ],
)
def test_what_has_no_price_is_unknown_and_never_nothing(counts):
    assert cost(counts, WHOLE).unknown
    assert PriceTable().cost(counts, "openai", "m").unknown
    if not counts.image_in and not counts.transcribed_ms:
        assert cost(counts, FREE) == Cost()


def test_nothing_costs_nothing_also_without_a_price():
    assert PriceTable().cost(Counts(), "openai", "m") == Cost()


def test_the_last_price_that_has_begun_counts():
    table = PriceTable([own("2026-03-01", "0.08"), own("2026-01-01", "0.05")])
    assert [
        table.of("xai", "grok", day).minute for day in ("2026-02-28", "2026-03-01", "2076-01-01", "")
    ] == [*(Decimal("0.05"), Decimal("0.08"), Decimal("0.08"), Decimal("0.08"))]


def test_a_price_of_ones_own_that_has_not_begun_leaves_the_shipped_one():
    table = PriceTable([own("2026-12-01", "0.08")], [own("2026-04-04", "0.05")])
    assert table.of("xai", "grok", "2026-11-30").minute == Decimal("0.05")
    assert table.of("xai", "grok", "2026-12-01").minute == Decimal("0.08")
    assert table.of("xai", "grok", "").minute == Decimal("0.08")


def test_a_day_before_all_prices_has_the_first_one():
    assert PriceTable([own("2026-12-01", "0.08")]).of("xai", "g", "2020-01-01").minute == Decimal("0.08")
    shipped = PriceTable((), SHIPPED)
    assert shipped.of("xai", "g", "2020-01-01").minute == Decimal("0.05")


def test_a_row_for_the_model_comes_before_one_for_any():
    table = PriceTable([own("2026-01-01", "1"), own("2026-01-01", "2", model="Grok-2")])
    assert table.of("xai", "grok-2").minute == Decimal(2)
    assert table.of("xai", "grok-3").minute == Decimal(1)


@pytest.mark.parametrize(
    "name", ["gpt-realtime-2.1", "GPT-Realtime-2.1", "openai/gpt-realtime-2.1", "gpt-realtime-2.1-2026-05-06"]
)
def test_names_of_one_model(name):
    assert PriceTable((), SHIPPED).of("openai", name).model == "gpt-realtime-2.1"


@pytest.mark.parametrize(
    "name", ["gpt-realtime-2.2", "gpt-realtime-2.1-mini-x", "", "gpt-realtime-2.1 "[:-2]]
)
def test_another_model_has_no_price(name):
    assert PriceTable((), SHIPPED).of("openai", name) is None


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "$0.00"),
        ("0.00004", "$0.0000"),
        ("0.0123", "$0.0123"),
        ("1.005", "$1.00"),
        ("12345.678", "$12345.68"),
    ],
)
def test_dollars_in_words(amount, words):
    assert dollars(Fraction(amount)) == words


def test_each_shipped_price_names_its_day_and_its_source():
    for row in SHIPPED:
        assert row.source
        assert row.since > "2026-01-01"
