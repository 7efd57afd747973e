"""Which texts belong to one line, whatever their order."""

import json
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.transcripts.exchange import MOST_OPEN, MOST_TEXT, ClockReading, SpokenExchanges

NOON = datetime.fromisoformat("2026-11-30T12:00")


def at(ms, local=NOON):
    return ClockReading(local, local.replace(tzinfo=UTC).timestamp(), ms)


def lines(exchanges):
    return [json.loads(each.line("run")) for each in exchanges]


def told(*news):
    """What follows from news, each a second later: (role, text), or a status."""
    found = SpokenExchanges()
    for second, each in enumerate(news):
        if isinstance(each, tuple):
            found.said(at(second * 1000), *each, turn=1, conversation=1)
        else:
            found.ended(at(second * 1000), each, turn=1, conversation=1)
    return [(line["visitor"], line["machine"], line["status"]) for line in lines(found.all())]


Q1, Q2, A1, A2 = ("user", "q1"), ("user", "q2"), ("assistant", "a1"), ("assistant", "a2")


@pytest.mark.parametrize(
    "news", [each for each in permutations([Q1, A1, "completed"]) if each.index(A1) < each.index("completed")]
)
def test_the_order_of_the_news_of_one_exchange_makes_no_difference(news):
    assert told(*news) == [("q1", "a1", "completed")]


@pytest.mark.parametrize(
    "news",
    [
        (Q1, A1, "completed", Q2, A2, "completed"),
        (A1, Q1, "completed", A2, Q2, "completed"),
        (A1, "completed", Q1, Q2, A2, "completed"),
        (A1, "completed", Q1, A2, "completed", Q2),
    ],
)
def test_two_exchanges_of_one_conversation_are_told_apart(news):
    assert told(*news) == [("q1", "a1", "completed"), ("q2", "a2", "completed")]


def test_a_call_of_a_tool_and_the_answer_after_it_are_one_exchange():
    assert told(Q1, "completed", A1, "completed") == [("q1", "a1", "completed")]


def test_what_nobody_answered_says_so_and_what_has_no_words_is_no_line():
    assert told(Q1) == [("q1", None, "unanswered")]
    assert told("cancelled") == []
    assert told(("user", "  ")) == []


def test_an_exchange_is_complete_ten_seconds_after_its_last_news():
    found = SpokenExchanges()
    found.said(at(0), "user", "q", turn=1, conversation=1)
    found.ended(at(5000), "completed", turn=1, conversation=1)
    assert found.next_ms == 15_000
    assert found.complete(14_999) == []
    assert len(found.complete(15_000)) == 1
    assert found.next_ms is None


def test_nothing_grows():
    found = SpokenExchanges()
    for turn in range(1000):
        found.said(at(0), "user", "q", turn=turn, conversation=1)
    assert len(found.complete(0)) == 1000 - MOST_OPEN
    found = SpokenExchanges()
    for _ in range(1000):
        found.said(at(0), "user", "w" * 1000, turn=1, conversation=1)
    assert len(lines(found.all())[0]["visitor"]) <= MOST_TEXT


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=50))
def test_any_text_is_one_line_for_any_reader(text):
    found = SpokenExchanges()
    found.said(at(0), "user", f"x{text}x", turn=1, conversation=1)
    (line,) = (each.line("run") for each in found.all())
    assert len(line.splitlines()) == 1
    assert line.encode().decode() == line
    assert json.loads(line)["visitor"].startswith("x")


@pytest.mark.parametrize(
    ("minutes", "shown"), [(0, "+00:00"), (60, "+01:00"), (-210, "-03:30"), (765, "+12:45")]
)
def test_the_time_names_its_distance_from_utc(minutes, shown):
    wall_s = datetime(2026, 11, 30, 12, tzinfo=timezone(timedelta(minutes=minutes))).timestamp()
    assert ClockReading(NOON, wall_s, 0).time == f"2026-11-30T12:00:00{shown}"
    assert ClockReading(NOON.replace(year=2024), wall_s, 0).time is None
