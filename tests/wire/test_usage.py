"""Which numbers of a service's bill are passed on."""

import json
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.wire.usage import counted, status

FULL = {
    "total_tokens": 30,
    "input_tokens": 10,
    "output_tokens": 20,
    "input_token_details": {
        "text_tokens": 1,
        "audio_tokens": 9,
        "image_tokens": 0,
        "cached_tokens": 3,
        "cached_tokens_details": {"text_tokens": 1, "audio_tokens": 2, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 5, "audio_tokens": 15},
}
SECONDS = {"seconds": 1.5}


@pytest.mark.parametrize("usage", [FULL, SECONDS, {}, {"input_tokens": 0}])
def test_what_is_known_is_passed_on_as_it_is(usage):
    assert counted(usage) == usage


@pytest.mark.parametrize(
    "worse",
    [
        {"type": "duration"},
        {"marmalade": 1},
        {"total_tokens": "marmalade"},
        {"seconds": nan},
        {"seconds": inf},
        {"seconds": -1},
        {"seconds": 10**400},
        {"seconds": True},
        {"input_token_details": "marmalade"},
        {"output_tokens": {"marmalade": 1}},
        {"cached_tokens": None},
    ],
)
def test_all_else_is_left_out(worse):
    left = {name: value for name, value in FULL.items() if name not in worse}
    assert counted({**FULL, **worse}) == left


def test_so_it_is_deeper_down():
    deep = {"text_tokens": 1, "marmalade": 2, "cached_tokens_details": {"audio": 1, "x": "y", "deeper": {}}}
    assert counted({"input_token_details": deep}) == {
        "input_token_details": {"text_tokens": 1, "cached_tokens_details": {"audio": 1}}
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from([*FULL, *FULL["input_token_details"], "x"]), inner)
    ),
    max_leaves=20,
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from([*FULL, "seconds", "x"]), JSON))
def test_whatever_it_is_names_are_known_and_values_are_numbers(usage):
    def look(counts):
        for name, value in counts.items():
            assert name in [*FULL, *FULL["input_token_details"], "seconds"]
            if isinstance(value, dict):
                look(value)
            else:
                assert type(value) in (int, float)
                assert 0 <= value <= 2**53

    counts = counted(usage)
    look(counts)
    assert len(json.dumps(counts)) < 2000


def test_a_status_is_one_of_the_protocol():
    assert [status(counts) for counts in ("completed", "failed", "marmalade", "")] == [
        "completed",
        "failed",
        "other",
        "other",
    ]
