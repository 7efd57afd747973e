"""How often a kiosk asks a service for sessions that fail, whatever the service does and however often people press."""

import asyncio
import logging

import pytest

from edged.retry import LIVED_S, MOST_TRIES, WINDOW_S
from instruments.lab.kiosk import kiosk_of
from instruments.lab.net import SimNet

# Everything that a service can do to end a session, or to prevent one.
ENDS = (
    *(f"refuse:{status}" for status in (301, 400, 401, 402, 403, 404, 408, 426, 429, 500, 502, 503)),
    *("refuse:429:0", "refuse:503:1", "refuse:429:60", "slow:60", "hang", "mute", "drop", "stall", "half_open"),
    "expire",
    *("drop@session.created", "drop@session.update", "drop@session.updated", "expire@session.updated"),
    *("swallow@session.updated", "swallow@session.update", "garbage:deep", "close:1000", "close:1001"),
    "close:1008:quota",
    *("close:1011", "close:1012", "close:1013", "close:1008@session.updated", "drop@input_audio_buffer.append#5"),
    *("close:1000@input_audio_buffer.append#3", "expire@input_audio_buffer.append#90"),
    "drop@input_audio_buffer.commit",
    *("deaf", "stall@input_audio_buffer.commit", "half_open@response.created", "drop@response.done"),
)  # fmt: skip


def most_in_a_window(times):
    return max((sum(at <= time <= at + WINDOW_S for time in times) for at in times), default=0)


@pytest.mark.hours
@pytest.mark.parametrize("presses_every_s", [None, 7.0])
@pytest.mark.parametrize("fault", ENDS)
def test_a_service_is_asked_thirty_times_in_ten_minutes_at_most_for_nothing(lab_run, fault, presses_every_s):
    net = SimNet(latency_ms=10)
    tries = []

    async def main():
        loop = asyncio.get_running_loop()
        logging.disable()
        net.watch(lambda event: tries.append(event.at_s) if event.kind == "connected" else None)
        async with kiosk_of(net, fault_lines=[fault]) as kiosk:
            began = loop.time()
            while loop.time() - began < 1.5 * WINDOW_S:
                if presses_every_s is None:
                    await asyncio.sleep(60)
                else:
                    await kiosk.visitor.hold(1.0)
                    await asyncio.sleep(presses_every_s)
            ups = [at for at, up in kiosk.links if up]
            downs = [at for at, up in kiosk.links if not up] + [loop.time()]
        return [(up, min(down for down in downs if down >= up)) for up in ups]

    try:
        lives = lab_run(main(), net=net)
    finally:
        logging.disable(logging.NOTSET)
    # The last try before a lasting session is the one that led to it.
    lasting = [up for up, down in lives if down - up >= LIVED_S]
    for up in lasting:
        tries.remove(max(at for at in tries if at <= up))
    assert most_in_a_window(tries) <= MOST_TRIES
    assert lasting or len(tries) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["refuse:401", "close:1000", "refuse:503"])
def test_a_service_that_comes_to_its_senses_is_found_by_a_press(lab_run, fault):
    """Hours later, the tries by the clock have left tries for a visitor's press."""
    net = SimNet(latency_ms=10)

    async def main():
        logging.disable()
        async with kiosk_of(net, fault_lines=[fault]) as kiosk:
            await asyncio.sleep(3 * 3600)
            kiosk.server._faults.clear()
            assert not kiosk.app.link.up
            await kiosk.visitor.hold(1.0)
            return await kiosk.until(lambda: kiosk.app.link.up, 8.0)

    try:
        assert lab_run(main(), net=net)
    finally:
        logging.disable(logging.NOTSET)
