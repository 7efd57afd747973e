"""A card that opens and then fails: the next name is used, and the card is tried again later, less and less often."""

import asyncio
from errno import EIO, ENODEV, EPIPE, EPROTO
from itertools import product

import pytest

from edged import hangs
from edged.audio.devices.present import cards
from tests.audio.devices.cards.rig import Spec, Stream
from tests.audio.devices.part import Part

FAULTS = [
    *(
        (what, f"{stage} {number}")
        for (what, stage), number in product(
            [
                *(("microphone", stage) for stage in ("start", "transfer", "wait")),
                *(("speaker", stage) for stage in ("start", "transfer", "delay")),
            ],
            [EIO, ENODEV, EPROTO],
        )
    ),
    ("microphone", f"start {EPIPE}"),
    ("speaker", f"start {EPIPE}"),
    ("microphone", f"transfer {EPIPE}"),
    ("speaker", f"transfer {EPIPE}"),
    ("microphone", "clock 1"),
    ("speaker", "clock 1"),
]
BAD, GOOD = "hw:CARD=USB,DEV=0", "hw:CARD=Card,DEV=0"


def run(body):
    asyncio.run(body())


async def keeping(part):
    return asyncio.create_task(part.keeper.run())


async def end(running):
    running.cancel()
    await asyncio.wait({running})


def opened(part, name):
    return part.keeper.up and part.device.opened.name == name


@pytest.mark.parametrize(("what", "fault"), FAULTS)
def test_after_a_card_that_fails_when_it_is_used_comes_the_next_name(ailing, what, fault):
    async def body():
        part = Part(what, ailing.present, "USB", "Card")
        ailing.write_text(f"{fault}\n")
        running = await keeping(part)
        await part.until(lambda: opened(part, GOOD))
        await part.works()
        ((name, why),) = part.device.opened.tried
        assert name == BAD
        assert "failed after it had opened" in why
        assert not part.device.chooser.has_better()
        ailing.write_text("")
        part.hung.act()
        assert part.device.chooser.has_better()
        await end(running)

    run(body)


@pytest.mark.parametrize("what", ["microphone", "speaker"])
def test_after_a_card_of_the_default_that_fails_comes_the_next_card_of_the_default(rig, tmp_path, what):
    paper = tmp_path / "trouble"
    paper.write_text(f"transfer {EIO}\n")
    stream = Stream(trouble=str(paper))
    hat = Spec("HAT Sound", Stream(), Stream(), driver="simple-card")
    machine = rig(Spec("Broken USB", stream, stream, ("0d8c", "0016", "")), hat)

    async def body():
        part = Part(what, lambda: cards(machine.proc, machine.sys), "default")
        running = await keeping(part)
        await part.until(lambda: opened(part, "hw:CARD=Sound,DEV=0"))
        await part.works()
        await end(running)

    run(body)


def test_the_only_card_is_tried_again_and_again(ailing):
    async def body():
        part = Part("microphone", ailing.present, "USB")
        ailing.write_text(f"transfer {EIO}\n")
        running = await keeping(part)
        await part.until(lambda: sum(is_up for is_up, _ in part.changes) > 2)
        ailing.write_text("")
        await part.until(lambda: part.keeper.up)
        await part.works()
        await end(running)

    run(body)


def test_a_card_that_works_again_is_used_again_when_its_time_has_come(ailing, monkeypatch):
    monkeypatch.setattr(hangs, "AVOIDED_MS", (4000, 4000))

    async def body():
        part = Part("microphone", ailing.present, "USB", "Card")
        ailing.write_text(f"start {EIO}\n")
        running, watching = await keeping(part), asyncio.create_task(part.hung.run())
        due = asyncio.Event()
        part.hung.on_due = due.set
        await part.until(lambda: opened(part, GOOD))
        ailing.write_text("")
        await asyncio.wait_for(due.wait(), 10)
        assert part.device.chooser.has_better()
        part.keeper.replace(part.live())
        await part.until(lambda: opened(part, BAD))
        await end(watching)
        await end(running)

    run(body)
