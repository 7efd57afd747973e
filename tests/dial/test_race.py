"""Racing addresses, over the simulated network."""

import asyncio
import errno

import pytest

from edged.dial.happy_eyeballs import NEXT_AFTER_S
from edged.dial.race import first_connected
from instruments.lab.loop import virtual
from instruments.lab.net import SimNet

SIX, FOUR, OTHER = "2001:db8::5", "203.0.113.5", "203.0.113.6"
HOLE = {"hole_up": True, "hole_down": True}


def raced(lab_run, weather, *, addresses=(SIX, FOUR, OTHER), listening=(SIX, FOUR, OTHER)):
    """The address that won (or the error), after how long, and how many connections were left."""
    net = SimNet(latency_ms=10)

    async def main():
        loop = asyncio.get_running_loop()
        for address in listening:
            await loop.create_server(asyncio.Protocol, address, 443)
        for address, conditions in weather.items():
            net.set(address, **conditions)
        began = loop.time()
        try:
            winner, transport, _ = await first_connected(asyncio.Protocol, addresses, 443)
        except OSError as error:
            return error, loop.time() - began, len(net.connections)
        took_s = loop.time() - began
        await asyncio.sleep(5)
        left = len(net.connections)
        transport.abort()
        return winner, took_s, left

    return lab_run(main(), net=net)


def test_the_first_address_wins_where_all_is_well(lab_run):
    assert raced(lab_run, {}) == (SIX, pytest.approx(0.02), 1)


def test_a_hole_on_the_first_costs_no_more_than_the_delay(lab_run):
    winner, took_s, left = raced(lab_run, {SIX: HOLE})
    assert (winner, left) == (FOUR, 1)
    assert took_s == pytest.approx(NEXT_AFTER_S + 0.02)


def test_two_holes_cost_two_delays(lab_run):
    winner, took_s, _ = raced(lab_run, {SIX: HOLE, FOUR: HOLE})
    assert winner == OTHER
    assert took_s == pytest.approx(2 * NEXT_AFTER_S + 0.02)


def test_after_a_refusal_the_next_is_tried_at_once(lab_run):
    winner, took_s, _ = raced(lab_run, {SIX: {"refuse": True}})
    assert winner == FOUR
    assert took_s == pytest.approx(0.04)


def test_a_slow_first_still_wins_when_it_is_faster_than_the_second(lab_run):
    winner, took_s, left = raced(lab_run, {SIX: {"latency_ms": 150}, FOUR: {"latency_ms": 100}})
    assert (winner, left) == (SIX, 1)
    assert took_s == pytest.approx(0.3)


def test_the_slower_of_two_that_connect_is_given_up(lab_run):
    winner, _, left = raced(lab_run, {SIX: {"latency_ms": 300}})
    assert (winner, left) == (FOUR, 1)


def test_where_none_listens_the_refusal_is_told_and_not_the_missing_route(lab_run):
    error, took_s, left = raced(lab_run, {SIX: {"no_route": True}}, listening=())
    assert error.errno == errno.ECONNREFUSED
    assert (took_s < 0.1, left) == (True, 0)


def test_whoever_gives_up_leaves_no_connection_and_no_task_behind(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        net.set(SIX, **HOLE)
        net.set(FOUR, **HOLE)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await first_connected(asyncio.Protocol, [SIX, FOUR], 443)
        await asyncio.sleep(0.001)
        net.heal()
        assert net.connections == []
        assert virtual().tasks() == [asyncio.current_task()]

    lab_run(main(), net=net)


def test_a_bug_in_one_that_is_given_up_is_not_lost(lab_run):
    async def main():
        loop = asyncio.get_running_loop()
        await loop.create_server(asyncio.Protocol, FOUR, 443)
        connect = loop.create_connection

        async def broken(make, host, port):
            if host == FOUR:
                return await connect(make, host, port)
            try:
                await asyncio.sleep(60)
            finally:
                raise ZeroDivisionError

        loop.create_connection = broken
        with pytest.raises(ZeroDivisionError):
            await first_connected(asyncio.Protocol, [SIX, FOUR], 443)

    lab_run(main(), net=SimNet(latency_ms=10))


@pytest.mark.parametrize("ahead_ms", [-0.0002, 0, 0.0002])
def test_one_that_fails_in_the_moment_in_which_another_wins_begins_no_other(lab_run, ahead_ms):
    """The first connects when the second is refused. The third never answers, and the race must not wait for it."""
    weather = {SIX: {"latency_ms": 135 + ahead_ms}, FOUR: {"refuse": True}, OTHER: HOLE}
    winner, took_s, left = raced(lab_run, weather)
    assert (winner, left) == (SIX, 1)
    assert took_s == pytest.approx(NEXT_AFTER_S + 0.02, abs=1e-5)


@pytest.mark.parametrize("ticks", range(8))
def test_whoever_gives_up_in_the_moment_in_which_one_wins_leaves_no_connection_behind(lab_run, ticks):
    net = SimNet(latency_ms=10)

    async def main():
        loop = asyncio.get_running_loop()
        await loop.create_server(asyncio.Protocol, FOUR, 443)
        race = asyncio.ensure_future(first_connected(asyncio.Protocol, [FOUR, OTHER], 443))
        await asyncio.sleep(0.02)
        for _ in range(ticks):
            await asyncio.sleep(0)
        race.cancel()
        await asyncio.wait({race})
        if not race.cancelled():
            race.result()[1].abort()
        await asyncio.sleep(1)
        assert net.connections == []

    lab_run(main(), net=net)


@pytest.mark.parametrize("ticks", range(8))
def test_whoever_gives_up_in_the_moment_in_which_one_fails_begins_no_other(lab_run, ticks):
    net = SimNet(latency_ms=10)

    async def main():
        loop = asyncio.get_running_loop()
        await loop.create_server(asyncio.Protocol, OTHER, 443)
        net.set(FOUR, refuse=True)
        race = asyncio.ensure_future(first_connected(asyncio.Protocol, [FOUR, OTHER], 443))
        await asyncio.sleep(0.02)
        for _ in range(ticks):
            await asyncio.sleep(0)
        race.cancel()
        await asyncio.wait({race})
        await asyncio.sleep(5)
        assert (race.cancelled(), net.connections) == (True, [])

    lab_run(main(), net=net)
