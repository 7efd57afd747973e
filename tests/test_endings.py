"""Which models and features end, and when."""

from datetime import UTC, date, datetime

import pytest

from edged import endings


@pytest.mark.parametrize(
    ("name", "on"),
    [
        ("gpt-realtime", date(2027, 1, 20)),
        ("gpt-realtime-2025-08-28", date(2027, 1, 20)),
        ("openai/gpt-realtime-mini", date(2027, 1, 20)),
        ("@my-openai/gpt-realtime", date(2027, 1, 20)),
        ("openai/gpt-4o-realtime-preview-2024-12-17", date(2026, 5, 7)),
        ("gpt-4o-mini-realtime-preview", date(2026, 5, 7)),
        ("whisper-1", date(2027, 2, 26)),
        ("gpt-realtime-2.1", None),
        ("gpt-realtime-2.1-mini", None),
        ("gpt-realtime-2", None),
        ("gpt-realtime-1.5", None),
        ("my-gpt-realtime", None),
        ("", None),
    ],
)
def test_a_family_ends_with_its_name(name, on):
    ending = endings.of_model(name)
    assert (ending and ending.on) == on


def test_what_follows_a_model_that_ends_has_no_known_end():
    for ending in endings.MODELS.values():
        for name in ("gpt-realtime-2.1", "gpt-realtime-2.1-mini"):
            if name in ending.instead:
                assert endings.of_model(name) is None


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 11, 28), "ends at OpenAI on 2026-11-30 (in 2 days)"),
        (date(2026, 11, 29), "ends at OpenAI on 2026-11-30 (in 1 day)"),
        (date(2026, 11, 30), "ends at OpenAI on 2026-11-30 (today)"),
        (date(2026, 12, 1), "ended at OpenAI on 2026-11-30"),
    ],
)
def test_it_says_when_and_what_to_do(today, words):
    assert endings.in_words(endings.PROMPTS, today) == f"{words}; write provider.instructions instead"


def test_a_clock_that_is_not_set_says_no_day():
    assert endings.day(datetime(2024, 12, 31, 23, tzinfo=UTC).timestamp()) is None
    assert endings.day(0.0) is None
    assert endings.day(1e300) is None
    assert endings.day(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) == date(2025, 1, 1)
