"""More time for a visitor, in the whole daemon: for a talk button, for everybody, and for who asks for it."""

import asyncio

import pytest

from tests.kiosk.test_shell import ROOM, idle

BUTTONS = (
    "buttons=[{role: more_time, gpio: 5}, {role: talk, gpio: 6, more_time: 10},"
    " {role: new_conversation, gpio: 7}]"
)
SHORT = ("turn.longest_s=2", BUTTONS)


async def tap(button):
    button.press()
    await asyncio.sleep(0.08)
    button.release()


def causes(kiosk):
    return [event["id"] for event in kiosk.events if event["event"] == "cause"]


def spoken_s(kiosk):
    """How long the questions were that reached the service."""
    return [len(taken.pcm) / 48_000 for taken in kiosk.server.audit]


def test_without_more_time_a_long_question_is_cut(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(6.0)
        await idle(kiosk)
        assert spoken_s(kiosk) == [pytest.approx(2.6, abs=0.4)]
        assert causes(kiosk) == ["utterance_limit"]

    shell(body, *SHORT)


def test_a_tap_of_another_button_while_somebody_speaks_gives_more_time_at_once(shell):
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(1.5)
        shown = kiosk.app.snapshot()
        assert (shown["limit_ms"], shown["remaining_ms"]) == (2000, pytest.approx(650, abs=20))
        await tap(kiosk.buttons[0])
        (event,) = [event for event in kiosk.events if event["event"] == "limit"]
        assert (event["limit_ms"], event["remaining_ms"]) == (20_000, pytest.approx(18_600, abs=60))
        await asyncio.sleep(15)
        assert kiosk.state == "LISTENING"
        kiosk.button.release()
        await idle(kiosk)
        assert spoken_s(kiosk) == [pytest.approx(17.0, abs=0.5)]
        assert causes(kiosk) == []

    shell(body, *SHORT)


@pytest.mark.parametrize("mode", ["toggle", "hybrid"])
def test_it_works_where_a_tap_begins_and_ends_a_question_too(shell, mode):
    async def body(kiosk):
        await tap(kiosk.button)
        await asyncio.sleep(1.0)
        await tap(kiosk.buttons[0])
        await asyncio.sleep(10.0)
        assert kiosk.state == "LATCHED"
        await tap(kiosk.button)
        await idle(kiosk)
        assert causes(kiosk) == []

    shell(body, f"mode={mode}", *SHORT)


def test_more_time_lasts_until_the_visitor_has_left(shell):
    async def body(kiosk):
        await tap(kiosk.buttons[0])
        for limit_ms in (20_000, 20_000):
            kiosk.button.press()
            await asyncio.sleep(1.0)
            assert kiosk.app.snapshot()["limit_ms"] == limit_ms
            kiosk.button.release()
            await idle(kiosk)
            await asyncio.sleep(20)
        await asyncio.sleep(30)
        kiosk.button.press()
        await asyncio.sleep(1.0)
        assert kiosk.app.snapshot()["limit_ms"] == 2000
        kiosk.button.release()

    shell(body, "turn.forget_after_s=40", *SHORT)


def test_more_time_ends_with_the_conversation(shell):
    async def body(kiosk):
        await tap(kiosk.buttons[0])
        await asyncio.sleep(0.5)
        await tap(kiosk.buttons[2])
        await asyncio.sleep(0.5)
        kiosk.button.press()
        await asyncio.sleep(1.0)
        assert kiosk.app.snapshot()["limit_ms"] == 2000
        kiosk.button.release()

    shell(body, *SHORT)


def test_a_talk_button_may_have_more_time(shell):
    async def body(kiosk):
        for button, limit_ms in ((kiosk.buttons[1], 20_000), (kiosk.button, 2000)):
            button.press()
            await asyncio.sleep(1.0)
            assert kiosk.app.snapshot()["limit_ms"] == limit_ms
            button.release()
            await idle(kiosk)

    shell(body, *SHORT)


def test_everybody_may_have_more_time(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(5.0)
        await idle(kiosk)
        assert spoken_s(kiosk) == [pytest.approx(5.4, abs=0.4)]
        assert causes(kiosk) == []

    shell(body, "visitor.more_time=3", *SHORT)


def test_a_conversation_waits_longer_for_somebody_who_needs_it(shell):
    async def body(kiosk):
        await tap(kiosk.button)
        await asyncio.sleep(1.0)
        assert (kiosk.state, kiosk.app.snapshot()["limit_ms"]) == ("AWAITING_SPEECH", 2000)
        kiosk.app.command("more_time", None)
        await asyncio.sleep(18.5)
        assert kiosk.state == "AWAITING_SPEECH"
        assert kiosk.app.snapshot()["remaining_ms"] < 1000
        await asyncio.sleep(1.0)
        assert kiosk.state == "IDLE"

    async def quietly(kiosk):
        kiosk.microphone.listen_to(lambda: kiosk.microphone.hear(ROOM[:960]))
        await asyncio.sleep(1.0)
        await body(kiosk)

    shell(quietly, "mode=conversation", "turn.idle_s=2")


def test_ten_times_the_usual_limit_are_recorded_whole(shell):
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(1.0)
        kiosk.app.command("more_time", None)
        await asyncio.sleep(58.0)
        kiosk.button.release()
        await idle(kiosk)
        assert spoken_s(kiosk) == [pytest.approx(59.4, abs=0.5)]
        assert kiosk.app.snapshot()["counters"].get("speech_dropped_bytes", 0) == 0

    shell(body, "turn.longest_s=6")
