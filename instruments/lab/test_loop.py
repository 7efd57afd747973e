import asyncio
import os
import random
import secrets
import signal
import threading
import time
import uuid
from contextlib import suppress

import pytest

from instruments.lab.loop import (
    WALL_AT_START,
    Deadlock,
    Forbidden,
    Livelock,
    OutOfTime,
    Unhandled,
    run,
    virtual,
)


async def wait_forever():
    await asyncio.get_running_loop().create_future()


def test_a_year_of_sleep_is_exact_and_takes_no_time():
    async def main():
        await asyncio.sleep(365 * 86400)
        return asyncio.get_running_loop().time()

    assert run(main()) == 365 * 86400  # in real time, the time limit of the suite would end it


def test_timers_fire_in_the_order_of_their_times():
    async def main():
        seen = []
        loop = asyncio.get_running_loop()
        for delay in (3, 1, 2):
            loop.call_later(delay, lambda d=delay: seen.append((d, loop.time())))
        await asyncio.sleep(4)
        return seen

    assert run(main()) == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_timers_fire_after_very_long_runs_too():
    async def main():
        await asyncio.sleep(100_000 * 3600)
        for _ in range(100):
            await asyncio.sleep(0.02)

    run(main())


def test_computing_takes_no_time():
    async def main():
        sum(range(100_000))
        return asyncio.get_running_loop().time(), time.monotonic(), time.time()

    assert run(main()) == (0.0, 0.0, WALL_AT_START)


def test_all_clocks_follow_the_run_and_are_real_again_afterwards():
    async def main():
        before = time.monotonic(), time.monotonic_ns(), time.time(), time.time_ns()
        await asyncio.sleep(2.5)
        after = time.monotonic(), time.monotonic_ns(), time.time(), time.time_ns()
        return [b - a for a, b in zip(before, after, strict=True)]

    real = time.time()
    assert run(main()) == [2.5, 2_500_000_000, 2.5, 2_500_000_000]
    assert time.time() >= real


def test_the_wall_clock_may_be_stepped_and_monotonic_time_does_not_notice():
    async def main():
        virtual().wall_offset_s -= 56 * 365 * 86400
        return time.time() - WALL_AT_START, time.monotonic()

    assert run(main()) == (-56 * 365 * 86400, 0.0)


def test_sleeping_forever_is_reported_with_the_place():
    async def main():
        await asyncio.create_task(wait_forever(), name="patient")

    with pytest.raises(Deadlock, match=r"(?s)patient: .*test_loop\.py:\d+ in wait_forever"):
        run(main())


def test_turning_without_end_is_reported():
    async def main():
        for _ in iter(int, 1):
            await asyncio.sleep(0)

    with pytest.raises(Livelock, match="no end at"):
        run(main())


def test_a_run_may_be_limited_in_virtual_time():
    async def main():
        for _ in range(1_000_000):
            await asyncio.sleep(1)

    with pytest.raises(OutOfTime):
        run(main(), limit_s=3600)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: asyncio.to_thread(print),
        lambda: asyncio.sleep(0, threading.Thread(target=print).start()),
        lambda: asyncio.sleep(0, time.sleep(0.001)),
        lambda: asyncio.sleep(0, asyncio.get_running_loop().add_reader(0, print)),
    ],
)
def test_threads_blocking_and_descriptors_are_refused(attempt):
    async def main():
        try:
            await attempt()
        except Exception:  # noqa: BLE001 the point: not even this may swallow it
            pytest.fail("swallowed")

    with pytest.raises(Forbidden):
        run(main())


def test_threads_work_again_after_a_run():
    run(asyncio.sleep(1))
    ran = []
    thread = threading.Thread(target=lambda: ran.append(1))
    thread.start()
    thread.join()
    assert ran


def test_an_exception_of_a_callback_fails_the_run():
    async def main():
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(1)

    with pytest.raises(Unhandled, match="ZeroDivisionError"):
        run(main())


def test_an_exception_of_a_forgotten_task_fails_the_run():
    async def fail():
        raise ValueError("nobody listens")

    async def main(kept):
        kept.append(asyncio.create_task(fail()))
        await asyncio.sleep(1)

    with pytest.raises(Unhandled, match="nobody listens"):
        run(main([]))


def test_what_main_raises_is_raised():
    async def main():
        raise KeyError("x")

    with pytest.raises(KeyError):
        run(main())


def test_tasks_left_over_are_cancelled_the_oldest_first():
    ended = []

    async def linger(name):
        try:
            await wait_forever()
        finally:
            ended.append(name)

    async def main(kept):
        kept += [asyncio.create_task(linger(name)) for name in range(50)]
        await asyncio.sleep(1)

    run(main([]))
    assert ended == list(range(50))


def test_a_task_group_cancels_in_the_order_of_birth():
    ended = []

    async def linger(name):
        try:
            await wait_forever()
        finally:
            ended.append(name)

    async def main():
        with suppress(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                for name in range(50):
                    group.create_task(linger(name))
                await asyncio.sleep(1)
                raise ValueError

    run(main())
    assert ended == list(range(50))


def draws():
    async def main():
        own = asyncio.get_running_loop().random.random()
        return (
            own,
            random.random(),
            os.urandom(4),
            secrets.token_bytes(4),
            uuid.uuid4(),
            random.SystemRandom().random(),
        )

    return main()


def test_all_randomness_follows_the_seed():
    assert run(draws(), seed=1) == run(draws(), seed=1)
    assert not set(run(draws(), seed=1)) & set(run(draws(), seed=2))


def test_randomness_is_restored_afterwards():
    random.seed(5)
    expected = random.random()
    random.seed(5)
    run(draws(), seed=1)
    assert random.random() == expected
    assert os.urandom(16) != os.urandom(16)


def test_signals_can_be_delivered():
    async def main():
        loop = virtual()
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.call_later(5, loop.deliver_signal, signal.SIGTERM)
        await stop.wait()
        return loop.time()

    assert run(main()) == 5


def test_call_soon_threadsafe_works_from_the_loop():
    async def main():
        done = asyncio.Event()
        asyncio.get_running_loop().call_soon_threadsafe(done.set)
        await done.wait()

    run(main())


def test_the_fixture_runs_in_virtual_time(lab_run):
    async def main():
        await asyncio.sleep(1000)
        return asyncio.get_running_loop().time()

    assert lab_run(main()) == 1000


def test_a_finaliser_that_raises_fails_the_run():
    class Broken:
        def __del__(self):
            raise ZeroDivisionError

    async def main():
        Broken()

    with pytest.raises(Unhandled, match="ZeroDivisionError"):
        run(main())


def test_a_task_that_fails_when_it_is_cancelled_fails_the_run():
    async def left():
        try:
            await asyncio.sleep(60)
        finally:
            raise ZeroDivisionError

    async def main():
        asyncio.get_running_loop().create_task(left())
        await asyncio.sleep(1)

    with pytest.raises(Unhandled, match="ZeroDivisionError"):
        run(main())
