import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.dial.happy_eyeballs import MOST, in_turn, no_route, telling

SIX, FOUR = ["2001:db8::1", "2001:db8::2"], ["192.0.2.1", "192.0.2.2", "192.0.2.3"]


@pytest.mark.parametrize(
    ("addresses", "order"),
    [
        ([], []),
        (FOUR, FOUR),
        ([*SIX, *FOUR], [SIX[0], FOUR[0], SIX[1], FOUR[1], FOUR[2]]),
        ([*FOUR, *SIX], [FOUR[0], SIX[0], FOUR[1], SIX[1], FOUR[2]]),
        ([FOUR[0], FOUR[0], SIX[0]], [FOUR[0], SIX[0]]),
    ],
)
def test_the_families_take_turns_beginning_with_the_first(addresses, order):
    assert in_turn(addresses) == order


def test_an_address_that_was_silent_comes_last():
    assert in_turn([*SIX, *FOUR], last=SIX[0]) == [FOUR[0], SIX[1], FOUR[1], FOUR[2], SIX[0]]
    assert in_turn(FOUR, last="192.0.2.9") == FOUR


@given(st.lists(st.sampled_from([*SIX, *FOUR, *(f"198.51.100.{n}" for n in range(20))])))
def test_none_is_lost_or_tried_twice_up_to_the_bound(addresses):
    order = in_turn(addresses)
    assert len(order) == len(set(order)) == min(MOST, len(set(addresses)))
    assert set(order) <= set(addresses)
    assert order[:1] == addresses[:1]


def test_of_all_failures_the_one_that_got_somewhere_tells_most():
    nowhere = OSError(errno.ENETUNREACH, "Network is unreachable")
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    assert telling([nowhere, refused]) is refused
    assert telling([nowhere]) is nowhere
    assert no_route(nowhere)
    assert not no_route(refused)
