"""What is counted for each client, and the total."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.relay.usage import RelayUsage, Tally

USAGE = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}


def test_every_response_counts_whatever_became_of_it():
    tally = Tally()
    for status in ("completed", "cancelled", "failed", "completed", "incomplete", "dance"):
        tally.response(status, USAGE)
    assert tally.responses == 6
    assert tally.by_status == {"completed": 2, "cancelled": 1, "failed": 1, "incomplete": 1, "other": 1}
    assert (tally.input_tokens, tally.output_tokens, tally.total_tokens) == (18, 24, 42)


@pytest.mark.parametrize("odd", [None, "7", -1, True, 2**60, 1.5, [], {}])
def test_what_is_no_count_is_none(odd):
    tally = Tally()
    tally.response("completed", {"total_tokens": odd})
    assert (tally.responses, tally.total_tokens) == (1, 0)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), max_size=20))
def test_the_total_does_not_forget_who_has_gone(steps):
    usage, present, wanted = RelayUsage(), [], 0
    for action, count in steps:
        if action == 0 or not present:
            present.append(usage.begin())
        elif action == 1:
            usage.end(present.pop()[0])
        else:
            present[-1][1].response("completed", {"total_tokens": count})
            present[-1][1].up_bytes += count
            wanted += count
    assert usage.total().total_tokens == usage.total().up_bytes == wanted
    assert len(usage._present) == len(present)


def test_it_says_so_in_a_line():
    usage = RelayUsage()
    _, tally = usage.begin()
    tally.response("completed", USAGE)
    tally.up_bytes, tally.down_bytes = 999, 64_000
    said = "1 clients: 1 responses billed (1 completed), 7 tokens (3 in, 4 out), 999 B up, 64 kB down"
    assert str(usage) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (9, "9 B"),
        (1000, "1.0 kB"),
        (1500, "1.5 kB"),
        (25_000_000, "25 MB"),
        (3 * 10**12, "3000.0 GB"),
    ],
)
def test_sizes_for_people(count, said):
    assert f"{said} up" in str(Tally(up_bytes=count))
