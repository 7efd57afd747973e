"""The link learns when something begins to be under way, and when nothing is any more: the daemon in virtual time."""

import asyncio

import pytest

from tests.kiosk.test_gate import TALK, answers_unasked, at_the_first_answer, tap
from tests.kiosk.test_shell import idle


async def watched(kiosk, doing):
    """Do it and come to rest again. Returns what the link knew at each change, and checks that it was always true."""
    link, dialogue = kiosk.app.link, kiosk.app.appliance.dialogue
    known = [link.idle]

    async def watch():
        while True:
            await asyncio.sleep(0.0501)
            assert link.idle is dialogue.idle, kiosk.state
            if link.idle is not known[-1]:
                known.append(link.idle)

    watching = asyncio.create_task(watch())
    await doing(kiosk)
    await idle(kiosk)
    await asyncio.sleep(15)  # by then cues and answers have sounded, and old utterances are given up
    watching.cancel()
    await asyncio.wait({watching})
    assert watching.cancelled(), watching.exception()
    return known


async def an_answer(kiosk):
    kiosk.button.press()
    await asyncio.sleep(1)
    kiosk.button.release()
    await kiosk.until(lambda: kiosk.state == "SPEAKING", 5.0)


async def an_answer_that_a_program_stops(kiosk):
    """The state is at rest at once, while the rest of the speaker's sound fades out."""
    kiosk.app.playout.on_cut = lambda: None  # this fade takes its time
    await an_answer(kiosk)
    await asyncio.sleep(0.3)
    kiosk.app.command("interrupt", None)
    assert (kiosk.state, kiosk.app.playout.idle) == ("IDLE", False)


async def a_press_that_is_too_short(kiosk):
    await tap(kiosk)


async def an_answer_that_nobody_asked_for(kiosk):
    answers_unasked(kiosk)
    await asyncio.sleep(0.2)


async def an_utterance_that_waits_until_it_is_too_old(kiosk):
    kiosk.net.set(no_route=True)
    kiosk.net.strike("reset_client")
    await asyncio.sleep(1)
    await kiosk.visitor.hold(2.0)
    await asyncio.sleep(40)
    kiosk.net.set(no_route=False)


async def a_cue_that_a_press_refused_brings(kiosk):
    kiosk.app.command("mute", None)
    await tap(kiosk)
    await asyncio.sleep(1)
    kiosk.app.command("unmute", None)


@pytest.mark.parametrize(
    "doing",
    [
        an_answer,
        an_answer_that_a_program_stops,
        an_utterance_that_waits_until_it_is_too_old,
        a_press_that_is_too_short,
        a_cue_that_a_press_refused_brings,
    ],
)
def test_it_knows_of_each_turn_and_of_its_end(shell, doing):
    async def body(kiosk):
        assert await watched(kiosk, doing) == [True, False, True]

    shell(body, "button.min_hold_ms=300")


def test_it_knows_of_an_answer_that_begins_unasked_and_of_its_end(shell):
    async def body(kiosk):
        assert await watched(kiosk, an_answer_that_nobody_asked_for) == [True, False, True]

    shell(body, TALK)


def test_it_knows_of_a_conversation_and_of_its_end(shell):
    async def talks(kiosk):
        await at_the_first_answer(kiosk)
        await kiosk.until(lambda: kiosk.state == "IDLE", 60.0)

    async def body(kiosk):
        assert await watched(kiosk, talks) == [True, False, True]

    shell(body, TALK)
