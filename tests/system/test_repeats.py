from itertools import pairwise

import pytest

from edged.system.repeats import MOST, MOST_KINDS, RepeatRate, Repeats

HOUR = 3_600_000


def test_the_first_few_of_a_kind_are_written_and_then_no_more():
    repeats = Repeats()
    assert [repeats.admit(("offline",), n) is not None for n in range(MOST + 3)] == [True] * MOST + [
        False
    ] * 3


def test_the_next_that_is_written_tells_how_many_were_left_out():
    repeats = Repeats(most=1)
    times = (0, 1, 2, 3, 2 * HOUR + 4, 2 * HOUR + 5)
    assert [repeats.admit(("offline",), at) for at in times] == [0, None, None, None, 3, None]


def test_kinds_do_not_stand_for_each_other():
    repeats = Repeats(most=1)
    assert repeats.admit(("offline",), 0) == 0
    assert repeats.admit(("dns_failed",), 0) == 0


@pytest.mark.parametrize("every_ms", [1000, 60_000, HOUR // 5, HOUR])
def test_what_goes_on_for_a_day_is_written_a_few_times_and_every_two_hours(every_ms):
    repeats = Repeats()
    times = range(0, 24 * HOUR, every_ms)
    written = [at for at in times if repeats.admit(("offline",), at) is not None]
    assert MOST + 10 <= len(written) <= MOST + 12
    assert all(later - earlier <= 2 * HOUR + every_ms for earlier, later in pairwise(written))


def test_a_kind_that_had_stopped_begins_anew():
    repeats = Repeats(most=2)
    for at in (0, 1, 2):
        repeats.admit(("offline",), at)
    assert [repeats.admit(("offline",), 5 * HOUR + at) for at in (0, 1, 2)] == [1, 0, None]


def test_a_kind_may_have_a_pace_of_its_own():
    repeats, pace = Repeats(), RepeatRate(2, 60_000)
    assert [repeats.admit(("press",), at, pace) for at in (0, 1, 2, 3, 60_001, 60_002)] == [
        0, 0, None, None, 2, None,
    ]  # fmt: skip
    assert repeats.admit(("offline",), 4) == 0


@pytest.mark.slow
def test_of_endless_kinds_few_are_known_and_few_lines_are_written():
    repeats = Repeats()
    written = [repeats.admit((str(n),), n) for n in range(10_000)]
    assert sum(each is not None for each in written) == MOST_KINDS + MOST
    # Many kinds have rested by now, so this is a kind of its own again.
    assert repeats.admit(("new",), 10_000 + 2 * HOUR) == 0


def test_what_was_left_out_of_a_kind_that_is_forgotten_is_still_counted():
    repeats, pace = Repeats(most=1), RepeatRate(1, 60_000)
    for n in range(MOST_KINDS):
        repeats.admit((str(n),), 0, pace)
    assert [repeats.admit(("0",), 1, pace) for _ in range(3)] == [None] * 3
    for n in range(MOST_KINDS):  # each replaces a kind that has rested; the three lines are not forgotten
        assert repeats.admit((f"later {n}",), 120_000, RepeatRate(1, HOUR)) == 0
    assert repeats.admit(("too many",), 120_001) == 3
    assert repeats.admit(("too many again",), 120_002) is None
