"""A card whose calls do not return, through libasound itself: it costs its own thread, and the next card is used."""

import asyncio
import threading
import time
from errno import ENODEV, EPIPE

import pytest

from edged import keeper as keeper_module
from edged.audio.devices import thread_watchdog
from edged.audio.devices.alsa import AlsaMicrophone, AlsaSpeaker
from edged.system.in_kernel import in_kernel
from tests.audio.devices.part import Part
from tests.audio.devices.test_contract import IN_TIME_S, Sound


@pytest.fixture
def hasty(monkeypatch):
    """All times are short."""
    for name, seconds in {
        "SLOW_S": 0.1,
        "OPEN_WITHIN_S": 0.3,
        "OPEN_LEFT_S": 1.0,
        "SHUT_WITHIN_S": 0.3,
    }.items():
        monkeypatch.setattr(keeper_module, name, seconds)
    monkeypatch.setattr(thread_watchdog, "LOOK_S", 0.05)


STAGES = [
    *(("microphone", stage) for stage in ("open", "set", "prepare", "start", "transfer", "wait")),
    *(("speaker", stage) for stage in ("open", "set", "prepare", "start", "transfer", "delay")),
]
AT_OPENING = {"open", "set", "prepare"}


@pytest.mark.parametrize(("what", "stage"), STAGES)
def test_a_call_that_hangs_costs_its_card_and_the_next_one_is_used(ailing, hasty, what, stage):
    async def main():
        part = Part(what, ailing.present, "USB", "Card")
        if stage in {"start", *AT_OPENING}:
            ailing.write_text(f"{stage} hang\n")
        running = asyncio.create_task(part.keeper.run())
        if stage not in {"start", *AT_OPENING}:
            await part.until(lambda: part.keeper.up)
            await part.works()
            ailing.write_text(f"{stage} hang\n")
        await part.until(lambda: part.keeper.up and part.device.opened.name == "hw:CARD=Card,DEV=0")
        assert (False, "device_hung") in part.changes
        assert part.device.tries.avoided() == {"hw:CARD=USB,DEV=0"}
        await part.works()
        part.hung.act()
        assert not part.device.chooser.has_better()
        ailing.write_text("")  # the call returns
        await part.until(lambda: not part.hung.is_held(what))
        assert part.keeper.up
        assert part.device.chooser.has_better()
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(main())
    assert not [each for each in threading.enumerate() if each.name in {"microphone", "speaker"}]


@pytest.mark.parametrize(("what", "stage"), [each for each in STAGES if each[1] != "start"])
def test_the_only_card_is_used_again_when_its_call_returns(ailing, hasty, what, stage):
    async def main():
        part = Part(what, ailing.present, "USB")
        running = asyncio.create_task(part.keeper.run())
        await part.until(lambda: part.keeper.up)
        await part.works()
        hangs = [f"{stage} hang\n"]
        if stage in AT_OPENING:  # it is lost, and hangs when it is opened again
            hangs.append(f"transfer {ENODEV}\n")
        ailing.write_text("".join(hangs))
        await part.until(lambda: part.hung.is_held(what))
        assert part.keeper.cause == "device_hung"
        before = threading.active_count()
        await asyncio.sleep(0.5)
        assert threading.active_count() <= before  # tries cost no threads
        ailing.write_text("")
        part.hung.act()
        await part.until(lambda: part.keeper.up)
        await part.works()
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(main())


def test_what_is_opened_by_a_microphone_that_was_left_is_not_noted(ailing):
    microphone = AlsaMicrophone("USB", present=ailing.present)
    fresh = microphone.afresh()
    for each, noted in ((microphone, []), (fresh, ["USB"])):
        each.start(lambda _: None, lambda _: None)
        each.stop()
        assert list(each.memory.facts()) == noted


def test_the_gaps_of_a_speaker_that_was_left_are_still_counted(ailing):
    speaker, source = AlsaSpeaker("USB", present=ailing.present), Sound(10**9)
    ailing.write_text(f"delay {EPIPE}\n")
    speaker.start(source, lambda _: None)
    ends_at = time.monotonic() + IN_TIME_S
    while not speaker.gaps:
        assert time.monotonic() < ends_at
        time.sleep(0.01)
    speaker.stop()
    gaps = speaker.gaps
    assert speaker.afresh().gaps == gaps


def test_the_kernel_holds_a_thread_and_the_look_at_it_says_so(ailing, hasty):
    async def main():
        part = Part("microphone", ailing.present, "USB")
        ailing.write_text("open kernel\n")
        running = asyncio.create_task(part.keeper.run())
        await part.until(lambda: part.hung.is_held("microphone"))
        assert len(in_kernel()) == 1
        ailing.write_text("")
        part.hung.act()
        await part.until(lambda: part.keeper.up)
        assert in_kernel() == frozenset()
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(main())
