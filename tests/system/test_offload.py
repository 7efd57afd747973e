import asyncio
import threading

import pytest

from edged.errors import DeviceError
from edged.system.offload import Aside, OneAtATime, ThreadOffload
from instruments.lab.loop import run, virtual
from instruments.lab.ports import SimOffload


def one_at_a_time():
    return OneAtATime(ThreadOffload())


@pytest.fixture(params=[ThreadOffload, SimOffload, one_at_a_time])
def offload(request):
    return request.param()


# -- the contract ------------------------------------------------------------------------------------


def test_it_gives_what_the_call_gives(offload):
    async def main():
        return await offload(divmod, 7, 2, deadline_s=10)

    assert asyncio.run(main()) == (3, 1)


@pytest.mark.parametrize(
    "error", [DeviceError("gone"), TimeoutError("the device's own"), ZeroDivisionError()]
)
def test_it_raises_what_the_call_raises(offload, error):
    def call():
        raise error

    async def main():
        with pytest.raises(type(error)) as raised:
            await offload(call, deadline_s=10)
        return raised.value

    assert asyncio.run(main()) is error


# -- the thread --------------------------------------------------------------------------------------


class Hanging:
    """A device call that returns when the test releases it."""

    def __init__(self):
        self.began, self.release, self.thread = threading.Event(), threading.Event(), None

    def __call__(self):
        self.thread = threading.current_thread()
        self.began.set()
        self.release.wait(60)
        raise RuntimeError("too late for anybody to learn")

    def end(self):
        self.release.set()
        self.thread.join(60)


@pytest.fixture
def hanging():
    call = Hanging()
    yield call
    if call.thread is not None:
        call.end()


def test_the_call_runs_on_a_daemon_thread_of_its_own():
    async def main():
        threads = [await ThreadOffload()(threading.current_thread, deadline_s=10) for _ in range(2)]
        assert threading.current_thread() not in threads
        assert threads[0] is not threads[1]
        assert all(thread.daemon for thread in threads)

    asyncio.run(main())


def test_a_call_that_hangs_is_a_device_error_and_holds_nobody(hanging):
    async def main():
        with pytest.raises(DeviceError, match="has not returned") as raised:
            await ThreadOffload()(hanging, deadline_s=0)
        assert raised.value.cause == "device_hung"
        assert await ThreadOffload()(lambda: "next", deadline_s=10) == "next"
        hanging.began.wait(60)

    asyncio.run(main())  # it returns although the call hangs
    assert hanging.thread.is_alive()
    assert hanging.thread.daemon


def test_a_late_return_while_the_loop_runs_is_silent(hanging):
    problems = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
        with pytest.raises(DeviceError):
            await ThreadOffload()(hanging, deadline_s=0)
        hanging.began.wait(60)
        hanging.end()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert not problems


def test_a_bug_in_a_call_that_nobody_waits_for_is_not_lost(hanging):
    problems = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
        waiting = asyncio.ensure_future(ThreadOffload()(hanging, deadline_s=10))
        await asyncio.sleep(0)
        hanging.began.wait(10)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        hanging.end()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert [type(problem["exception"]) for problem in problems] == [RuntimeError]


def test_cancelling_the_wait_leaves_the_call_alone(hanging):
    async def main():
        waiting = asyncio.ensure_future(ThreadOffload()(hanging, deadline_s=10))
        await asyncio.sleep(0)
        hanging.began.wait(60)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(main())
    assert hanging.thread.is_alive()


# -- one at a time -----------------------------------------------------------------------------------


def test_while_one_call_hangs_no_other_is_started(hanging):
    async def main():
        disk, begun = one_at_a_time(), []
        with pytest.raises(DeviceError, match=r"Hanging.* has not returned"):
            await disk(hanging, deadline_s=0)
        before = threading.active_count()
        for _ in range(10):
            with pytest.raises(DeviceError) as raised:
                await disk(begun.append, 1, deadline_s=10**6)  # fails at once, without waiting
            assert raised.value.cause == "device_hung"
        assert (begun, threading.active_count()) == ([], before)
        hanging.end()
        await asyncio.sleep(0)
        await disk(begun.append, 2, deadline_s=10)
        assert begun == [2]

    asyncio.run(main())


def test_a_call_waits_for_the_one_before_also_when_nobody_waits_for_that(hanging):
    async def main():
        disk, order = one_at_a_time(), []
        first = asyncio.ensure_future(disk(hanging, deadline_s=10))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(disk(order.append, "second", deadline_s=10))
        hanging.began.wait(60)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert order == []
        hanging.release.set()
        await second
        assert order == ["second"]

    asyncio.run(main())


def test_a_call_does_not_wait_longer_than_it_may():
    async def main():
        offload = SimOffload()
        disk, offload.hangs = OneAtATime(offload), True
        first = asyncio.ensure_future(disk(pytest.fail, deadline_s=30))
        await asyncio.sleep(1)
        with pytest.raises(DeviceError):
            await disk(pytest.fail, deadline_s=3)
        assert virtual().time() == 4
        with pytest.raises(DeviceError):
            await first
        assert virtual().time() == 30

    run(main())


# -- aside: for a thread that may wait, but not forever -----------------------------------------------


def test_aside_gives_what_the_call_gives_and_raises_what_it_raises():
    aside = Aside()
    assert aside(divmod, 7, 2, within_s=60) == (3, 1)
    error = DeviceError("gone")

    def call():
        raise error

    with pytest.raises(DeviceError) as raised:
        aside(call, within_s=60)
    assert raised.value is error
    assert aside(divmod, 7, 2, within_s=60) == (3, 1)


def test_aside_a_call_that_hangs_is_left_alone_and_no_other_begins(hanging):
    aside, begun = Aside(), []
    with pytest.raises(DeviceError, match=r"Hanging.* has not returned") as raised:
        aside(hanging, within_s=0)
    assert raised.value.cause == "device_hung"
    assert hanging.began.wait(60)
    before = threading.active_count()
    for _ in range(3):
        with pytest.raises(DeviceError, match="has not returned"):
            aside(begun.append, 1, within_s=0)
    assert (begun, threading.active_count()) == ([], before)
    hanging.end()
    aside(begun.append, 2, within_s=60)
    assert begun == [2]


# -- virtual time ------------------------------------------------------------------------------------


def test_a_simulated_call_may_take_its_time_or_hang():
    async def main():
        offload = SimOffload(delay_s=2)
        assert await offload(lambda: "done", deadline_s=5) == "done"
        assert virtual().time() == 2
        offload.hangs = True
        with pytest.raises(DeviceError) as raised:
            await offload(pytest.fail, deadline_s=5)
        assert raised.value.cause == "device_hung"
        return virtual().time()

    assert run(main()) == 7
