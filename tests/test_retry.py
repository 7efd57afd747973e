from itertools import islice
from random import Random

import pytest

from edged.causes import Retry
from edged.errors import DeviceError, LinkError
from edged.retry import POLICIES, PROVEN_S, WAKE_REFUSED_S, Policy, Wake, delays, keep


class Top:
    """A Random that always draws the upper bound, so that the ceiling can be seen."""

    def uniform(self, low, high):
        self.low = low
        return high


class Stop(Exception):  # noqa: N818 it is no error
    pass


def waits_of(failures, lab_run, *, lives=(), wake_at=None, rng=None):
    """The waits that `keep` announces and the times at which it tries, for a list of errors."""
    import asyncio

    waits, tries = [], []

    async def main():
        loop = asyncio.get_running_loop()
        wake = Wake()
        todo = iter(failures)
        lived = iter(lives)
        if wake_at is not None:
            loop.call_at(loop.time() + wake_at, wake)
        start = loop.time()

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
            raise error

        with pytest.raises(Stop):
            await keep(attempt, rng=rng or Top(), wake=wake, failed=lambda _, wait: waits.append(wait))

    lab_run(main())
    return waits, tries


def test_ceilings_double_up_to_the_cap():
    top = Top()
    assert list(islice(delays(Policy(0.25, 2.0), top), 6)) == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0]
    assert top.low == 0.0


def test_refused_never_waits_less_than_its_floor():
    drawn = list(islice(delays(POLICIES[Retry.REFUSED], Random(3)), 200))
    assert min(drawn) >= 60.0
    assert max(drawn) <= 900.0


def test_full_jitter_uses_the_whole_range():
    drawn = list(islice(delays(Policy(8.0, 8.0), Random(1)), 400))
    assert min(drawn) < 0.5
    assert max(drawn) > 7.5


def test_failures_wait_longer_and_longer(lab_run):
    waits, tries = waits_of([LinkError("x", "unreachable")] * 4, lab_run)
    assert waits == [0.25, 0.5, 1.0, 2.0]
    assert tries == [0.0, 0.25, 0.75, 1.75, 3.75]


def test_a_proven_life_starts_over_with_no_wait_at_all(lab_run):
    lost = LinkError("x", "link_closed")
    waits, _ = waits_of([lost, lost, lost, lost], lab_run, lives=[None, None, PROVEN_S, None])
    assert waits == [1.0, 2.0, 0.0, 1.0]


def test_accept_then_close_counts_as_failure(lab_run):
    lost = LinkError("x", "link_closed")
    waits, _ = waits_of([lost] * 4, lab_run, lives=[PROVEN_S - 0.01] * 4)
    assert waits == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize(("asked", "wait"), [(7.0, 7.0), (0.0, 1.0), (10**11, 900.0)])
def test_what_the_far_end_asked_for_is_kept_within_bounds(lab_run, asked, wait):
    waits, tries = waits_of([LinkError("x", "server_busy", asked)], lab_run, wake_at=0.1)
    assert waits == [wait]
    assert tries[1] == wait


def test_a_wake_ends_a_wait_at_once(lab_run):
    failures = [LinkError("x", "unreachable")] * 8
    _, tries = waits_of(failures, lab_run, wake_at=20.0)
    assert 20.0 in tries


def test_a_wake_moves_a_refused_try_but_not_before_its_least_wait(lab_run):
    _, tries = waits_of([LinkError("x", "key_refused")], lab_run, wake_at=1.0)
    assert tries == [0.0, WAKE_REFUSED_S]
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
    import asyncio

    async def attempt(proof):
        raise ZeroDivisionError

    async def main():
        with pytest.raises(ZeroDivisionError):
            await keep(attempt, rng=Top(), wake=Wake(), failed=lambda *_: None)

    lab_run(main())
    assert asyncio


def test_a_cancellation_that_an_ending_attempt_swallowed_still_ends_it(lab_run):
    import asyncio

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
