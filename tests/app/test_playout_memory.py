"""What edged learns from answers is saved over a restart, and recorded if the configuration asks for it."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from edged.app.adapters import Ports
from edged.app.playout_memory import MOST_WAITING, SAVE_EVERY_S, PlayoutMemory
from edged.audio.playout.arrivals import Arrivals
from edged.audio.playout.prediction import Prediction
from edged.config import load
from edged.errors import DeviceError
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.system.store import MemoryStore
from instruments.bench.playout.traces import read
from instruments.lab.kiosk import Kiosk
from instruments.lab.loop import virtual
from instruments.lab.net import SimNet
from instruments.lab.ports import SimClock, SimOffload


def configured(*sets):
    return load(None, env={}, sets=["state.dir=", *sets]).config


class Counted(MemoryStore):
    saves = 0

    def save(self, name, facts):
        self.saves += 1
        super().save(name, facts)


def ports(store):
    loop = asyncio.get_running_loop()
    return Ports(SimClock(loop), None, None, store, SimOffload(), Random(1))


def late(prediction):
    """Teach it that one delta is late in every answer."""
    for _ in range(9):
        arrivals = Arrivals()
        for n in range(30):
            arrivals.add(n * 100 + (150 if n == 9 else 0), 100)
        arrivals.end(3000)
        prediction.learn(arrivals)


async def during(memory, body=None):
    """Run it with `body` beside it."""
    life = asyncio.create_task(memory.run())
    await asyncio.sleep(1)
    if body is not None:
        await body()
    life.cancel()
    await asyncio.wait({life})


def test_what_was_learnt_is_there_after_a_restart(lab_run):
    async def main():
        store = Counted()
        first = PlayoutMemory(configured(), ports(store))

        async def learn():
            late(first.prediction)

        await during(first, learn)
        again = PlayoutMemory(configured(), ports(store))
        await during(again)
        assert store.saves == 1
        assert again.prediction.rule == first.prediction.rule
        other = PlayoutMemory(configured("provider.name=openai"), ports(store))
        await during(other)
        assert other.prediction.rule != first.prediction.rule

    lab_run(main())


def test_the_card_is_not_written_for_every_answer(lab_run):
    async def main():
        store = Counted()
        memory = PlayoutMemory(configured(), ports(store))

        async def answers():
            for _ in range(60):
                late(memory.prediction)
                memory.arrived(0)
                await asyncio.sleep(SAVE_EVERY_S / 20)

        await during(memory, answers)
        assert store.saves == 4

    lab_run(main())


def many_deltas():
    """An answer of a minute, over a link that is sometimes late."""
    arrivals, rng = Arrivals(), Random(3)
    for n in range(590):
        arrivals.add(n * 100 + rng.choice((0, 0, 0, rng.uniform(0, 900))) * bool(n), 100)
    arrivals.end(59_000)
    return arrivals


def test_an_answer_is_judged_in_steps_and_nothing_of_it_is_learnt_before_the_last(lab_run):
    async def main():
        memory, at_once = PlayoutMemory(configured(), ports(MemoryStore())), Prediction()
        at_once.learn(many_deltas())
        cold, turns_of_the_loop = memory.prediction.facts(), 0

        async def body():
            nonlocal turns_of_the_loop
            memory.judge(many_deltas())
            while not memory.prediction.learnt:
                assert memory.prediction.facts() == cold
                turns_of_the_loop += 1
                await asyncio.sleep(0)

        await during(memory, body)
        assert turns_of_the_loop >= 25
        assert memory.prediction.facts() == at_once.facts()
        assert memory.prediction.rule == at_once.rule

    lab_run(main())


def test_what_is_judged_while_the_service_changes_is_forgotten_with_it(lab_run):
    async def main():
        memory = PlayoutMemory(configured(), ports(MemoryStore()))

        async def body():
            memory.judge(many_deltas())
            memory.judge(many_deltas())  # it has not begun yet
            for _ in range(5):
                await asyncio.sleep(0)
            memory.configure(configured("provider.name=openai"))
            await asyncio.sleep(1)

        await during(memory, body)
        assert memory.prediction.learnt == 0
        assert memory.prediction.facts() == Prediction().facts()

    lab_run(main())


def test_what_is_not_judged_at_the_end_is_judged_then_and_kept(lab_run):
    async def main():
        store = Counted()
        memory = PlayoutMemory(configured(), ports(store))

        async def body():
            memory.judge(many_deltas())
            memory.judge(many_deltas())
            for _ in range(5):
                await asyncio.sleep(0)

        await during(memory, body)
        assert memory.prediction.learnt == 2
        assert store.saves == 1

    lab_run(main())


def test_answers_that_come_faster_than_they_are_judged_are_bounded(lab_run):
    async def main():
        memory = PlayoutMemory(configured(), ports(MemoryStore()))

        async def body():
            for _ in range(100):
                memory.judge(many_deltas())
            await asyncio.sleep(1)

        await during(memory, body)
        assert memory.prediction.learnt == MOST_WAITING

    lab_run(main())


def test_a_disk_that_hangs_holds_up_no_judgement(lab_run):
    async def main():
        async def hangs(call, /, *args, deadline_s):
            await asyncio.sleep(deadline_s)
            raise DeviceError("hung", "device_hung")

        memory = PlayoutMemory(configured(), replace(ports(MemoryStore()), offload=hangs))

        async def body():
            memory.judge(many_deltas())
            await asyncio.sleep(0.1)
            assert memory.prediction.learnt == 1

        await during(memory, body)

    lab_run(main())


def test_the_daemon_learns_from_each_answer(shell):
    async def body(kiosk):
        for n in range(1, 4):
            await kiosk.visitor.hold(1.0)
            await kiosk.until(lambda: kiosk.state == "IDLE", 60.0)
            assert kiosk.app.playout._jitter.prediction.learnt == n
        assert kiosk.app.playout.on_learnt is not None  # it learns in steps

    shell(body)


def test_another_service_is_learnt_anew(lab_run):
    async def main():
        memory = PlayoutMemory(configured(), ports(MemoryStore()))
        cold = memory.prediction.rule
        late(memory.prediction)
        memory.configure(configured())
        assert memory.prediction.rule != cold
        memory.configure(configured("provider.name=openai"))
        assert memory.prediction.rule == cold

    lab_run(main())


def test_arrivals_are_recorded_answer_by_answer(lab_run, tmp_path):
    async def main():
        memory = PlayoutMemory(configured(f"speaker.arrivals={tmp_path}"), ports(MemoryStore()))

        async def answers():
            memory.arrived(0)  # an answer without sound
            for _ in range(2):
                memory.arrived(100)
                await asyncio.sleep(0.12)
                memory.arrived(62.5)
                await asyncio.sleep(0.03)
                memory.arrived(0)
                await asyncio.sleep(0.5)
            memory.arrived(20)  # the end cuts off this answer

        await during(memory, answers)

    lab_run(main())
    (file,) = tmp_path.iterdir()
    header, *lines = file.read_text().splitlines()
    assert header.startswith("# edged arrivals 1")
    assert lines == ["0 100", "120 62.5", "150 0", ""] * 2


def test_nothing_is_recorded_unasked(lab_run, tmp_path):
    async def main():
        memory = PlayoutMemory(configured(), ports(MemoryStore()))

        async def answers():
            memory.arrived(100)
            memory.arrived(0)

        await during(memory, answers)

    lab_run(main())
    assert not [*tmp_path.iterdir()]


def test_a_disk_that_hangs_costs_what_was_learnt_and_nothing_else(lab_run):
    async def main():
        async def hangs(call, /, *args, deadline_s):
            await asyncio.sleep(deadline_s)
            raise DeviceError("hangs", "device_hung")

        memory = PlayoutMemory(configured(), replace(ports(MemoryStore()), offload=hangs))
        life = asyncio.create_task(memory.run())
        late(memory.prediction)
        memory.arrived(0)
        await asyncio.sleep(100)
        assert not life.done()
        began = virtual().time()
        life.cancel()
        await asyncio.wait({life})
        assert virtual().time() - began < 0.9
        with pytest.raises(asyncio.CancelledError):
            life.result()

    lab_run(main())


def test_a_disk_that_hangs_costs_a_thread_for_each_folder_however_many_answers_come(lab_run, tmp_path):
    async def main():
        machine = ports(MemoryStore())
        memory = PlayoutMemory(configured(f"speaker.arrivals={tmp_path}"), machine)
        life = asyncio.create_task(memory.run())
        await asyncio.sleep(1)
        machine.offload.hangs = True
        for _ in range(10):
            late(memory.prediction)
            memory.arrived(100)
            memory.arrived(0)
            await asyncio.sleep(SAVE_EVERY_S)
        assert machine.offload.hung == 2
        life.cancel()
        await asyncio.wait({life})

    lab_run(main())


def test_a_kiosk_keeps_and_records_what_an_answer_teaches(lab_run, tmp_path):
    net, store = SimNet(latency_ms=10), MemoryStore()

    async def main():
        async with (
            LocalServer(voice=ParrotVoice()) as server,
            Kiosk(net, server.url, Random(1), f"speaker.arrivals={tmp_path}", store=store) as here,
        ):
            assert await here.until(lambda: here.app.link.up, 5)
            here.button.press()
            await asyncio.sleep(2)
            here.button.release()
            assert await here.until(lambda: here.state == "SPEAKING", 20)
            assert await here.until(lambda: here.state == "IDLE", 60)

    lab_run(main(), net=net)
    facts = store.load("playout")
    assert facts["service"] == "local"
    assert Prediction().recall(facts)
    (file,) = tmp_path.iterdir()
    (answer,) = read(file)
    assert 1500 < answer.length < 2500
