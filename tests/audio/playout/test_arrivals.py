"""How another start would have played a response."""

from random import Random

import pytest

from edged.audio.playout.arrivals import MOST_DELTAS, Arrivals, Outcome, Replay


def came(*deltas, done=None):
    arrivals = Arrivals()
    for at_ms, length_ms in deltas:
        arrivals.add(at_ms, length_ms)
    arrivals.end(deltas[-1][0] if done is None else done)
    return arrivals


def outcome(arrivals, delay_ms, *, stretched=False):
    return Replay(arrivals, stretched=stretched).outcome(delay_ms)


def least_delay_ms(arrivals):
    """r*: the smallest start delay without a gap."""
    return max(at - before for at, before in zip(arrivals.at, arrivals.before, strict=True))


STALL = came((0, 100), (100, 100), (500, 100), (500.5, 300), (600, 100))


def test_the_least_delay_is_that_of_the_latest_delta():
    assert least_delay_ms(STALL) == 300


def test_deltas_of_one_moment_are_one():
    assert came((0, 20), (0, 20), (20, 20)).got == [40, 60]


def test_a_delta_before_its_time_is_none_of_its_own():
    assert came((0, 20), (40, 20), (30, 20)).got == [20, 60]


def test_memory_is_bounded_and_forgets_no_lateness():
    random = Random(1)
    late = [random.choice((0, 0, 0, 5, 90)) + (400 if n == 2000 else 0) for n in range(3 * MOST_DELTAS + 500)]
    arrivals, last, worst = Arrivals(), -1.0, 0.0
    for n, each in enumerate(late):
        last = max(last + 0.001, n * 20 + each)
        worst = max(worst, last - n * 20)
        arrivals.add(last, 20)
    assert len(arrivals.at) <= MOST_DELTAS
    assert arrivals.at == sorted(arrivals.at)
    assert arrivals.got[-1] == len(late) * 20
    assert least_delay_ms(arrivals) == pytest.approx(worst)
    assert Replay(arrivals, stretched=False).outcome(worst + 0.01).gaps == 0
    assert Replay(arrivals, stretched=False).outcome(worst - 50).gaps == 1
    sound_ms, time_ms = arrivals.rate()
    assert sound_ms == time_ms


@pytest.mark.parametrize(
    ("queued_ms", "at_ms"), [(1, 0), (100, 0), (101, 100), (250, 500), (700, 600), (701, 600)]
)
def test_when_so_much_had_come(queued_ms, at_ms):
    assert STALL.queued_at(queued_ms) == at_ms


def test_what_never_was_queued_is_when_it_was_complete():
    assert came((0, 100), done=250).queued_at(101) == 250


def test_started_late_enough_there_is_no_gap():
    assert outcome(STALL, 300) == Outcome(300, 0, 0)


def test_a_response_starts_at_the_latest_when_it_is_complete():
    assert outcome(came((0, 100), done=150), 1000) == Outcome(150, 0, 0)


def test_too_early_a_start_is_a_gap_until_enough_is_queued():
    assert outcome(STALL, 50) == Outcome(50, 1, 250.5)  # dry at 250; the fourth delta is enough
    assert outcome(came((0, 100), (150, 50), (200, 50), (250, 50)), 0) == Outcome(0, 1, 150)


def test_the_second_gap_waits_for_twice_as_much():
    tens = came(
        (0, 10), *((1000 + 10 * n, 10) for n in range(12)), *((9000 + 10 * n, 10) for n in range(100))
    )
    result = outcome(tens, 0)
    assert result.gaps == 2
    assert result.silent_ms == pytest.approx(1100 + 9230 - 1110 - 120 / 0.9, abs=1)


def test_a_gap_ends_with_the_response():
    assert outcome(came((0, 100), (300, 50), done=400), 0) == Outcome(0, 1, 300)


def test_starving_it_plays_slower_and_bears_what_it_could_not_bear_else():
    def later(by):
        return came((0, 100), (200, 120), *((300 + 100 * n, 100) for n in range(10)), (1300 + by, 100))

    assert outcome(later(100), 0).gaps == 1
    assert outcome(later(200), 0).gaps == 2


def test_a_session_that_is_slow_needs_little_when_it_is_stretched():
    slow = came(*((n * 100 / 0.9, 100) for n in range(200)))
    assert outcome(slow, 60).gaps == 1
    assert outcome(slow, 60, stretched=True) == Outcome(60, 0, 0)


@pytest.mark.parametrize("rate", [0.5, 0.9, 1.0, 1.5, 3.0])
def test_the_rate_is_the_servers_whatever_the_line_adds(rate):
    late = [0, 70, 130, 30, 200, 0, 90, 10]
    arrivals = came(*((n * 100 / rate + late[n % 8] / rate, 100) for n in range(64)))
    sound_ms, time_ms = arrivals.rate()
    assert sound_ms / time_ms == pytest.approx(rate, rel=0 if rate == 1 else 0.04)


def test_a_response_of_less_than_a_second_tells_no_rate():
    assert came((0, 100), (900, 100)).rate() == (0, 0)
