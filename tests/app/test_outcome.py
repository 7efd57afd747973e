"""What becomes of a press that a program makes: done, or refused with its cause, in the answer to the command."""

import asyncio

import pytest

from edged.errors import DeviceError
from tests.kiosk.test_shell import idle


def ends(kiosk, name, by="program"):
    return kiosk.app.command(name, None, by)["outcome"]


def test_a_press_is_done_and_so_is_its_release(shell):
    async def body(kiosk):
        assert ends(kiosk, "press") == {"done": True}
        await asyncio.sleep(2)
        assert ends(kiosk, "release") == {"done": True}
        await idle(kiosk)

    shell(body)


def test_a_press_while_muted_is_refused_with_the_cause_and_the_remedy(shell):
    async def body(kiosk):
        assert ends(kiosk, "mute") == {"done": True}
        refused = ends(kiosk, "press")
        assert (refused["done"], refused["cause"]) == (False, "muted")
        assert refused["text"] == "somebody has muted it"
        assert "edged ctl unmute" in refused["remedy"]
        assert ends(kiosk, "press")["cause"] == "muted"  # again, while the first notice is heard
        await idle(kiosk)

    shell(body)


def test_a_press_without_a_microphone_says_why_there_is_none(shell):
    async def body(kiosk):
        kiosk.microphone._lost(DeviceError("microphone 'x' is in use by aplay (7)", "device_busy"))
        assert await kiosk.until(lambda: "microphone" in kiosk.app.snapshot()["lost"], 10)
        refused = ends(kiosk, "press")
        assert (refused["done"], refused["cause"]) == (False, "device_busy")
        assert "aplay (7)" in refused["text"]
        assert refused["remedy"]

    shell(body)


def test_a_press_beside_a_visitor_is_ignored_and_said_to_be(shell):
    async def body(kiosk):
        kiosk.app.command("press", None, "visitor")
        await asyncio.sleep(1)
        ignored = ends(kiosk, "press")
        assert (ignored["done"], ignored["cause"]) == (False, None)
        assert "somebody else is speaking" in ignored["text"]
        assert "edged ctl stop" in ignored["remedy"]
        assert kiosk.app.snapshot()["state"] == "LISTENING"

    shell(body)


def test_a_third_question_without_a_link_is_refused_as_busy(shell):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(1)
        for _ in range(2):
            assert ends(kiosk, "press")["done"]
            await asyncio.sleep(2)
            ends(kiosk, "release")
            await asyncio.sleep(1)
        assert ends(kiosk, "press")["cause"] == "busy"

    shell(body)


def test_an_answer_that_was_never_heard_cannot_be_repeated(shell):
    async def body(kiosk):
        assert ends(kiosk, "repeat_answer")["cause"] == "nothing_to_repeat"
        assert ends(kiosk, "release") == {"done": True}

    shell(body)


@pytest.mark.parametrize("name", ["interrupt", "stop", "new_conversation", "unmute", "volume_up"])
def test_what_the_turn_cannot_refuse_is_done(shell, name):
    async def body(kiosk):
        assert ends(kiosk, name) == {"done": True}

    shell(body)
