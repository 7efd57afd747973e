"""When garbage is collected."""

import asyncio
from itertools import pairwise

import pytest

from edged.system.heap import EVERY_S, FEW_MADE, IDLE_S, LOOK_S, MOST_MADE, NullHeap, Tidying


class Heap:
    """Records what is done to it."""

    def __init__(self):
        self.made = 0
        self.done = []

    def _add(self, what):
        self.done.append((asyncio.get_running_loop().time(), what))
        self.made = 0

    def hold(self):
        self._add("hold")

    def release(self):
        self._add("release")

    def freeze(self):
        self._add("freeze")

    def collect(self, *, young):
        self._add("young" if young else "all")

    def words(self):
        return [what for _, what in self.done]


class Kiosk:
    idle = True


@pytest.fixture
def tidied(lab_run):
    """Runs `body(heap, kiosk)` beside a Tidying; returns the heap."""

    def run(body):
        heap, kiosk = Heap(), Kiosk()

        async def main():
            task = asyncio.create_task(Tidying(heap, lambda: kiosk.idle).run())
            await asyncio.sleep(0)
            await body(heap, kiosk)
            task.cancel()
            await asyncio.wait([task])

        lab_run(main())
        return heap

    return run


def test_it_holds_at_once_freezes_when_first_idle_and_lets_go_at_the_end(tidied):
    async def body(heap, kiosk):
        assert heap.words() == ["hold"]
        kiosk.idle = False
        await asyncio.sleep(100)
        assert heap.words() == ["hold"]
        kiosk.idle = True
        await asyncio.sleep(IDLE_S + 2 * LOOK_S)
        assert heap.words() == ["hold", "freeze"]

    assert tidied(body).words() == ["hold", "freeze", "release"]


def test_idle_it_collects_everything_no_more_often_than_it_may(tidied):
    async def body(heap, kiosk):
        for _ in range(600):
            await asyncio.sleep(1)
            heap.made += FEW_MADE

    times = [at for at, what in tidied(body).done if what == "all"]
    assert len(times) == pytest.approx(600 / EVERY_S, abs=1)
    assert min(later - sooner for sooner, later in pairwise(times)) >= EVERY_S


def test_nothing_is_collected_where_hardly_anything_was_made(tidied):
    async def body(heap, kiosk):
        heap.made = FEW_MADE - 1
        await asyncio.sleep(3600)

    assert tidied(body).words() == ["hold", "freeze", "release"]


def test_nothing_is_collected_between_two_presses_in_a_row(tidied):
    async def body(heap, kiosk):
        await asyncio.sleep(10)
        await asyncio.sleep(2 * EVERY_S)
        heap.made = FEW_MADE
        for _ in range(50):
            kiosk.idle = False
            await asyncio.sleep(5)
            kiosk.idle = True
            heap.made += 50
            await asyncio.sleep(IDLE_S - LOOK_S)

    assert tidied(body).words() == ["hold", "freeze", "release"]


def test_a_kiosk_that_is_never_idle_collects_what_was_made_before_it_is_too_much(tidied):
    async def body(heap, kiosk):
        kiosk.idle = False
        most = 0
        for _ in range(2000):
            heap.made += 100
            most = max(most, heap.made)
            await asyncio.sleep(1)
        assert most <= MOST_MADE + 200

    assert set(tidied(body).words()[1:-1]) == {"young"}


def test_at_rest_it_collects_what_was_made_before_it_is_too_much(tidied):
    async def body(heap, kiosk):
        await asyncio.sleep(EVERY_S / 2)
        most = 0
        for _ in range(2000):
            heap.made += MOST_MADE // 10
            most = max(most, heap.made)
            await asyncio.sleep(LOOK_S / 10)
        assert most <= MOST_MADE * 2

    assert "young" not in tidied(body).words()


def test_between_two_presses_it_collects_only_what_no_turn_makes(tidied):
    async def body(heap, kiosk):
        await asyncio.sleep(EVERY_S / 2)
        for idle in (True, False) * 20:
            kiosk.idle = idle
            heap.made = MOST_MADE - 1
            await asyncio.sleep(IDLE_S - LOOK_S)
        assert heap.words() == ["hold", "freeze"]
        heap.made = MOST_MADE
        await asyncio.sleep(2 * LOOK_S)

    assert tidied(body).words() == ["hold", "freeze", "all", "release"]


def test_no_heap_is_left_alone():
    heap = NullHeap()
    heap.hold()
    heap.freeze()
    heap.collect(young=False)
    heap.release()
    assert heap.made == 0
