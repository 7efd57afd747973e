import asyncio
from random import Random

import pytest

from edged.errors import DeviceError
from edged.keeper import MOST_LEFT, OPEN_LEFT_S, OPEN_WITHIN_S, SHUT_WITHIN_S, SLOW_S, WORKED_S, Keeper, Life
from instruments.lab.ports import Blocked, SimOffload


class Device:
    """Opens unless the test says otherwise. The test can call `lost`, and keep `start` or `stop` from returning."""

    def __init__(self, refusals=0, cause="microphone_lost", name=""):
        self.refusals, self.cause, self.name = refusals, cause, name
        self.lost = None
        self.others = False
        self.history = []
        self.opening = self.closing = None

    def life(self):
        told = self.history.append
        return Life(
            self.start,
            self.stop,
            lambda: self.name,
            lambda: self.others,
            lambda: told("leave"),
            lambda: told("returned"),
            lambda: told("worked"),
        )

    def start(self, lost):
        if self.opening is not None and not self.opening.done():
            raise Blocked(self.opening)
        if self.refusals:
            self.refusals -= 1
            raise DeviceError("cannot open", self.cause)
        self.history.append("start")
        self.lost = lost

    def stop(self):
        if self.closing is not None and not self.closing.done():
            raise Blocked(self.closing)
        self.history.append("stop")


async def inline(call, *args, deadline_s):
    return call(*args)


def kept(device, changes, offload=inline, afresh=lambda: None):
    return Keeper(
        "microphone",
        device.life(),
        offload=offload,
        changed=lambda name, up, cause: changes.append((name, up, cause)),
        rng=Random(1),
        afresh=afresh,
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


def test_a_device_is_exchanged_for_another_while_it_is_open(lab_run):
    old, new, changes = Device(), Device(), []
    keeper = kept(old, changes)

    async def body():
        keeper.replace(new.life())
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
        keeper.replace(new.life())
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
        keeper.replace(new.life())
        await asyncio.sleep(0.01)
        assert keeper.up

    lab_run(running(keeper, body))


# -- calls that take long, or do not return --------------------------------------------------------------


def blocking(**calls):
    """A device whose calls block until the test sets the future."""
    device = Device(name="hw:CARD=Slow,DEV=0")
    for name in calls:
        setattr(device, name, asyncio.get_running_loop().create_future())
    return device


def test_a_device_that_opens_after_eight_seconds_is_missing_meanwhile_and_then_used(lab_run):
    async def main():
        device, changes, offload = blocking(opening=True), [], SimOffload()
        keeper = kept(device, changes, offload)
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(SLOW_S - 0.01)
        assert (changes, keeper.cause) == ([], None)
        await asyncio.sleep(8 - SLOW_S)
        assert changes == [("microphone", False, "device_slow")]
        assert keeper.text == "microphone 'hw:CARD=Slow,DEV=0' takes long to open"
        device.opening.set_result(None)
        await asyncio.sleep(0.1)
        assert (keeper.up, keeper.cause) == (True, None)
        assert changes == [("microphone", False, "device_slow"), ("microphone", True, None)]
        task.cancel()
        await asyncio.wait({task})
        assert device.history == ["start", "stop"]

    lab_run(main())


def test_a_device_that_opens_after_twenty_seconds_is_called_hung_and_then_used(lab_run):
    async def main():
        device, changes, offload = blocking(opening=True), [], SimOffload()
        keeper = kept(device, changes, offload)
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(OPEN_WITHIN_S + 0.01)
        assert changes[-1] == ("microphone", False, "device_hung")
        assert "'hw:CARD=Slow,DEV=0' does not answer: opening it has not returned after 10 s" in keeper.text
        await asyncio.sleep(10)
        device.opening.set_result(None)
        await asyncio.sleep(0.1)
        assert keeper.up
        task.cancel()
        await asyncio.wait({task})
        assert device.history == ["start", "stop"]

    lab_run(main())


def test_an_opening_that_never_returns_is_left_and_its_device_is_closed_when_it_does(lab_run):
    async def main():
        device, changes, offload = blocking(opening=True), [], SimOffload()
        keeper = kept(device, changes, offload)
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(OPEN_LEFT_S + 0.01)
        assert device.history == ["leave"]
        await asyncio.sleep(3600)
        assert offload.blocked == 1  # one thread, and no more
        assert not task.done()
        assert changes[-1] == ("microphone", False, "device_hung")
        device.opening.set_result(None)
        await asyncio.sleep(0.01)
        assert device.history == ["leave", "start", "stop", "returned"]
        task.cancel()
        await asyncio.wait({task})

    lab_run(main())


def test_while_one_call_is_left_another_device_is_tried_and_no_more_than_two_are_left(lab_run):
    async def main():
        devices, changes, offload = [blocking(opening=True) for _ in range(5)], [], SimOffload()
        for each in devices:
            each.others = True
        fresh = iter(devices)
        keeper = kept(next(fresh), changes, offload, lambda: next(fresh).life())
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(OPEN_WITHIN_S + 0.01)
        assert devices[0].history == ["leave"]  # at once, because another one may work
        await asyncio.sleep(3600)
        assert offload.blocked == MOST_LEFT
        assert [each.history for each in devices] == [["leave"]] * MOST_LEFT + [[]] * (5 - MOST_LEFT)
        devices[2].opening.set_result(None)
        devices[0].opening.set_result(None)
        await asyncio.sleep(5)
        assert keeper.up
        assert devices[0].history == ["leave", "start", "stop", "returned"]
        assert devices[2].history == ["start"]
        task.cancel()
        await asyncio.wait({task})

    lab_run(main())


def test_a_call_that_hangs_in_use_is_told_before_the_device_is_closed(lab_run):
    async def main():
        device, changes, offload = Device(), [], SimOffload()
        keeper = kept(device, changes, offload)
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(1)
        device.closing = asyncio.get_running_loop().create_future()
        device.lost(DeviceError("a call to the microphone does not return", "device_hung"))
        await asyncio.sleep(0.01)
        assert changes[-1] == ("microphone", False, "device_hung")
        assert not keeper.up
        await asyncio.sleep(SHUT_WITHIN_S - 0.1)
        assert device.history == ["start"]
        await asyncio.sleep(0.1)
        assert device.history == ["start", "leave"]
        device.closing.set_result(None)
        await asyncio.sleep(0.01)
        assert device.history == ["start", "leave", "stop", "returned"]
        task.cancel()
        await asyncio.wait({task})

    lab_run(main())


def test_a_device_that_closes_late_is_opened_again(lab_run):
    async def main():
        device, changes, offload = Device(), [], SimOffload()
        keeper = kept(device, changes, offload)
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(1)
        device.closing = asyncio.get_running_loop().create_future()
        device.lost(DeviceError("gone", "microphone_lost"))
        await asyncio.sleep(SLOW_S + 0.01)
        assert changes[-1] == ("microphone", False, "microphone_lost")  # not only when it is closed
        device.closing.set_result(None)
        await asyncio.sleep(5)
        assert keeper.up
        assert device.history == ["start", "stop", "start"]
        task.cancel()
        await asyncio.wait({task})

    lab_run(main())


def test_a_device_is_exchanged_for_another_while_its_opening_hangs(lab_run):
    async def main():
        old, new, changes, offload = blocking(opening=True), Device(), [], SimOffload()
        keeper = kept(old, changes, offload)
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(3)
        keeper.replace(new.life())
        keeper.want(True)
        await asyncio.sleep(3)
        assert (keeper.up, old.history, new.history) == (True, ["leave"], ["start"])
        old.opening.set_result(None)
        await asyncio.sleep(3)
        assert (keeper.up, old.history) == (True, ["leave", "start", "stop", "returned"])
        task.cancel()
        await asyncio.wait({task})

    lab_run(main())


def test_a_card_that_is_plugged_in_ends_the_wait_for_an_opening_that_hangs(lab_run):
    async def main():
        old, new, offload = blocking(opening=True), Device(), SimOffload()
        keeper = kept(old, [], offload, new.life)
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(5)
        keeper.retry_now()  # it may still open in time
        await asyncio.sleep(1)
        assert old.history == []
        await asyncio.sleep(6)
        keeper.retry_now()
        await asyncio.sleep(3)
        assert (keeper.up, old.history, new.history) == (True, ["leave"], ["start"])
        task.cancel()
        await asyncio.wait({task})

    lab_run(main())


@pytest.mark.parametrize("call", ["opening", "closing"])
def test_the_end_does_not_wait_for_a_device_that_hangs(lab_run, call):
    async def main():
        device = blocking(**{call: True})
        keeper = kept(device, [], SimOffload())
        task = asyncio.create_task(keeper.run())
        for _ in range(10):
            loop = asyncio.get_running_loop()
            await asyncio.sleep(4)
            asked = loop.time()
        task.cancel()
        await asyncio.wait({task})
        assert loop.time() - asked < 1
        assert task.cancelled()

    lab_run(main())


def test_a_device_that_has_worked_for_long_says_so_again_and_again(lab_run):
    async def main():
        device = Device()
        task = asyncio.create_task(kept(device, []).run())
        await asyncio.sleep(WORKED_S - 1)
        assert device.history == ["start"]
        await asyncio.sleep(2 * WORKED_S + 2)  # a speaker may have had nothing to play before
        assert device.history == ["start", "worked", "worked", "worked"]
        task.cancel()
        await asyncio.wait({task})

    lab_run(main())
