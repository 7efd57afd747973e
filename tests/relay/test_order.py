"""What a bridge still delivers to each side when the other side closes, with sides that follow the test."""

import asyncio

import pytest

from edged.dial.endpoint import Endpoint
from edged.relay.bridge import CLIENT_CLOSE_S, HURRIED_CLOSE_S, UPSTREAM_CLOSE_S, Bridge
from edged.relay.closing import ConnectionEnd
from edged.relay.ports import ClosedError, StuckError, Upstream
from edged.relay.usage import Tally
from edged.wire import Dialect

GA = Dialect.GA


class FakeSide:
    """Sends `says`, one message every 0.1 s, then closes with `end` (never, if None). `sink` decides about sends."""

    def __init__(self, says=(), end=None, sink=None):
        self.says, self.end, self.sink = list(says), end, sink
        self.got, self.closes = [], []

    async def receive(self):
        if self.says:
            await asyncio.sleep(0.1)
            return self.says.pop(0)
        if self.end is None:
            await asyncio.Event().wait()
        raise self.end

    async def send(self, message):
        if self.sink is not None:
            raise self.sink
        self.got.append(message)

    async def left(self):
        if self.end is None or self.says:
            await asyncio.Event().wait()
        return self.end

    async def close(self, code, reason, within_s):
        self.closes.append((code, reason, within_s))


def bridged(lab_run, client, upstream):
    async def dial(to):
        return upstream

    async def main():
        bridge = Bridge(client, GA, Upstream(Endpoint("ws://x/", GA, {}), GA), dial=dial, tally=Tally())
        end = await bridge.run()
        assert len(asyncio.all_tasks()) == 1
        return end

    return lab_run(main(), limit_s=60)


OVER = ClosedError(4000, "over")


def test_a_service_found_closed_on_the_way_up_has_still_its_last_words(lab_run):
    client = FakeSide(["a"])
    upstream = FakeSide(list("12345"), OVER, sink=OVER)
    assert bridged(lab_run, client, upstream) == ConnectionEnd("upstream", 4000, "over")
    assert client.got == list("12345")
    assert client.closes == [(4000, "over", CLIENT_CLOSE_S)]


def test_a_client_found_closed_on_the_way_down_has_still_its_last_words(lab_run):
    client = FakeSide(list("12345"), OVER, sink=OVER)
    upstream = FakeSide(["a"])
    assert bridged(lab_run, client, upstream) == ConnectionEnd("client", 4000, "over")
    assert upstream.got == list("12345")
    assert upstream.closes == [(4000, "over", UPSTREAM_CLOSE_S)]


def test_two_that_close_at_once_leave_nobody_waiting(lab_run):
    client, upstream = FakeSide(["a"], OVER, sink=OVER), FakeSide(["b"], OVER, sink=OVER)
    assert bridged(lab_run, client, upstream).code == 1006


@pytest.mark.parametrize("who", ["client", "upstream"])
def test_who_does_not_read_is_not_waited_for(lab_run, who):
    stuck, other = FakeSide(sink=StuckError("")), FakeSide(["a"])
    client, upstream = (stuck, other) if who == "client" else (other, stuck)
    assert bridged(lab_run, client, upstream) == ConnectionEnd(who, 1011, f"{who} does not read")
    assert stuck.closes == [(1011, f"{who} does not read", HURRIED_CLOSE_S)]
    assert other.closes[0][2] > HURRIED_CLOSE_S
