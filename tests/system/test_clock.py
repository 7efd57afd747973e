import asyncio
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from edged.system.clock import SystemClock
from instruments.lab.loop import run, virtual
from instruments.lab.ports import SimClock


@pytest.fixture(params=["system", "sim"])
def read(request):
    """Run `act(clock)` with a clock of either kind."""

    def with_clock(act):
        if request.param == "system":
            return act(SystemClock())

        async def main():
            return act(SimClock(virtual()))

        return run(main())

    return with_clock


def test_monotonic_time_is_whole_milliseconds_and_never_goes_back(read):
    times = read(lambda clock: [clock.monotonic_ms() for _ in range(1000)])
    assert all(isinstance(at, int) for at in times)
    assert times == sorted(times)


def test_both_clocks_are_the_machines(read):
    def act(clock):
        before = time.monotonic() * 1000, time.time()
        at = clock.monotonic_ms(), clock.wall()
        after = time.monotonic() * 1000, time.time()
        return before, at, after

    before, at, after = read(act)
    assert int(before[0]) <= at[0] <= after[0]
    assert before[1] <= at[1] <= after[1]


def test_virtual_milliseconds_are_exact():
    async def main():
        clock, times = SimClock(virtual()), []
        for _ in range(1000):
            await asyncio.sleep(0.001)
            times.append(clock.monotonic_ms())
        return times

    assert run(main()) == list(range(1, 1001))


def test_setting_the_wall_clock_leaves_monotonic_time_alone():
    async def main():
        clock = SimClock(virtual())
        before = clock.monotonic_ms(), clock.wall()
        clock.step(-56 * 365 * 86400)
        return clock.monotonic_ms() - before[0], clock.wall() - before[1]

    assert run(main()) == (0, -56 * 365 * 86400)


@pytest.mark.parametrize("zones", [("Asia/Tokyo", "America/New_York"), ("Pacific/Auckland", "UTC")])
def test_local_time_is_that_of_the_zone_which_is_set_now(monkeypatch, zones):
    clock = SystemClock()
    try:
        for zone in zones:  # somebody changes the zone while edged runs
            monkeypatch.setenv("TZ", zone)
            before = datetime.now(ZoneInfo(zone)).replace(tzinfo=None)
            local = clock.local()
            assert before <= local <= datetime.now(ZoneInfo(zone)).replace(tzinfo=None)
    finally:
        monkeypatch.undo()
        time.tzset()
