"""Somebody presses the button as fast as a finger or a broken contact can."""

import asyncio

import pytest

from edged.causes import Cue
from edged.local.voice import ParrotVoice
from edged.panel.light import WHITE
from edged.turn.pace import PRESSES, QUESTIONS
from instruments.lab.oracle import cues_in

MODES = ("hold", "toggle", "hybrid", "conversation")


async def mash(kiosk, seconds, *, down_s, up_s):
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        kiosk.button.press()
        await asyncio.sleep(down_s)
        kiosk.button.release()
        await asyncio.sleep(up_s)


def presses(kiosk):
    """How many opened the gate, or began another utterance."""
    return sum(event.get("by") == "PRESS" and event["state"] != "IDLE" for event in kiosk.events)


def asked(kiosk):
    return len(kiosk.server.audit)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("down_s", "up_s"), [(0.031, 0.031), (0.21, 0.11), (0.6, 0.3)])
def test_presses_and_questions_are_bounded_and_told(shell, mode, down_s, up_s):
    """31 ms is the fastest that is taken neither for bouncing nor for a gap."""

    async def body(kiosk):
        tasks = len(asyncio.all_tasks())
        await mash(kiosk, 120, down_s=down_s, up_s=up_s)
        assert asked(kiosk) <= QUESTIONS[0] + 120 / QUESTIONS[1] + 1
        gates = kiosk.app.appliance._timeline.turn
        assert gates <= PRESSES[0] + 120 / PRESSES[1] + 1
        if down_s < 0.5 or mode in ("hold", "hybrid"):  # the others need two presses for a question
            assert Cue.BUSY in [cue for _, cue in cues_in(kiosk.speaker.takes)]
        if mode == "conversation":  # the microphone hears speech without end
            return
        await asyncio.sleep(30)
        assert await kiosk.until(lambda: kiosk.state == "IDLE", 60)
        assert len(asyncio.all_tasks()) <= tasks
        before = asked(kiosk)
        kiosk.button.press()
        await asyncio.sleep(1.5)
        kiosk.button.release()
        await asyncio.sleep(0.5)
        assert kiosk.state not in ("NOTICE", "IDLE")
        if mode == "hold":
            assert asked(kiosk) == before + 1

    shell(body, f"mode={mode}", "turn.idle_s=5", "turn.longest_s=5", voice=ParrotVoice())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("down_s", "up_s"), [(0.031, 0.031), (0.06, 0.06), (0.1, 0.1), (0.21, 0.11)])
def test_the_light_flashes_no_more_than_three_times_a_second(shell, mode, down_s, up_s):
    async def body(kiosk):
        loop, began, show = asyncio.get_running_loop(), [], kiosk.lamp.set

        def shown(level, colour=WHITE):
            if level > kiosk.lamp.level:
                began.append(loop.time())
            show(level, colour)
            assert kiosk.lamp.level or kiosk.recording.level == 0  # never dark while the gate is open

        kiosk.lamp.set = shown
        await mash(kiosk, 30, down_s=down_s, up_s=up_s)
        assert began
        assert all(later - first >= 0.999 for first, later in zip(began, began[3:], strict=False))

    shell(body, f"mode={mode}", voice=ParrotVoice())


@pytest.mark.hours
@pytest.mark.parametrize("mode", MODES)
def test_an_hour_of_it_costs_no_more_than_an_hour_of_talking(shell, mode):
    async def body(kiosk):
        await mash(kiosk, 3600, down_s=0.21, up_s=0.11)
        assert asked(kiosk) <= 600

    shell(body, f"mode={mode}", voice=ParrotVoice())
