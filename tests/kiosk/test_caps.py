"""What a kiosk can cost at most: an hour of one press, an hour of many, and a day without anybody."""

import asyncio

import pytest

from tests.kiosk.test_link import daemon  # noqa: F401 a fixture

SECOND = 48_000  # bytes
CAP_S = 30
LONGEST_S = 20


def sent_s(kiosk):
    return sum(kiosk.server.ledger.appended.values()) / SECOND


def connected_s(kiosk):
    return sum(kiosk.server.ledger.connected_s(asyncio.get_running_loop().time()).values())


def test_an_hour_of_one_press_sends_one_question(daemon):  # noqa: F811
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(3600)
        kiosk.button.release()
        await asyncio.sleep(60)
        assert sent_s(kiosk) <= LONGEST_S + 1
        assert len(kiosk.server.bill) == 1
        assert kiosk.app.snapshot()["usage"]["day"]["requests"] == 1

    daemon(body, f"turn.longest_s={LONGEST_S}", "microphone.capture=closed")


@pytest.mark.parametrize(
    ("down_s", "up_s", "for_s"),
    [
        (5.0, 0.5, 300),
        pytest.param(0.21, 0.11, 3600, marks=pytest.mark.hours),
        pytest.param(5.0, 0.5, 3600, marks=pytest.mark.hours),
    ],
)
def test_presses_without_end_send_no_more_than_the_cap_of_a_day(daemon, down_s, up_s, for_s):  # noqa: F811
    async def body(kiosk):
        over = asyncio.get_running_loop().time() + for_s
        while asyncio.get_running_loop().time() < over:
            kiosk.button.press()
            await asyncio.sleep(down_s)
            kiosk.button.release()
            await asyncio.sleep(up_s)
        await asyncio.sleep(60)
        assert sent_s(kiosk) <= CAP_S + LONGEST_S
        assert kiosk.app.snapshot()["usage"]["budget"][0]["limit"] == "budget.day.audio_s"
        assert kiosk.app.snapshot()["light"] == "budget" or sent_s(kiosk) < CAP_S
        before = sent_s(kiosk), len(kiosk.server.bill)
        kiosk.button.press()
        await asyncio.sleep(5)
        kiosk.button.release()
        await asyncio.sleep(30)
        assert (sent_s(kiosk), len(kiosk.server.bill)) == before or before[0] < CAP_S

    daemon(body, f"turn.longest_s={LONGEST_S}", f"budget.day.audio_s={CAP_S}")


@pytest.mark.parametrize("mode", [("mode=handset",), ("mode=conversation",)], ids=["handset", "conversation"])
def test_questions_that_are_never_answered_reach_the_cap_of_a_day_too(daemon, mode):  # noqa: F811
    async def body(kiosk):
        for _ in range(6):
            kiosk.button.press()
            await asyncio.sleep(10)  # and the question is not over
            kiosk.button.release()
            if mode[0] == "mode=conversation":
                kiosk.app.command("mute", None)
                kiosk.app.command("unmute", None)
            await asyncio.sleep(3)
        assert len(kiosk.server.bill) == 0
        assert CAP_S <= sent_s(kiosk) <= CAP_S + 11
        assert kiosk.app.snapshot()["light"] == "budget"

    daemon(body, mode[0], f"budget.day.audio_s={CAP_S}")


@pytest.mark.parametrize("connect", ["always", "on_demand"])
@pytest.mark.hours
def test_a_day_without_anybody_sends_nothing_and_asks_nothing(daemon, connect):  # noqa: F811
    async def body(kiosk):
        await asyncio.sleep(60)
        before = connected_s(kiosk)
        await asyncio.sleep(24 * 3600)
        assert sent_s(kiosk) == 0
        assert len(kiosk.server.bill) == 0
        minutes = (connected_s(kiosk) - before) / 60
        assert minutes == 0 if connect == "on_demand" else abs(minutes - 24 * 60) < 5
        counts = kiosk.app.usage.spent()["month"].counts
        assert (counts.requests, counts.sent_ms, counts.unfinished) == (0, 0, 0)
        assert abs(counts.connected_ms / 1000 - connected_s(kiosk)) < counts.connections

    daemon(body, f"link.connect={connect}", "microphone.capture=closed")
