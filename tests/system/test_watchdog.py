import asyncio
import logging
from itertools import pairwise

import pytest

from edged.system.notify import NullManager
from edged.system.progress import PartProgress
from edged.system.watchdog import Watchdog


class Fed(NullManager):
    """Records when it was fed."""

    def __init__(self):
        self.times = []

    def alive(self):
        self.times.append(asyncio.get_running_loop().time())


def now_ms():
    return int(asyncio.get_running_loop().time() * 1000)


@pytest.fixture
def fed(lab_run):
    """Return the times at which a watchdog of 12 s is fed during a minute of `signs(seconds)`."""

    def run(signs):
        async def main():
            loop, manager = asyncio.get_running_loop(), Fed()
            begun = loop.time()
            watchdog = Watchdog(manager, lambda: signs(loop.time() - begun), now_ms, within_s=12.0)
            task = asyncio.create_task(watchdog.run())
            await asyncio.sleep(60.5)
            task.cancel()
            await asyncio.wait({task})
            return [at - begun for at in manager.times]

        return lab_run(main())

    return run


def test_it_is_fed_four_times_within_its_time_while_all_goes_on(fed):
    times = fed(lambda s: {"microphone": PartProgress(int(s * 50))})
    assert times == pytest.approx([n * 3.0 for n in range(21)])


def test_a_stalled_part_is_food_no_more_and_is_named_once(fed, caplog):
    with caplog.at_level(logging.CRITICAL):
        times = fed(
            lambda s: {
                "microphone": PartProgress(min(int(s * 50), 1000)),
                "link": PartProgress(0, wanted=False),
            }
        )
    assert 20 <= times[-1] <= 20 + 8 + 3  # the part stands still from 20 s on
    assert [record.getMessage() for record in caplog.records] == ["watchdog: no progress in the microphone"]


def test_what_goes_on_again_in_time_is_fed_again(fed):
    times = fed(lambda s: {"speaker": PartProgress(0 if s < 10 else int(s * 50))})
    gaps = [b - a for a, b in pairwise(times)]
    assert max(gaps) < 12
    assert times[-1] == pytest.approx(60)
