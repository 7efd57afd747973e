"""Tokens of a usage by modality: each token counts once, whatever a service leaves out or repeats."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.wire.usage import counted, duration_ms, reports_tokens, tokens

OPENAI = {
    "total_tokens": 1253,
    "input_tokens": 1132,
    "output_tokens": 121,
    "input_token_details": {
        "text_tokens": 119,
        "audio_tokens": 1013,
        "image_tokens": 0,
        "cached_tokens": 1088,
        "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 1024, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}


def some(usage: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in tokens(counted(usage)).items() if count}


def test_cached_tokens_are_a_part_of_the_input():
    """The details of the cached tokens are never more than the tokens of their modality."""
    assert some(OPENAI) == {
        "text_in": 119,
        "audio_in": 1013,
        "text_cached": 64 + 11,  # eleven that cannot be audio
        "audio_cached": 1013,
        "text_out": 30,
        "audio_out": 91,
    }


def test_reasoning_is_a_part_of_the_text():
    usage = {"output_tokens": 50, "output_token_details": {"text_tokens": 50, "reasoning_tokens": 40}}
    assert some(usage) == {"text_out": 50}


def test_reasoning_beside_the_text_is_text():
    usage = {"output_tokens": 90, "output_token_details": {"text_tokens": 50, "reasoning_tokens": 40}}
    assert some(usage) == {"text_out": 90}


def test_tokens_without_a_modality_are_others():
    assert some({"input_tokens": 7, "output_tokens": 3}) == {"other_in": 7, "other_out": 3}
    assert some({"prompt_tokens": 7, "completion_tokens": 3}) == {"other_in": 7, "other_out": 3}


def test_cached_tokens_without_a_modality_are_text_first():
    usage = {
        "input_tokens": 30,
        "input_tokens_details": {"text_tokens": 10, "audio_tokens": 20, "cached_tokens": 15},
    }
    assert some(usage) == {"text_in": 10, "audio_in": 20, "text_cached": 10, "audio_cached": 5}


def test_the_names_of_the_chat_api_are_known():
    usage = {
        "prompt_tokens": 30,
        "prompt_tokens_details": {"audio_tokens": 30, "cached_tokens": 4},
        "completion_tokens": 9,
        "completion_tokens_details": {"audio_tokens": 9},
    }
    assert some(usage) == {"audio_in": 30, "audio_cached": 4, "audio_out": 9}


def test_an_empty_usage_has_no_tokens():
    assert not some({})
    assert not some({"input_token_details": None, "output_token_details": 5})


def test_a_duration_is_in_milliseconds():
    assert duration_ms({"type": "duration", "seconds": 4}) == 4000
    assert duration_ms({"duration": 1.2345}) == 1234
    assert duration_ms({"seconds": True}) == duration_ms({"seconds": "4"}) == duration_ms({}) == 0


_COUNT = st.integers(0, 10_000)
_GROUP = st.fixed_dictionaries({}, optional={f"{kind}_tokens": _COUNT for kind in ("text", "audio", "image")})
_IN = st.builds(
    lambda group, cached, details: {**group, **cached, "cached_tokens_details": details},
    _GROUP,
    st.fixed_dictionaries({}, optional={"cached_tokens": _COUNT}),
    _GROUP,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "input_tokens": _COUNT,
            "output_tokens": _COUNT,
            "input_token_details": _IN,
            "output_token_details": _GROUP,
        },
    )
)
def test_each_token_counts_once(usage):
    found = tokens(counted(usage))
    came = sum(found[f"{kind}_in"] for kind in ("text", "audio", "image", "other"))
    went = found["text_out"] + found["audio_out"] + found["other_out"]
    of = usage.get("input_token_details", {})
    split = sum(of.get(f"{kind}_tokens", 0) for kind in ("text", "audio", "image"))
    assert came == max(split, usage.get("input_tokens", 0))
    assert went >= usage.get("output_tokens", 0)
    for kind in ("text", "audio", "image"):
        assert 0 <= found[f"{kind}_cached"] <= found[f"{kind}_in"]
    assert sum(found[f"{kind}_cached"] for kind in ("text", "audio", "image")) <= max(
        of.get("cached_tokens", 0), sum(of.get("cached_tokens_details", {}).values())
    )


@pytest.mark.parametrize(
    ("usage", "is_there"),
    [
        ({}, False),
        ({"strange": 5}, False),
        ({"seconds": 3}, False),
        ({"total_tokens": 0, "input_tokens": 0, "output_tokens": 0}, True),
        ({"total_tokens": 9}, True),
        ({"input_token_details": {"audio_tokens": 4}}, True),
        ({"input_token_details": {}}, False),
    ],
)
def test_whether_tokens_are_reported(usage, is_there):
    assert reports_tokens(counted(usage)) is is_there


def test_a_total_alone_is_of_no_known_modality():
    assert some({"total_tokens": 50}) == {"other_in": 50}
    assert some({"total_tokens": 50, "output_tokens": 20}) == {"other_in": 30, "other_out": 20}
    assert some({"total_tokens": 50, "input_tokens": 30, "output_tokens": 20}) == {
        "other_in": 30,
        "other_out": 20,
    }


@pytest.mark.parametrize("count", [2**53, 1e15, 10**9])
def test_an_absurd_count_can_still_be_added_up(count):
    usage = counted({"input_tokens": count, "input_token_details": {"audio_tokens": count}, "seconds": count})
    assert sum(tokens(usage).values()) <= 2 * 10**9
    assert duration_ms(usage) == 10**9
