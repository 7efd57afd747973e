"""The pre-roll holds exactly its capacity of the newest bytes."""

from hypothesis import given
from hypothesis import strategies as st

from edged.audio.capture.ring import Ring


def filled(capacity: int, *blocks: bytes) -> Ring:
    ring = Ring(capacity)
    for block in blocks:
        ring.push(block)
    return ring


def test_it_gives_back_what_it_was_given_in_order():
    ring = filled(10, b"ab", b"cd", b"ef")
    assert ring.take_all() == b"abcdef"


def test_the_oldest_gives_way_in_the_middle_of_a_block():
    ring = filled(6, b"abcd", b"efgh")
    assert ring.take_all() == b"cdefgh"


def test_a_full_ring_drops_nothing_yet():
    ring = filled(4, b"ab", b"cd")
    ring.push(b"e")
    assert ring.take_all() == b"bcde"


def test_a_block_longer_than_the_ring_leaves_its_end():
    ring = filled(4, b"ab", b"cdefghij")
    assert ring.take_all() == b"ghij"


def test_taking_empties_it():
    ring = filled(4, b"ab")
    ring.take_all()
    assert ring.take_all() == b""


def test_a_cleared_one_is_empty():
    ring = filled(4, b"abcd")
    ring.clear()
    assert ring.take_all() == b""


def test_after_a_clear_the_whole_capacity_is_free():
    ring = filled(4, b"abcd")
    ring.clear()
    ring.push(b"efgh")
    assert ring.take_all() == b"efgh"


def test_a_ring_without_capacity_holds_nothing():
    ring = filled(0, b"ab", b"")
    assert ring.take_all() == b""


OPERATIONS = st.lists(st.one_of(st.binary(max_size=9), st.sampled_from(["take", "clear"])), max_size=40)


@given(st.integers(0, 16), OPERATIONS)
def test_it_equals_the_end_of_a_plain_string(capacity, operations):
    ring, plain = Ring(capacity), b""
    for operation in operations:
        if isinstance(operation, bytes):
            ring.push(operation)
            plain = (plain + operation)[max(0, len(plain) + len(operation) - capacity) :]
        else:
            if operation == "take":
                assert ring.take_all() == plain
            else:
                ring.clear()
            plain = b""
    assert ring.take_all() == plain
