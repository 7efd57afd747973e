import asyncio

import pytest

from instruments.lab.pace import LoopPace


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
        assert len(ticks) == 15  # two calls of unpark give one rhythm

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
