import asyncio
from random import Random

import pytest

from edged.errors import DeviceError
from edged.keeper import Keeper
from instruments.lab.ports import SimOffload


class Device:
    """Opens unless the test says otherwise. The test can call `lost`."""

    def __init__(self, refusals=0, cause="microphone_lost"):
        self.refusals, self.cause = refusals, cause
        self.lost = None
        self.history = []

    def start(self, lost):
        if self.refusals:
            self.refusals -= 1
            raise DeviceError("cannot open", self.cause)
        self.history.append("start")
        self.lost = lost

    def stop(self):
        self.history.append("stop")


async def inline(call, *args, deadline_s):
    return call(*args)


def kept(device, changes, offload=inline):
    return Keeper(
        "microphone",
        device.start,
        device.stop,
        offload=offload,
        changed=lambda name, up, cause: changes.append((name, up, cause)),
        rng=Random(1),
    )


async def running(keeper, body):
    task = asyncio.create_task(keeper.run())
    try:
        await asyncio.sleep(1)
        await body()
    finally:
        task.cancel()
        await asyncio.wait({task})


def test_a_lost_device_is_told_and_opened_again(lab_run):
    device, changes = Device(), []
    keeper = kept(device, changes)

    async def body():
        assert keeper.up
        device.lost(DeviceError("gone", "microphone_lost"))
        await asyncio.sleep(10)
        assert keeper.up

    lab_run(running(keeper, body))
    assert changes == [
        ("microphone", True, None),
        ("microphone", False, "microphone_lost"),
        ("microphone", True, None),
    ]
    assert device.history == ["start", "stop", "start", "stop"]


def test_a_device_that_is_not_there_yet_is_told_once_and_tried_again(lab_run):
    device, changes = Device(refusals=5), []

    async def body():
        await asyncio.sleep(20)

    lab_run(running(kept(device, changes), body))
    assert changes == [("microphone", False, "microphone_lost"), ("microphone", True, None)]


def test_what_does_not_open_is_shut_in_the_same_call(lab_run):
    """A missing device is tried for days, and each call needs its own thread."""
    device, calls = Device(refusals=5), []

    async def counted(call, *args, deadline_s):
        calls.append(call)
        return call(*args)

    keeper = kept(device, [], offload=counted)

    async def body():
        await asyncio.sleep(20)
        assert keeper.up
        assert len(calls) == 6

    lab_run(running(keeper, body))
    assert device.history == ["stop"] * 5 + ["start", "stop"]


def test_it_is_shut_while_nobody_wants_it(lab_run):
    device, changes = Device(), []
    keeper = kept(device, changes)
    keeper.want(False)

    async def body():
        assert device.history == []
        keeper.want(True)
        await asyncio.sleep(0.1)
        assert device.history == ["start"]
        keeper.want(False)
        await asyncio.sleep(0.1)
        assert device.history == ["start", "stop"]

    lab_run(running(keeper, body))
    assert device.history == ["start", "stop"]
    assert changes == [("microphone", True, None)]


def test_what_is_wanted_no_longer_when_its_turn_comes_is_not_opened(lab_run):
    device, changes = Device(), []
    keeper = kept(device, changes)
    keeper.want(False)

    async def body():
        keeper.want(True)
        keeper.want(False)  # before the keeper has run
        await asyncio.sleep(1)
        assert device.history == []
        keeper.want(True)
        await asyncio.sleep(1)
        assert device.history == ["start"]

    lab_run(running(keeper, body))


def test_a_call_that_hangs_ends_the_process(lab_run):
    async def hangs(call, *args, deadline_s):
        raise DeviceError("open did not return", "device_hung")

    async def main():
        with pytest.raises(DeviceError):
            await kept(Device(), [], hangs).run()

    lab_run(main())


def test_a_device_is_exchanged_for_another_while_it_is_open(lab_run):
    old, new, changes = Device(), Device(), []
    keeper = kept(old, changes)

    async def body():
        keeper.replace(new.start, new.stop)
        await asyncio.sleep(1)
        assert keeper.up
        assert old.history == ["start", "stop"]
        assert new.history == ["start"]

    lab_run(running(keeper, body))
    assert new.history == ["start", "stop"]
    assert [up for _, up, _ in changes] == [True, True]


def test_a_device_is_exchanged_for_another_while_it_is_being_opened(lab_run):
    old, new, changes = Device(), Device(), []
    keeper = kept(old, changes, SimOffload(delay_s=0.5))

    async def main():
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(0.1)
        keeper.replace(new.start, new.stop)
        keeper.want(True)  # as a reload does, although it was already wanted
        await asyncio.sleep(30)
        assert (old.history, new.history) == (["start", "stop"], ["start"])
        task.cancel()
        await asyncio.wait({task})

    lab_run(main())


def test_a_device_that_can_not_be_opened_is_exchanged_without_waiting(lab_run):
    old, new, changes = Device(refusals=10**6), Device(), []
    keeper = kept(old, changes)

    async def body():
        keeper.replace(new.start, new.stop)
        await asyncio.sleep(0.01)
        assert keeper.up

    lab_run(running(keeper, body))
