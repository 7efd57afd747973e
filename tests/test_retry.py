import asyncio
from itertools import islice, pairwise
from random import Random

import pytest

from edged.causes import CAUSES, Retry
from edged.errors import DeviceError, LinkError
from edged.retry import (
    ASKED_SHARE,
    BEYOND_ASKED,
    LIVED_S,
    MOST_TRIES,
    NOT_OUT,
    POLICIES,
    PROVEN_S,
    SAVES_FOR_S,
    SPREAD_S,
    WINDOW_S,
    Allowance,
    Outside,
    RetryPolicy,
    Wake,
    delays,
    keep,
)


class Top:
    """A Random that always draws the upper bound, so that the ceiling can be seen."""

    def uniform(self, low, high):
        self.low = low
        return high


class Bottom:
    """A Random that always draws the lower bound."""

    def uniform(self, low, high):
        return low


class Stop(Exception):  # noqa: N818 it is not an error
    pass


def waits_of(failures, lab_run, *, lives=(), wake_at=None, rng=None, outside=None, pending=False, spent=0):
    """Return the waits that `keep` announces and the times of its tries, for a list of errors; `lives` in seconds.

    None in place of an error: the attempt ends without one. `spent`: tries used up before the first attempt.
    """
    outside = Outside(Allowance(), pending=lambda: pending) if outside else None

    waits, tries = [], []

    async def main():
        loop = asyncio.get_running_loop()
        wake = Wake()
        todo = iter(failures)
        lived = iter(lives)
        if wake_at is not None:
            loop.call_at(loop.time() + wake_at, wake)
        start = loop.time()
        for _ in range(spent):
            outside.allowance.spend(start)

        async def attempt(proof):
            tries.append(round(loop.time() - start, 3))
            try:
                error = next(todo)
            except StopIteration:
                raise Stop from None
            seconds = next(lived, None)
            if seconds is not None:
                proof()
                await asyncio.sleep(seconds)
            if error is not None:
                raise error

        with pytest.raises(Stop):
            await keep(
                attempt,
                rng=rng or Top(),
                wake=wake,
                failed=lambda _, wait: waits.append(wait),
                outside=outside,
            )

    lab_run(main())
    return waits, tries


def test_ceilings_double_up_to_the_cap():
    top = Top()
    assert list(islice(delays(RetryPolicy(0.25, 2.0), top), 6)) == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0]
    assert top.low == 0.0


def test_refused_never_waits_less_than_its_floor():
    drawn = list(islice(delays(POLICIES[Retry.REFUSED], Random(3)), 200))
    assert min(drawn) >= 60.0
    assert max(drawn) <= 900.0


REMOTE = (0.0, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0])
CLASSES = {
    Retry.NONE: REMOTE,  # edged does not try these again, but there must be a wait
    Retry.LOCAL: (0.1, [0.25, 0.5, 1.0, 2.0, 2.0]),
    Retry.REMOTE: REMOTE,
    Retry.THROTTLED: (1.0, [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 900.0, 900.0]),
    Retry.REFUSED: (60.0, [120.0, 240.0, 480.0, 900.0, 900.0]),
}
"""For each class: the shortest wait, and the longest waits of consecutive failures without a wait from the far end."""


@pytest.mark.parametrize("raised", [LinkError, DeviceError])
@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause != "link_closed"])
def test_every_cause_waits_as_its_class_does(lab_run, cause, raised):
    shortest, longest = CLASSES[CAUSES[cause].retry]
    assert waits_of([raised("x", cause)] * len(longest), lab_run)[0] == longest
    assert waits_of([raised("x", cause)] * 3, lab_run, rng=Bottom())[0] == [shortest] * 3


def test_a_service_that_closes_at_once_is_left_alone_for_up_to_ninety_seconds(lab_run):
    closed = [LinkError("x", "link_closed")] * 9
    longest = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 90.0, 90.0]
    assert waits_of(closed, lab_run)[0] == longest
    assert waits_of(closed, lab_run, rng=Bottom())[0] == [0.0] * 9


def test_an_attempt_that_ends_without_a_reason_was_closed(lab_run):
    assert waits_of([None] * 3, lab_run)[0] == [1.0, 2.0, 4.0]


def test_full_jitter_uses_the_whole_range():
    drawn = list(islice(delays(RetryPolicy(8.0, 8.0), Random(1)), 400))
    assert min(drawn) < 0.5
    assert max(drawn) > 7.5


def test_failures_wait_longer_and_longer(lab_run):
    waits, tries = waits_of([LinkError("x", "unreachable")] * 4, lab_run)
    assert waits == [0.25, 0.5, 1.0, 2.0]
    assert tries == [0.0, 0.25, 0.75, 1.75, 3.75]


def test_a_proven_life_starts_over_with_no_wait_at_all(lab_run):
    lost = LinkError("x", "link_closed")
    waits, _ = waits_of([lost, lost, lost, lost], lab_run, lives=[None, None, 5.0, None])
    assert waits == [1.0, 2.0, 0.0, 1.0]


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize(
    ("error", "first_s"),
    [
        (LinkError("x", "key_refused"), 120.0),
        (LinkError("x", "server_busy"), 2.0),
        (LinkError("x", "server_busy", 40.0), 51.0),
    ],
)
def test_who_is_refused_or_told_to_wait_waits_whatever_life_there_was(lab_run, error, first_s, outside):
    waits, _ = waits_of([error] * 2, lab_run, lives=[100.0] * 2, outside=outside)
    assert waits == [first_s] * 2


@pytest.mark.parametrize(
    ("cause", "longest"), [("key_refused", [120.0, 240.0, 480.0]), ("server_busy", [2.0, 4.0, 8.0])]
)
def test_who_is_refused_or_told_to_wait_after_a_short_life_waits_for_that(lab_run, cause, longest):
    waits, _ = waits_of([LinkError("x", cause)] * 3, lab_run, lives=[1.0] * 3, outside=True)
    assert waits == longest


def test_a_service_that_was_never_up_is_not_one_that_closes(lab_run):
    waits, _ = waits_of([LinkError("x", "unreachable")] * 4, lab_run, outside=True)
    assert waits == [0.25, 0.5, 1.0, 2.0]


def test_a_device_that_lives_for_a_moment_waits_as_a_device(lab_run):
    waits, _ = waits_of([DeviceError("x")] * 4, lab_run, lives=[1.0] * 4)
    assert waits == [0.25, 0.5, 1.0, 2.0]


def test_accept_then_close_counts_as_failure(lab_run):
    lost = LinkError("x", "link_closed")
    waits, _ = waits_of([lost] * 4, lab_run, lives=[4.99] * 4)
    assert waits == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize(("asked", "at_least"), [(7.0, 7.0), (0.0, 1.0), (-1.0, 1.0), (10**11, 900.0)])
def test_what_the_far_end_asked_for_is_kept_within_bounds(lab_run, asked, at_least):
    waits, tries = waits_of([LinkError("x", "server_busy", asked)], lab_run, wake_at=0.1)
    assert at_least <= waits[0] <= at_least * (1 + ASKED_SHARE) + BEYOND_ASKED.base_s
    assert tries[1] == round(waits[0], 3)


@pytest.mark.parametrize(
    ("asked", "shortest", "longest"),
    [(100.0, 100.0, 126.0), (0.0, 1.0, 2.25), (900.0, 900.0, 1126.0), (901.0, 900.0, 1126.0)],
)
def test_those_who_were_told_the_same_are_spread_over_a_quarter_of_it(lab_run, asked, shortest, longest):
    failures = [LinkError("x", "server_busy", asked)]
    assert waits_of(failures, lab_run, rng=Bottom())[0] == [shortest]
    assert waits_of(failures, lab_run)[0] == [longest]


def test_a_wait_that_nobody_asked_for_is_ended_by_a_wake(lab_run):
    _, tries = waits_of([LinkError("x", "server_busy")], lab_run, wake_at=0.5)
    assert tries == [0.0, 0.5]


def test_only_a_service_that_says_that_it_is_busy_is_told_by_its_words(lab_run):
    assert waits_of([LinkError("x", "unreachable", 70.0)], lab_run)[0] == [0.25]


def test_what_the_far_end_asks_for_again_and_again_grows(lab_run):
    waits, _ = waits_of([LinkError("x", "server_busy", 0.0)] * 9, lab_run)
    beyond = [wait - 1.25 for wait in waits]
    assert beyond == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 120.0, 120.0]


@pytest.mark.slow
@pytest.mark.parametrize("cause", CAUSES)
def test_kiosks_that_lost_the_same_at_the_same_moment_do_not_come_back_in_step(lab_run, cause):
    asked_s = 60.0 if CAUSES[cause].retry is Retry.THROTTLED else None
    second = []
    for seed in range(40):
        waits, _ = waits_of(
            [LinkError("x", cause, asked_s)] * 12,
            lab_run,
            lives=[None, *[6.0] * 11],
            rng=Random(seed),
            outside=True,
        )
        second.append(waits)
    for waits in zip(*second, strict=True):
        assert len({round(wait, 2) for wait in waits}) > 10


def test_a_wake_ends_a_wait_at_once(lab_run):
    failures = [LinkError("x", "unreachable")] * 8
    _, tries = waits_of(failures, lab_run, wake_at=20.0)
    assert tries == [0.0, 0.25, 0.75, 1.75, 3.75, 7.75, 15.75, 20.0, 52.0]


def test_a_wake_moves_a_refused_try_but_not_before_its_least_wait(lab_run):
    _, tries = waits_of([LinkError("x", "key_refused")], lab_run, wake_at=1.0)
    assert tries == [0.0, 5.0]
    _, tries = waits_of([LinkError("x", "key_refused")], lab_run, wake_at=30.0)
    assert tries == [0.0, 30.0]


def test_classes_wait_by_themselves(lab_run):
    failures = [
        DeviceError("x"),
        LinkError("x", "unreachable"),
        DeviceError("x"),
        LinkError("x", "unreachable"),
    ]
    waits, _ = waits_of(failures, lab_run)
    assert waits == [0.25, 0.25, 0.5, 0.5]


def test_a_bug_passes_through(lab_run):
    async def attempt(proof):
        raise ZeroDivisionError

    async def main():
        with pytest.raises(ZeroDivisionError):
            await keep(attempt, rng=Top(), wake=Wake(), failed=lambda *_: None)

    lab_run(main())


def test_a_cancellation_that_an_ending_attempt_swallowed_still_ends_it(lab_run):
    tries = []

    async def attempt(proof):
        tries.append(1)
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            raise LinkError("x", "link_closed") from None

    async def main():
        task = asyncio.create_task(keep(attempt, rng=Top(), wake=Wake(), failed=lambda *_: None))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait({task}, timeout=60)
        assert task.cancelled()

    lab_run(main())
    assert tries == [1]


# Tries that cost somebody outside


def test_ten_tries_are_there_at_once_and_then_one_comes_each_half_minute():
    allowance = Allowance()
    for _ in range(10):
        assert allowance.wait_s(1000.0) == 0.0
        allowance.spend(1000.0)
    assert allowance.wait_s(1000.0) == 30.0
    assert allowance.wait_s(1012.0) == pytest.approx(18.0)
    assert allowance.wait_s(1030.0) == 0.0
    allowance.spend(1030.0)
    assert allowance.wait_s(1030.0) == pytest.approx(30.0)


def test_who_wants_some_left_besides_waits_for_those_too():
    allowance = Allowance()
    for _ in range(7):
        allowance.spend(1000.0)
    assert [allowance.wait_s(1000.0, besides=n) for n in range(5)] == [0.0, 0.0, 0.0, 30.0, 60.0]


def test_a_try_after_a_long_rest_counts_whole():
    allowance = Allowance()
    allowance.spend(0.0)
    for _ in range(10):
        allowance.spend(6000.0)
    assert allowance.wait_s(6000.0) == 30.0


def test_a_try_that_is_given_back_is_one_and_no_more_than_was_spent():
    allowance = Allowance()
    for _ in range(11):
        allowance.spend(1000.0)
    allowance.give_back()
    assert allowance.wait_s(1000.0) == 30.0
    fresh = Allowance()
    fresh.give_back()
    for _ in range(10):
        fresh.spend(1000.0)
    assert fresh.wait_s(1000.0) == 30.0


@pytest.mark.parametrize(
    ("spent", "wait_s", "least_s"),
    [
        (4, 0.25, 0.0),
        # Four are kept for wakes, and a fifth comes back in half a minute.
        (5, 30.0 + SPREAD_S, 0.0),
        (6, 60.0 + SPREAD_S, 0.0),
        (8, 60.0 + SPREAD_S, 0.0),  # the wait for the four is at most a minute
        (9, 60.0 + SPREAD_S, 30.0 + SPREAD_S),  # none is left: a wake has to wait until one comes back
        (12, 120.0 + SPREAD_S, 120.0 + SPREAD_S),
    ],
)
def test_the_fewer_are_left_the_longer_the_wait(lab_run, spent, wait_s, least_s):
    error = LinkError("x", "unreachable")
    waits, tries = waits_of([error], lab_run, outside=True, spent=spent)
    assert (waits, tries) == ([wait_s], [0.0, wait_s])
    _, tries = waits_of([error], lab_run, outside=True, spent=spent, wake_at=0.125)
    assert tries == [0.0, max(least_s, 0.125)]


@pytest.mark.parametrize("lived_s", [20.0, 19.9, None])
def test_a_life_of_twenty_seconds_gives_its_try_back(lab_run, lived_s):
    waits, _ = waits_of([LinkError("x", "link_closed")], lab_run, lives=[lived_s], outside=True, spent=5)
    # Six are spent, and in this time two thirds of one have come back.
    assert waits == [{20.0: SPREAD_S, 19.9: pytest.approx(10.1 + SPREAD_S), None: 30.0 + SPREAD_S}[lived_s]]


@pytest.mark.parametrize("cause", CAUSES)
def test_only_what_reaches_nobody_gives_its_try_back_without_a_life(lab_run, cause):
    reaches_nobody = cause in ("offline", "dns_failed", "clock_unset")
    rng = Bottom()
    waits, _ = waits_of([LinkError("x", cause, 0.0)], lab_run, outside=True, spent=5, rng=rng)
    assert (waits[0] < 30.0) is reaches_nobody
    waits, _ = waits_of([LinkError("x", cause, 0.0)], lab_run, outside=True, spent=6, lives=[1.0], rng=rng)
    assert waits[0] >= 30.0


@pytest.mark.parametrize("seed", range(5))
def test_the_wait_that_is_told_is_the_one_that_is_made(lab_run, seed):
    waits, tries = waits_of([LinkError("x", "unreachable")] * 30, lab_run, outside=True, rng=Random(seed))
    assert [then - at for at, then in pairwise(tries)] == pytest.approx(waits, abs=0.002)


def most_in_a_window(times):
    return max(sum(at <= time <= at + WINDOW_S for time in times) for at in times)


def tries_in(hours, lab_run, error, *, life_s=None, wakes=(), takes_s=0.05, seed=1, pending=False):
    """When `keep` tried, with failures of one kind for this long, and wakes at these times."""
    tries, wake = [], Wake()

    async def main():
        loop = asyncio.get_running_loop()
        start = loop.time()
        for at in wakes:
            loop.call_at(start + at, wake)

        async def attempt(proof):
            tries.append(loop.time() - start)
            await asyncio.sleep(takes_s)
            if life_s is not None:
                proof()
                await asyncio.sleep(life_s)
            raise error

        outside = Outside(Allowance(), pending=lambda: pending)
        try:
            async with asyncio.timeout(hours * 3600):
                await keep(attempt, rng=Random(seed), wake=wake, failed=lambda *_: None, outside=outside)
        except TimeoutError:
            pass

    lab_run(main())
    return tries


OUT = [name for name in CAUSES if name not in NOT_OUT]


@pytest.mark.slow
@pytest.mark.parametrize("life_s", [None, 0.0, PROVEN_S + 0.3, LIVED_S - 0.5])
@pytest.mark.parametrize("pending", [False, True])
def test_no_cause_is_tried_more_often_than_thirty_times_in_ten_minutes(lab_run, life_s, pending):
    for cause in OUT:
        error = LinkError("x", cause, 0.0)
        tries = tries_in(1.5, lab_run, error, life_s=life_s, wakes=range(0, 1800, 2), pending=pending)
        assert most_in_a_window(tries) <= MOST_TRIES, cause
        assert len(tries) >= 3, cause


def test_a_life_is_not_on_the_allowance(lab_run):
    tries = tries_in(1, lab_run, LinkError("x", "link_closed"), life_s=LIVED_S)
    assert len(tries) > 3600 / (LIVED_S + 2 * SPREAD_S)


@pytest.mark.parametrize("cause", sorted(NOT_OUT))
def test_what_reaches_nobody_is_tried_as_often_as_ever(lab_run, cause):
    assert len(tries_in(0.5, lab_run, LinkError("x", cause))) > 800


def test_good_news_after_hours_finds_a_try_left(lab_run):
    news = [7200 + n * 0.5 for n in range(3)]
    tries = tries_in(2.1, lab_run, LinkError("x", "unreachable"), wakes=news)
    assert sum(7200 <= at < 7202 for at in tries) >= 3


def test_who_has_knocked_until_nothing_was_left_knocks_by_itself_within_a_minute(lab_run):
    """This holds however many presses have used up the tries."""
    tries = tries_in(0.2, lab_run, LinkError("x", "unreachable"), wakes=[n * 0.5 for n in range(40)])
    emptied = next(at for at, after in pairwise(tries) if after - at > 20)
    assert emptied < 20
    assert all(then - at <= SAVES_FOR_S + SPREAD_S + 0.05 for at, then in pairwise(tries))


def test_a_wake_that_comes_during_a_try_is_not_lost(lab_run):
    """The next try comes at once, although its wait would have been up to a minute."""
    error = LinkError("x", "handshake_timeout")
    quiet = tries_in(1, lab_run, error, takes_s=10.0)
    last = next(at for at, then in pairwise(quiet) if then - at > 40)
    tries = tries_in(1, lab_run, error, takes_s=10.0, wakes=[last + 1.0])
    assert tries[: quiet.index(last) + 1] == quiet[: quiet.index(last) + 1]
    assert tries[quiet.index(last) + 1] == pytest.approx(last + 10.0)


@pytest.mark.parametrize(("pending", "most_s"), [(True, 0.0), (False, SPREAD_S)])
def test_the_first_wait_after_a_life_is_none_for_who_has_something_pending(lab_run, pending, most_s):
    waits, _ = waits_of([LinkError("x", "link_closed")], lab_run, lives=[5.0], outside=True, pending=pending)
    assert waits == [most_s]


def test_a_press_while_all_is_well_does_not_shorten_the_wait_after_it(lab_run):
    lost = LinkError("x", "link_closed")
    _, tries = waits_of([lost], lab_run, lives=[100.0], wake_at=50.0, outside=True)
    assert tries == [0.0, 100.0 + SPREAD_S]


def test_whatever_ends_a_short_life_the_waits_grow(lab_run):
    for cause in ("session_expired", "link_silent", "link_closed", "server_error", "bad_message"):
        waits, _ = waits_of([LinkError("x", cause)] * 4, lab_run, lives=[0.0] * 4, outside=True)
        assert waits == [1.0, 2.0, 4.0, 8.0], cause


def test_the_waits_grow_for_a_device_that_opens_and_then_fails(lab_run):
    waits, _ = waits_of([DeviceError("x", "microphone_lost")] * 9, lab_run, lives=[0.5] * 9)
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
