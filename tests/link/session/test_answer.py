from math import sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.link.session.answer import LEAST_BYTES, MOST_PARTS, RequestedAnswer
from edged.wire import HeardPart, Part

A, B = Part("item_a", 0), Part("item_b", 0)
MS = 48  # bytes of a millisecond


def received(**ms):
    answer = RequestedAnswer("resp")
    for name, n in ms.items():
        answer.delta(Part(f"item_{name[0]}", int(name[1:] or 0)), bytes(n * MS))
    return answer


SPEECH = b"".join(
    round(9000 * sin(at / 9) * sin(at / 700)).to_bytes(2, "little", signed=True) for at in range(24_000)
)


def heard_of(pieces, answer=None):
    answer = answer or RequestedAnswer()
    return b"".join(answer.delta(A, piece) for piece in pieces)


def pieces_of(sound, lengths):
    at = 0
    for length in lengths:
        yield sound[at : at + length]
        at += length


@given(st.lists(st.integers(min_value=LEAST_BYTES, max_value=2000), max_size=24))
def test_samples_split_between_deltas_come_out_whole_and_in_order(lengths):
    whole = SPEECH[: sum(lengths)]
    assert heard_of(pieces_of(SPEECH, lengths)) == whole[: len(whole) // 2 * 2]


@given(
    lengths=st.lists(st.integers(min_value=LEAST_BYTES // 2 + 1, max_value=1000), max_size=24),
    cut=st.lists(st.booleans(), min_size=24, max_size=24),
)
def test_deltas_that_lack_their_last_byte_are_heard_but_for_that_sample(lengths, cut):
    whole = list(pieces_of(SPEECH, [2 * length for length in lengths]))
    pieces = [piece[:-1] if is_cut else piece for piece, is_cut in zip(whole, cut, strict=False)]
    kept = [piece[:-2] if is_cut else piece for piece, is_cut in zip(whole, cut, strict=False)]
    assert heard_of(pieces) == b"".join(kept)


@pytest.mark.parametrize("fill", [b"\0\0", b"\1\1"], ids=["silence", "no wave"])
def test_what_does_not_tell_goes_on_with_half_a_sample_where_its_length_is_odd(fill):
    piece = fill * 100
    assert heard_of([piece[:-1], piece[:-1]]) == fill * 199
    assert heard_of([piece[:-1], piece]) == fill * 199
    assert heard_of([piece[:-1], piece[:-1], piece, piece[:-1]]) == fill * 398


@given(st.lists(st.binary(max_size=9), max_size=30))
def test_so_does_what_is_too_short_to_tell(pieces):
    half, expected = b"", b""
    for piece in pieces:
        sound = (half if len(piece) % 2 else b"") + piece
        half = sound[len(sound) // 2 * 2 :] if piece else half
        expected += sound[: len(sound) // 2 * 2]
    assert heard_of(pieces) == expected


def test_nothing_is_carried_over_what_could_not_be_read():
    answer = RequestedAnswer()
    assert answer.delta(A, b"\x01\x02\x03") == b"\x01\x02"
    answer.missed()
    assert answer.delta(A, b"\x04") == b""
    assert answer.delta(A, b"\x05") == b"\x04\x05"


def test_an_odd_byte_of_one_part_never_shifts_another():
    answer = RequestedAnswer()
    assert answer.delta(A, b"\x01\x02\x03") == b"\x01\x02"
    assert answer.delta(B, b"\x11\x12") == b"\x11\x12"
    assert answer.delta(A, b"\x04") == b"\x03\x04"


def test_it_has_sounded_once_a_whole_sample_came():
    answer = RequestedAnswer()
    assert answer.delta(A, b"\x01") == b""
    assert not answer.sounded
    answer.delta(A, b"\x02")
    assert answer.sounded


def test_what_was_heard_in_part_is_truncated_there():
    assert received(a=1000).corrections([HeardPart(A, 400, 1000)], ended=False) == [(A, 400)]


def test_truncation_is_never_past_what_was_received():
    assert received(a=1000).corrections([HeardPart(A, 1400, 1400)], ended=False) == [(A, 1000)]


def test_a_finished_answer_heard_to_its_end_needs_no_correction():
    answer = received(a=1000)
    assert answer.corrections([HeardPart(A, 1000, 1000)], ended=True) == []
    assert answer.corrections([HeardPart(A, 999, 1000)], ended=True) == [(A, 999)]


def test_an_unfinished_answer_is_truncated_even_where_all_received_was_heard():
    """More of the answer may be on its way, and will not be heard."""
    assert received(a=1000).corrections([HeardPart(A, 1000, 1000)], ended=False) == [(A, 1000)]


def test_nothing_heard_is_a_deletion_and_never_a_truncation_at_zero():
    assert received(a=1000).corrections([HeardPart(A, 0, 1000)], ended=False) == [(A, None)]


def test_items_are_judged_each_by_itself():
    answer = received(a=1000, b=500)
    heard = [HeardPart(A, 1000, 1000), HeardPart(B, 0, 500)]
    assert answer.corrections(heard, ended=True) == [(B, None)]


def test_an_item_with_one_part_heard_is_not_deleted_for_its_other_part():
    answer = received(a0=1000, a1=1000)
    heard = [HeardPart(Part("item_a", 0), 1000, 1000), HeardPart(Part("item_a", 1), 0, 1000)]
    assert answer.corrections(heard, ended=True) == []


def test_an_item_of_two_parts_is_deleted_once():
    heard = [HeardPart(Part("item_a", 0), 0, 1000), HeardPart(Part("item_a", 1), 0, 1000)]
    assert received(a0=1000, a1=1000).corrections(heard, ended=False) == [(Part("item_a", 0), None)]


def test_parts_of_another_answer_are_none_of_its_business():
    assert received(a=1000).corrections([HeardPart(B, 10, 1000)], ended=False) == []


def test_cut_at_the_bound_it_is_truncated_at_what_was_received_of_its_last_part():
    assert received(a=1000, b=300).all_received() == [(B, 300)]
    assert RequestedAnswer().all_received() == []


def test_parts_are_bounded_and_those_past_it_bring_no_sound():
    answer = RequestedAnswer("resp")
    for number in range(MOST_PARTS):
        assert answer.delta(Part(f"item_{number}", 0), bytes(MS))
    assert answer.delta(Part("one more", 0), bytes(MS)) == b""
    assert answer.delta(Part("item_0", 0), bytes(MS)) == bytes(MS)


def test_halves_of_samples_are_kept_of_no_more_parts_than_that():
    answer = RequestedAnswer("resp")
    for number in range(MOST_PARTS + 1):
        assert answer.delta(Part(f"item_{number}", 0), b"a") == b""
    assert answer.delta(Part("item_0", 0), b"b") == b"ab"
    assert answer.delta(Part(f"item_{MOST_PARTS}", 0), b"b") == b""
