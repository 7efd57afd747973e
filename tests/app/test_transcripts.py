"""When transcripts in files are deleted: weeks in virtual time, with clocks that are not set and clocks that jump."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from random import Random

import pytest

from edged.app.adapters import Ports
from edged.app.transcripts import MOST_WAITING, TranscriptKeeping
from edged.config import load
from edged.system.store import FileStore
from edged.transcripts.folder import TranscriptFolder
from edged.transcripts.ports import TranscriptsError
from instruments.lab.net import SimNet
from instruments.lab.ports import SimClock, SimOffload

DAY_S = 86_400
FILE = "log.transcripts=file"


class Stage:
    """The keeping of a kiosk, whose visitors are the calls of `exchange`."""

    def __init__(self, folder, clock, *settings, files=None):
        self.folder, self.clock = folder, clock
        ports = Ports(
            clock,
            None,
            None,
            FileStore(folder),
            SimOffload(),
            Random(1),
            transcripts=files or TranscriptFolder(folder),
        )
        self.keeping = TranscriptKeeping(load(None, env={}, sets=settings).config, ports, lambda: "")
        self.turn = 0

    def exchange(self):
        self.turn += 1
        of = {"turn": self.turn, "conversation": 1}
        self.keeping({"event": "transcript", "role": "user", "text": f"question {self.turn}", **of})
        self.keeping({"event": "transcript", "role": "assistant", "text": f"answer {self.turn}", **of})
        self.keeping({"event": "usage", "status": "completed", **of})

    async def ask(self):
        self.exchange()
        await asyncio.sleep(15)

    @property
    def kept(self):
        return sorted(file.name for file in (self.folder / "transcripts").glob("*"))

    @property
    def turns(self):
        files = sorted((self.folder / "transcripts").glob("*"))
        return [json.loads(line)["turn"] for file in files for line in file.read_text().splitlines()]


@pytest.fixture
def stage(lab_run, tmp_path):
    """Runs `body(stage)` from noon of a day in 2026 on; another call is another process, at a later time."""

    def run(body, *settings, at="2026-11-30T12:00:00", files=None):
        net = SimNet()

        @asynccontextmanager
        async def lives():
            clock = SimClock(asyncio.get_running_loop())
            clock.set(datetime.fromisoformat(at))
            one = Stage(tmp_path, clock, *settings, files=files)
            await one.keeping.recall()
            running = asyncio.create_task(one.keeping.run())
            try:
                yield one
            finally:
                assert not running.done(), running.exception()
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running
                await one.keeping.close()

        async def main():
            async with lives() as one:
                await body(one)

        lab_run(main(), net=net)

    return run


def test_a_kiosk_that_nobody_uses_deletes_what_is_too_old(stage):
    async def body(one):
        await one.ask()
        await asyncio.sleep(DAY_S)
        await one.ask()
        await asyncio.sleep(28.4 * DAY_S)
        assert one.kept == ["2026-11-30.jsonl", "2026-12-01.jsonl"]
        await asyncio.sleep(0.2 * DAY_S)
        assert one.kept == ["2026-12-01.jsonl"]
        await asyncio.sleep(DAY_S)
        assert one.kept == []

    stage(body, FILE)


def test_in_months_of_use_nothing_is_ever_older_than_it_may_be(stage):
    async def body(one):
        for day in range(40):
            await one.ask()
            oldest = one.clock.local().date() - timedelta(days=min(day, 9))
            assert one.kept[0] == f"{oldest.isoformat()}.jsonl"
            await asyncio.sleep(DAY_S - 15)

    stage(body, FILE, "log.transcripts_days=10")


@pytest.mark.parametrize("now", ["off", "journal"])
def test_it_does_so_also_after_files_were_switched_off(stage, now):
    async def body(one):
        await one.ask()
        one.keeping.configure(
            load(None, env={}, sets=[f"log.transcripts={now}", "log.transcripts_days=2"]).config
        )
        await asyncio.sleep(1.4 * DAY_S)
        assert one.kept == ["2026-11-30.jsonl"]
        await asyncio.sleep(0.2 * DAY_S)
        assert one.kept == []

    stage(body, FILE)


def test_fewer_days_count_at_once(stage):
    async def body(one):
        await one.ask()
        await asyncio.sleep(5 * DAY_S)
        one.keeping.configure(load(None, env={}, sets=[FILE, "log.transcripts_days=3"]).config)
        await asyncio.sleep(1)
        assert one.kept == []

    stage(body, FILE)


def test_a_kiosk_that_runs_an_hour_a_day_deletes_as_well(stage):
    async def body(one):
        await one.ask()
        await asyncio.sleep(3600)

    for day in range(1, 32):
        stage(body, FILE, at=(datetime.fromisoformat("2026-11-30T12:00") + timedelta(days=day)).isoformat())
    found = []

    async def look(one):
        await asyncio.sleep(1300)  # two looks agree
        found.extend(one.kept)

    stage(look, FILE, at="2027-01-01T12:00:00")
    assert found[0] == "2026-12-03.jsonl"
    assert found[-1] == "2026-12-31.jsonl"


def test_a_clock_that_is_not_set_deletes_nothing_by_date(stage):
    async def body(one):
        await one.ask()
        one.clock.set(datetime.fromisoformat("1970-01-01T00:00"))
        await one.ask()
        await asyncio.sleep(2.9 * DAY_S)
        assert one.kept == ["2026-11-30.jsonl", "undated.jsonl"]
        lines = (one.folder / "transcripts" / "undated.jsonl").read_text().splitlines()
        assert json.loads(lines[0])["time"] is None
        await asyncio.sleep(0.2 * DAY_S)  # it has run for 3 days since
        assert one.kept == []

    stage(body, FILE, "log.transcripts_days=3")


def test_a_clock_that_is_behind_deletes_nothing_early(stage):
    """Without a battery, a machine may begin years ago, and be right some hours later."""

    async def body(one):
        await one.ask()

    async def behind(one):
        await asyncio.sleep(5 * 3600)
        one.clock.set(datetime.fromisoformat("2026-12-01T12:00"))
        await asyncio.sleep(3600)
        assert one.kept == ["2026-11-30.jsonl"]

    stage(body, FILE)
    stage(behind, FILE, at="2025-03-01T00:00:00")


def test_a_jump_by_50_years_and_back_deletes_nothing_and_keeps_nothing_for_50_years(stage):
    async def body(one):
        await one.ask()
        one.clock.set(datetime.fromisoformat("2076-11-30T12:00"))
        await one.ask()
        await asyncio.sleep(500)
        one.clock.set(datetime.fromisoformat("2026-11-30T12:20"))
        assert one.kept == ["2026-11-30.jsonl", "2076-11-30.jsonl"]
        await asyncio.sleep(2.4 * DAY_S)
        assert one.kept == ["2026-11-30.jsonl", "2076-11-30.jsonl"]
        await asyncio.sleep(0.7 * DAY_S)
        assert one.kept == []

    stage(body, FILE, "log.transcripts_days=3")


def test_the_age_of_a_file_of_the_future_outlives_restarts(stage):
    async def future(one):
        await one.ask()

    async def an_hour(one):
        await asyncio.sleep(3700)
        assert one.kept == ["2076-11-30.jsonl"]

    async def last(one):
        await asyncio.sleep(1300)
        assert one.kept == []

    stage(future, FILE, at="2076-11-30T12:00:00")
    stage(an_hour, FILE)
    stage(an_hour, FILE, at="2026-12-29T12:00:00")
    stage(last, FILE, at="2026-12-30T12:00:00")


class NoDisk(TranscriptFolder):
    def append(self, day, lines):
        raise TranscriptsError("it is read-only")


def test_a_disk_that_takes_nothing_for_days_costs_a_bounded_memory(stage, tmp_path, journal):
    async def body(one):
        for _ in range(3 * MOST_WAITING):
            await one.ask()
        assert len(list(one.keeping.troubles())) == 1

    stage(body, FILE, files=NoDisk(tmp_path))
    assert journal.getvalue().count("it is read-only") == 1


def test_without_a_folder_it_is_said_that_nothing_is_kept(stage, journal):
    from edged.transcripts.ports import NoTranscriptFiles

    async def body(one):
        await one.ask()

    stage(body, FILE, files=NoTranscriptFiles())
    assert "`state.dir` names no folder" in journal.getvalue()


def test_a_flood_is_written_in_a_few_writes(stage, tmp_path):
    class Counting(TranscriptFolder):
        n = 0

        def append(self, day, lines):
            self.n += 1
            super().append(day, lines)

    files = Counting(tmp_path)

    async def body(one):
        for _ in range(1000):
            one.exchange()
            await asyncio.sleep(0.1)
        await asyncio.sleep(30)
        assert len(one.turns) == 1000

    stage(body, FILE, files=files)
    assert files.n < 70
