"""The whole daemon with opening hours: outside them it sleeps, says so to anybody who presses, and wakes by itself."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest

from edged.causes import Light
from edged.cli import doctor_health, readiness, status
from edged.config import load
from edged.errors import ConfigError
from instruments.lab.net import SimNet
from tests.kiosk.test_link import answered
from tests.kiosk.test_shell import idle, kiosk_of

MONDAY = datetime(2026, 3, 2)  # noqa: DTZ001 local time
NOON = MONDAY.replace(hour=12)
OPEN = "link.hours=mon-fri 09:00-17:00"


@pytest.fixture
def daemon(lab_run):
    """Runs `body(kiosk)` in virtual time; `at` is the local time at the start."""

    def run(body, *settings, at=NOON, **server_options):
        net = SimNet(latency_ms=10)

        async def main():
            wall = asyncio.get_running_loop().wall
            async with kiosk_of(net, *settings, wall=wall, **server_options) as kiosk:
                kiosk.clock.set(at)
                await asyncio.sleep(70)  # the clock is read once a minute
                return await body(kiosk)

        return lab_run(main(), net=net)

    return run


def told(kiosk):
    """The causes that visitors were told."""
    return [event["id"] for event in kiosk.events if event["event"] == "cause"]


@pytest.mark.parametrize("connect", ["always", "on_demand"])
def test_outside_its_hours_a_kiosk_is_closed_and_says_so(daemon, connect):
    async def body(kiosk):
        sessions, sent = kiosk.server.ledger.sessions, sum(kiosk.server.ledger.appended.values())
        assert (kiosk.app.link.resting, kiosk.app.appliance.light) == (True, Light.CLOSED)
        shown = kiosk.app.snapshot()
        assert "link      closed until the opening hours, 0 waiting" in status.lines(shown)
        level, line = readiness.checked(shown)
        assert (level, line.split(" |")[0]) == (0, "EDGED OK - ready, link closed until the opening hours")
        assert (readiness.code(shown), doctor_health.lacks(shown)) == (0, "")
        for _ in range(3):
            await kiosk.visitor.hold(1.0)
            await asyncio.sleep(10.0)
        assert told(kiosk) == ["outside_hours"] * 3
        await asyncio.sleep(3600)
        assert kiosk.server.ledger.sessions == sessions
        assert sum(kiosk.server.ledger.appended.values()) == sent
        assert len(kiosk.server.bill) == 0
        kiosk.clock.set(MONDAY.replace(hour=8, minute=59))
        await asyncio.sleep(70)
        assert kiosk.app.link.up is (connect == "always")
        assert await answered(kiosk)

    daemon(body, OPEN, f"link.connect={connect}", at=MONDAY.replace(hour=20))


def test_the_end_of_the_hours_cuts_off_nobody(daemon):
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(5)
        kiosk.clock.set(MONDAY.replace(hour=17, minute=1))
        await asyncio.sleep(40)  # the kiosk has seen that it is closed
        assert kiosk.state == "LISTENING"
        kiosk.button.release()
        await asyncio.sleep(0.5)
        await idle(kiosk)
        (bill,) = kiosk.server.bill
        assert bill.status == "completed"
        assert told(kiosk) == []
        assert await kiosk.until(lambda: kiosk.app.link.resting, 10.0)
        await kiosk.visitor.hold(1.0)
        assert told(kiosk) == ["outside_hours"]

    daemon(body, OPEN, at=MONDAY.replace(hour=16, minute=58))


def test_while_the_clock_is_not_set_the_kiosk_is_open_and_says_so_once(daemon, caplog):
    async def body(kiosk):
        assert await answered(kiosk)
        await asyncio.sleep(7200)
        assert await answered(kiosk)
        kiosk.clock.set(MONDAY.replace(hour=20))
        assert await kiosk.until(lambda: kiosk.app.link.resting, 70.0)

    with caplog.at_level(logging.WARNING):
        daemon(body, OPEN, at=datetime(1970, 1, 1, 20))  # noqa: DTZ001 local time
    assert sum("link.hours: the clock is not set" in line for line in caplog.messages) == 1


def test_a_link_that_is_lost_outside_the_hours_is_not_opened_again(daemon):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        kiosk.clock.set(MONDAY.replace(hour=20))
        await asyncio.sleep(120)
        sessions = kiosk.server.ledger.sessions
        kiosk.net.set(no_route=False)
        await asyncio.sleep(3600)
        assert kiosk.server.ledger.sessions == sessions
        assert (kiosk.app.link.resting, kiosk.app.appliance.light) == (True, Light.CLOSED)
        assert kiosk.app.snapshot()["troubles"] == []
        kiosk.clock.set(MONDAY.replace(day=3, hour=12))
        assert await kiosk.until(lambda: kiosk.app.link.up, 70.0)

    daemon(body, OPEN)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("9-17", "link.hours: is not a range of hours"),
        ("[mon-fri 09:00-17:00, tue]", "link.hours: 'tue' is not a range of hours"),
        ("25:00-26:00", "is not a time of day"),
        ("moon 09:00-17:00", "'moon' is not a day"),
        ("09:00-09:00", "begins where it ends"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_the_way_to_write_them(value, says):
    with pytest.raises(ConfigError) as caught:
        load(None, env={}, sets=[f"link.hours={value}"])
    assert says in str(caught.value)


def test_a_link_that_fails_in_the_morning_as_it_did_in_the_evening_is_reported_again(daemon):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        assert await kiosk.until(lambda: kiosk.app.appliance.light is Light.NEEDS_NETWORK, 10.0)
        kiosk.clock.set(MONDAY.replace(hour=20))
        assert await kiosk.until(lambda: kiosk.app.link.resting, 130.0)
        assert kiosk.app.snapshot()["link"]["cause"] is None
        kiosk.clock.set(MONDAY.replace(day=3, hour=12))
        await asyncio.sleep(100)
        assert kiosk.app.appliance.light is Light.NEEDS_NETWORK
        assert [each["cause"] for each in kiosk.app.snapshot()["troubles"]] == ["offline"]

    daemon(body, OPEN)


@pytest.mark.parametrize("when", ["while it is closed", "before it closes"])
def test_a_network_that_is_gone_in_the_morning_is_noticed_before_somebody_presses(daemon, when):
    """On demand, only a press would show it."""

    async def body(kiosk):
        if when == "before it closes":
            kiosk.net.set(no_route=True)
            assert await kiosk.until(lambda: kiosk.app.appliance.light is Light.NEEDS_NETWORK, 10.0)
        kiosk.clock.set(MONDAY.replace(hour=20))
        assert await kiosk.until(lambda: kiosk.app.link.resting, 130.0)
        kiosk.net.set(no_route=True)
        await asyncio.sleep(60)
        assert kiosk.app.appliance.light is Light.CLOSED
        kiosk.clock.set(MONDAY.replace(day=3, hour=12))
        await asyncio.sleep(100)
        assert kiosk.app.appliance.light is Light.NEEDS_NETWORK

    daemon(body, OPEN, "link.connect=on_demand")


def test_a_kiosk_that_starts_while_it_is_closed_shows_in_the_morning_that_it_can_have_a_session(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        loop = asyncio.get_running_loop()
        settings = ("link.hours=thu 09:00-17:00", "link.connect=on_demand")  # the run begins on a Thursday
        async with kiosk_of(net, *settings, wall=loop.wall) as kiosk:
            assert (kiosk.app.link.resting, kiosk.server.ledger.sessions) == (True, 0)
            kiosk.clock.set(datetime.fromtimestamp(loop.wall(), UTC).replace(hour=12, tzinfo=None))
            await asyncio.sleep(100)
            assert (kiosk.app.link.resting, kiosk.server.ledger.sessions) == (True, 1)
            assert sum(kiosk.server.ledger.connected_s(loop.time()).values()) < 5.0
            assert kiosk.app.appliance.light is Light.READY

    lab_run(main(), net=net)
