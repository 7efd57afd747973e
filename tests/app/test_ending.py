"""The parts of a kiosk, in virtual time."""

import asyncio
from contextlib import nullcontext

import pytest

from edged.app.ending import Parts
from instruments.lab.loop import run


async def ends():
    await asyncio.sleep(1)


async def fails():
    await asyncio.sleep(1)
    raise ZeroDivisionError


async def is_let_down():
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(1, future.cancel)
    await future


async def lasts():
    await asyncio.sleep(3600)


def kiosk(*works, act=None):
    """Run the parts for ten seconds. Returns what failed, and what the group raised."""
    failed = []

    async def main():
        stopping = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            parts = Parts(tasks, stopping, failed.append)
            for number, work in enumerate(works):
                parts.begin(f"part {number}", work)
            if act is not None:
                act(parts)
            await asyncio.sleep(10)
            stopping.set()
            await parts.wind_up()

    with pytest.raises(BaseExceptionGroup) if act is None else nullcontext():
        run(main())
    return failed


@pytest.mark.parametrize(
    ("work", "error"), [(ends, RuntimeError), (fails, ZeroDivisionError), (is_let_down, RuntimeError)]
)
def test_a_part_that_ends_unasked_is_told_once_whatever_becomes_of_the_others(work, error):
    assert [type(each) for each in kiosk(lasts, work, lasts)] == [error]


def test_a_part_that_somebody_else_cancels_is_told():
    def cancel():
        next(task for task in asyncio.all_tasks() if task.get_name() == "part 0").cancel()

    async def cancels():
        await asyncio.sleep(1)
        cancel()
        await lasts()

    assert [type(each) for each in kiosk(lasts, cancels)] == [RuntimeError]


def test_a_part_that_was_let_go_and_the_end_are_told_to_nobody():
    def act(parts):
        parts.let_go("part 0")
        parts.begin("part 0", lasts)
        assert parts.lives("part 0")

    assert kiosk(lasts, lasts, act=act) == []


def test_the_end_of_him_who_has_them_is_theirs():
    failed = []

    async def owner():
        async with asyncio.TaskGroup() as tasks:
            Parts(tasks, asyncio.Event(), failed.append).begin("part", lasts)
            await asyncio.sleep(60)

    async def main():
        task = asyncio.create_task(owner())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()

    run(main())
    assert failed == []
