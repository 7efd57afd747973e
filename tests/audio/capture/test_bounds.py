"""The memory of an answer besides its sound is bounded, whatever the number of its pieces and parts."""

import tracemalloc

import pytest

from edged.audio.playout.jitter import JitterBuffer
from edged.audio.playout.response import JOINED_BYTES, MOST_PIECES, MOST_RESPONSES, MOST_RUNS, SMALL_BYTES
from edged.wire import Part

A, B = Part("a", 0), Part("b", 0)
MIB = 2**20


@pytest.fixture
def jitter():
    return JitterBuffer(prebuffer_ms=0)


@pytest.mark.slow
def test_the_smallest_deltas_cost_little_more_than_their_sound(jitter):
    tracemalloc.start()
    try:
        for number in range(100_000):
            assert jitter.push(
                Part("a", 0), number.to_bytes(2, "little", signed=False) if number < 2**16 else b"xy"
            )
        assert tracemalloc.get_traced_memory()[0] < 3 * 200_000
    finally:
        tracemalloc.stop()
    jitter.end()
    sound = jitter.take(200_000)
    assert sound[: 2 * 2**16] == b"".join(number.to_bytes(2, "little") for number in range(2**16))


@pytest.mark.slow
def test_pieces_of_parts_in_turn_are_bounded_and_what_was_taken_is_whole(jitter):
    pushed = 0
    while jitter.push((A, B)[pushed % 2], b"xy"):
        pushed += 1
        assert pushed <= MOST_PIECES
    assert pushed == MOST_PIECES
    jitter.end()
    assert jitter.take(2 * MOST_PIECES) == b"xy" * MOST_PIECES


def test_large_deltas_are_not_copied_into_one_another(jitter):
    for _ in range(3):
        assert jitter.push(A, bytes(SMALL_BYTES))
    assert jitter.push(A, b"xy")
    jitter.end()
    assert len(jitter.take(3 * SMALL_BYTES + 2)) == 3 * SMALL_BYTES + 2
    assert SMALL_BYTES < JOINED_BYTES


def test_responses_that_wait_are_bounded(jitter):
    for number in range(MOST_RESPONSES):
        assert jitter.push(Part(f"item_{number}", 0), b"xy")
        jitter.end()
    assert not jitter.push(A, b"xy")
    jitter.take(2 * MOST_RESPONSES)
    assert jitter.push(A, b"xy")


def test_what_was_heard_is_known_however_often_parts_change(jitter):
    for number in range(4 * MOST_RUNS):
        assert jitter.push((A, B)[number % 2], bytes(48))  # a millisecond
    jitter.take(48 * 4 * MOST_RUNS)
    jitter.flush()
    jitter.take(48_000)
    (flushed,) = [event for event in jitter.events() if hasattr(event, "heard")]
    assert {entry.part: entry.played_ms for entry in flushed.heard} == dict.fromkeys((A, B), 2 * MOST_RUNS)


@pytest.mark.slow
def test_an_answer_of_hours_keeps_no_more_of_when_it_came_than_one_of_minutes(jitter):
    second = bytes(48_000)
    jitter.push(A, second)
    tracemalloc.start()
    try:
        for _ in range(4000):
            jitter.push(A, second)
            jitter.take(48_000)
        assert tracemalloc.get_traced_memory()[0] < MIB
    finally:
        tracemalloc.stop()
