import asyncio
import queue
import threading
import time

import pytest

from edged.audio.devices.pace import LoopPace, ThreadPace


def test_the_loops_pace_does_not_drift(lab_run):
    async def main():
        loop = asyncio.get_running_loop()
        pace, ticks, began = LoopPace(loop), [], loop.time()
        pace.start(0.02, lambda: ticks.append(loop.time() - began))
        await asyncio.sleep(60.01)
        pace.stop()
        assert len(ticks) == 3000
        assert ticks[-1] == pytest.approx(60.0, abs=1e-6)
        await asyncio.sleep(1)
        assert len(ticks) == 3000

    lab_run(main())


def test_parked_it_is_still_until_it_is_unparked(lab_run):
    async def main():
        loop = asyncio.get_running_loop()
        pace, ticks = LoopPace(loop), []

        def tick():
            ticks.append(loop.time())
            if len(ticks) == 3:
                pace.park()

        pace.start(0.02, tick)
        await asyncio.sleep(5)
        assert len(ticks) == 3
        pace.unpark()
        await asyncio.sleep(0.05)
        assert len(ticks) == 5
        pace.unpark()
        await asyncio.sleep(0.2)
        assert len(ticks) == 15  # unparked twice it does not tick twice

    lab_run(main())


def test_a_stopped_pace_stays_stopped(lab_run):
    async def main():
        ticks = []
        pace = LoopPace(asyncio.get_running_loop())
        pace.stop()
        pace.start(0.02, lambda: (ticks.append(1), pace.stop()))
        await asyncio.sleep(1)
        pace.unpark()
        await asyncio.sleep(1)
        assert ticks == [1]

    lab_run(main())


def test_a_thread_ticks_parks_and_ends():
    ticks = queue.Queue()
    pace = ThreadPace("test")
    pace.start(0.001, lambda: ticks.put(threading.current_thread()))
    thread = ticks.get(timeout=5)
    assert (thread.name, thread.daemon) == ("test", True)
    assert thread is not threading.current_thread()
    ticks.get(timeout=5)
    pace.stop()
    assert not thread.is_alive()
    while not ticks.empty():
        ticks.get()
    pace.start(0.001, lambda: (ticks.put(1), pace.park()))
    ticks.get(timeout=5)
    with pytest.raises(queue.Empty):
        ticks.get(timeout=0.05)
    pace.unpark()
    ticks.get(timeout=5)
    pace.stop()


def test_a_tick_that_fails_ends_in_the_threads_hook(monkeypatch):
    failed = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", lambda args: failed.put(args.exc_type))

    def tick():
        raise ZeroDivisionError

    pace = ThreadPace("test")
    pace.start(0.001, tick)
    assert failed.get(timeout=5) is ZeroDivisionError
    pace.stop()


def test_a_pace_that_lies_down_in_the_moment_in_which_it_is_stopped_ends():
    pace, ticks = ThreadPace("a pace"), threading.Event()

    def tick():
        ticks.set()
        pace._stopping.wait(10)
        time.sleep(0.1)  # until whoever stops it waits for its end
        pace.park()

    pace.start(0.001, tick)
    assert ticks.wait(10)
    stopper = threading.Thread(target=pace.stop, daemon=True)
    stopper.start()
    stopper.join(10)
    assert not stopper.is_alive()
