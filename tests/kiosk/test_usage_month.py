"""A month of a kiosk, with restarts, deaths, midnights, a change to winter time, and a clock that jumps by fifty years.

The bill of the service is the judge: the ledger must have the same counts, and the time of each connection.
"""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from edged.ledger.counts import Counts, total
from edged.ledger.reading import read
from edged.ledger.slate_file import FILE, SlateFile
from edged.ledger.sqlite_books import SqliteBooks
from edged.local.server import LocalServer
from instruments.lab.kiosk import Kiosk, StampVoice, Visitor
from instruments.lab.net import SimNet
from tests.kiosk.test_usage import billed

ZONE = ZoneInfo("Europe/Berlin")
BEGINS = datetime(2026, 10, 24, 20, tzinfo=ZONE)  # five hours before the clocks go back
FIFTY_YEARS_S = 50 * 365.25 * 86_400
HOUR_S = 3600.0
RUN_H = (0.5, 2.0)
MONTH = (pytest.mark.nightly, pytest.mark.timeout(3600))  # a quarter of an hour of work on a quiet machine
KINDS = ("", "future", "", "reboot")  # what happens before a run


class Month:
    """One kiosk after the other, with the same folders. `truth` has the answers by the day that counts for them."""

    def __init__(self, net, server, rng, folder):
        self._net, self._server, self._rng, self._folder = net, server, rng, folder
        self._loop = asyncio.get_running_loop()
        self._loop.wall_offset_s = BEGINS.timestamp() - self._loop.time()
        self._true_offset_s = self._loop.wall_offset_s
        self._boots = 0
        self.truth = Counter()
        self.runs = Counter()
        self.strikes = 0

    def kiosk(self):
        kiosk = Kiosk(
            self._net,
            self._server.url,
            self._rng,
            "microphone.capture=closed",  # an idle microphone would take most of the time of this test
            books=SqliteBooks(self._folder / "state"),
            slate=SlateFile(self._folder / "run"),
            boot=f"boot {self._boots}",
        )
        kiosk.clock.zone = ZONE
        return kiosk

    async def run(self, hours, visits):
        """From a start of edged to its end."""
        rng, kiosk = self._rng, self.kiosk()
        end_s = self._loop.time() + hours * HOUR_S
        visitor = Visitor(kiosk, rng)
        await kiosk.until(lambda: kiosk.app.link.up, 30.0)
        seen = 0
        for _ in range(visits):
            await asyncio.sleep(rng.uniform(0.2, 1.8) * (hours * HOUR_S / (visits + 1)))
            await visitor.hold(rng.uniform(1.0, 3.0))
            if rng.random() < 0.2:  # does not wait for the answer
                await asyncio.sleep(rng.uniform(1.0, 3.0))
                await visitor.hold(1.0)
            if rng.random() < 0.1:
                self._net.strike("reset")
                self.strikes += 1
            await asyncio.sleep(0.2)
            await kiosk.until(lambda: kiosk.state == "IDLE", 60.0)
            usage = [event for event in kiosk.events if event["event"] == "usage"]
            self.truth[self.day()] += len(usage) - seen
            seen = len(usage)
        await asyncio.sleep(max(0.0, end_s - self._loop.time()))
        return kiosk

    async def ends(self, kiosk, how):
        """`stop` is orderly. `kill` leaves the file of the books open, and what is on the slate."""
        self.runs[how] += 1
        if how == "kill":
            kiosk._task.cancel()
            await asyncio.wait({kiosk._task})
            kiosk.app._device_panel.lamp.stop()  # a process that is dead shows no light
        else:
            kiosk.app.stop()
            await kiosk._task
        await asyncio.sleep(2.0)

    def power_cycle(self):
        """The machine starts again: memory is empty, and the clock is not set."""
        self._boots += 1
        (self._folder / "run" / FILE).unlink(missing_ok=True)
        self._loop.wall_offset_s = -self._loop.time()

    def jump(self, seconds):
        self._loop.wall_offset_s += seconds

    def set_clock(self):
        self._loop.wall_offset_s = self._true_offset_s

    def day(self):
        """The day that counts now. While the clock is not set, it is the true one: the clock is set later."""
        shown = self._loop.wall_offset_s + self._loop.time()
        if shown < BEGINS.timestamp() - 86_400:
            shown = self._true_offset_s + self._loop.time()
        return datetime.fromtimestamp(shown, ZONE).date().isoformat()


async def lived(net, folder, hours_in_all, visits_an_hour, seed):
    rng = Random(seed)
    for name in ("state", "run"):
        (folder / name).mkdir()
    async with LocalServer(voice=StampVoice(rng), wall=asyncio.get_running_loop().wall) as server:
        month = Month(net, server, rng, folder)
        left_h, now = hours_in_all, ""
        while left_h > 0:
            hours = min(left_h, rng.uniform(*RUN_H))
            if now == "future":
                month.jump(FIFTY_YEARS_S)
            elif now == "reboot":
                month.power_cycle()
            kiosk = await month.run(hours, max(2, round(visits_an_hour * hours)))
            if now:
                month.set_clock()
                await asyncio.sleep(61)
            left_h -= hours
            now = KINDS[month.runs.total() % len(KINDS)]
            # A machine that loses its power may lose ten minutes of connection (docs/usage.md); this one is shut down.
            await month.ends(kiosk, "stop" if now == "reboot" or rng.random() < 0.2 else "kill")
        kiosk = month.kiosk()
        await kiosk.until(lambda: kiosk.app.link.up, 30.0)
        await month.ends(kiosk, "stop")
        await asyncio.sleep(5.0)
        return month, billed(server), server.ledger


@pytest.mark.parametrize(
    ("hours", "visits_an_hour", "seed"),
    [
        pytest.param(8, 3, 7, id="a night"),
        pytest.param(31 * 24, 1, 1, marks=MONTH, id="a month 1"),
    ],
)
def test_the_ledger_equals_the_bill(lab_run, tmp_path, hours, visits_an_hour, seed):
    net = SimNet(latency_ms=20)
    month, bill, ledger = lab_run(lived(net, tmp_path, hours, visits_an_hour, seed), net=net)
    reading = read(tmp_path / "state", with_entries=True)
    rows = [*reading.days, *reading.months]
    found = total([Counts(), *(counts for *_, counts in rows)])
    lost_ms = found.sent_ms - bill.pop("sent_ms")  # a connection that is reset loses what is on its way
    assert 0 <= lost_ms <= 300 * month.strikes
    assert {name: found.as_dict()[name] for name in bill} == bill
    assert month.runs["kill"] >= 2
    assert month.runs["stop"] >= 1
    by_day = Counter()
    for day, _, _, counts in reading.days:
        by_day[day] += counts.requests
    assert +by_day == +month.truth
    assert any(day.startswith("2076") for day in by_day)
    assert "" not in +by_day
    connected = ledger.connected_s()
    assert found.connections == ledger.sessions
    assert abs(found.connected_ms / 1000 - sum(connected.values())) < len(connected)
    assert (BEGINS + timedelta(days=1)).date().isoformat() in by_day
