"""The ledger beside a slow or failing disk, and a service that reports nonsense."""

import asyncio
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest

from edged.app.adapters import Ports
from edged.app.audience import Audience
from edged.app.usage import Bookkeeping
from edged.config import load
from edged.ledger.memory_books import MemoryBooks
from edged.ledger.ports import BooksError
from edged.ledger.prices import Cost
from edged.ledger.reading import read
from edged.ledger.slate_file import SlateFile
from edged.ledger.sqlite_books import SqliteBooks
from edged.local import transcription
from edged.system.notify import NullManager
from edged.wire.usage import counted

BEGIN = datetime.fromisoformat("2026-11-30T12:00")


class LoopClock:
    """The clocks of the loop, with a wall clock that begins at `begin`."""

    def __init__(self, begin=BEGIN):
        self.begin, self._since = begin, asyncio.get_running_loop().time()

    def monotonic_ms(self):
        return round(asyncio.get_running_loop().time() * 1000)

    def local(self):
        return self.begin + timedelta(seconds=asyncio.get_running_loop().time() - self._since)

    def wall(self):
        return self.local().timestamp()


class Beats:
    """A slate that notes when it beats."""

    lasts = True

    def __init__(self):
        self.at = []

    def read(self):
        return {}

    def write(self, facts, beat_ms):
        self.at.append(beat_ms)

    beat = lambda self, beat_ms: self.at.append(beat_ms)  # noqa: E731


class SlowDisk:
    """Each call takes so long."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    async def __call__(self, call, /, *args, deadline_s):
        await asyncio.sleep(self.seconds)
        return call(*args)


class CountingBooks(MemoryBooks):
    def __init__(self):
        super().__init__()
        self.writes, self.fails = 0, False

    def write(self, batches, question):
        if self.fails:
            raise BooksError("No space left on device")
        self.writes += 1
        return super().write(batches, question)


class Desk:
    """A bookkeeping that runs."""

    def __init__(self, *settings, books=None, disk=None, begin=BEGIN, slate=None):
        self.slate, self.books = slate or Beats(), books or CountingBooks()
        self.clock = LoopClock(begin)
        ports = Ports(
            *(self.clock, None, None, None, disk or SlowDisk(), None),
            boot="one boot",
            books=self.books,
            slate=self.slate,
        )
        config = load(None, env={}, sets=settings).config
        self.usage = Bookkeeping(config, ports, Audience(NullManager(), dict), lambda: None, lambda: (0, 0))

    async def __aenter__(self):
        await self.usage.recall()
        self._task = asyncio.create_task(self.usage.run())
        return self

    async def __aexit__(self, *_):
        assert not self._task.done()
        self._task.cancel()
        await self.usage.close()

    def answered(self, number=1, **usage):
        about = {"id": f"a response with the number {number}", "turn": number, "conversation": 1}
        self.usage({"event": "usage", "status": "completed", "usage": usage, **about})

    @property
    def today(self):
        return self.usage.spent()["day"]


def test_the_slate_beats_while_the_disk_is_slow(lab_run):
    async def main():
        async with Desk(disk=SlowDisk(20.0)) as desk:
            desk.usage.connected()
            for number in range(5):
                await asyncio.sleep(13.0)
                desk.answered(number)
            at = desk.slate.at
            assert all(later - before <= 1000 for before, later in pairwise(at))
            assert at[-1] >= 65_000

    lab_run(main())


def test_no_connection_no_beat(lab_run):
    async def main():
        async with Desk() as desk:
            number = desk.usage.connected()
            await asyncio.sleep(10.0)
            desk.usage.disconnected(number)
            await asyncio.sleep(1.0)
            beats = len(desk.slate.at)
            await asyncio.sleep(300.0)
            assert len(desk.slate.at) <= beats + 1

    lab_run(main())


def test_who_looks_at_the_usage_writes_nothing(lab_run):
    async def main():
        async with Desk() as desk:
            desk.usage.connected()
            desk.answered()
            await asyncio.sleep(5.0)
            writes = desk.books.writes
            for second in range(300):
                assert desk.usage.snapshot()["usage"]["day"]["minutes"] == round((second + 5) / 60, 1)
                await asyncio.sleep(1.0)
            assert desk.books.writes == writes

    lab_run(main())


def test_a_new_day_opens_the_kiosk_although_the_disk_is_full(lab_run):
    async def main():
        books = CountingBooks()
        begin = datetime.fromisoformat("2026-11-30T23:59")
        async with Desk("budget.day.requests=2", books=books, begin=begin) as desk:
            books.fails = True
            for number in range(2):
                desk.answered(number)
            assert desk.usage.closed == "budget_used"
            await asyncio.sleep(130.0)
            assert desk.usage.closed is None
            assert desk.today.counts.requests == 0

    lab_run(main())


def test_the_time_before_midnight_belongs_to_the_day_before(lab_run):
    async def main():
        async with Desk(begin=datetime.fromisoformat("2026-11-29T23:58")) as desk:
            desk.usage.connected()
            await asyncio.sleep(300.0)
            assert abs(desk.today.counts.connected_ms - 180_000) <= 1000
            assert desk.usage.spent()["month"].counts.connected_ms == 300_000

    lab_run(main())


@pytest.mark.parametrize(
    "usage",
    [
        {"seconds": 2**53, "input_tokens": 2**53, "output_tokens": 2**53},
        {"duration": 1e15},
        {"total_tokens": 2**53, "input_token_details": {"text_tokens": 2**53, "cached_tokens": 2**53}},
    ],
)
def test_a_service_that_reports_nonsense_does_not_stop_the_ledger(lab_run, tmp_path, usage):
    async def main():
        books = SqliteBooks(tmp_path)
        async with Desk(books=books) as desk:
            for number in range(12):
                desk.answered(number, **usage)
                desk.usage(
                    {"event": "transcription_usage", "usage": usage, "id": "", "turn": 1, "conversation": 1}
                )
            await asyncio.sleep(5.0)
            assert not list(desk.usage.troubles())
            assert desk.today.counts.requests == 12
            desk.usage.snapshot()

    lab_run(main())


def test_what_the_service_does_not_report_costs_an_unknown_amount(lab_run):
    async def main():
        async with Desk("provider.name=openai") as desk:
            desk.answered(1, input_tokens=10, input_token_details={"text_tokens": 10})
            assert not desk.today.cost.unknown
            desk.answered(2)
            assert desk.today.cost.unknown
            assert desk.today.counts.unreported == 1

    lab_run(main())


def test_all_that_was_counted_before_the_clock_was_set_gets_its_day(lab_run, tmp_path):
    class Failing(SqliteBooks):
        fails = True

        def write(self, batches, question):
            if self.fails:
                raise BooksError("No space left on device")
            return super().write(batches, question)

    async def main():
        books = Failing(tmp_path)
        async with Desk(books=books, begin=datetime.fromisoformat("1970-01-01T00:01")) as desk:
            for number in range(150):  # more than one transaction takes
                desk.answered(number, input_tokens=1)
            await asyncio.sleep(5.0)
            desk.clock.begin += BEGIN - datetime.fromisoformat("1970-01-01")
            books.fails = False
            await asyncio.sleep(120.0)
            assert desk.today.counts.requests == 150
        days = {day: counts.requests for day, *_, counts in read(tmp_path, with_entries=False).days}
        assert days == {"2026-11-30": 150}

    lab_run(main())


MINUTE = (
    'prices=[{"provider": "custom", "minute": 6, "text_in": 0, "text_out": 0, "audio_in": 0, "audio_out": 0}]'
)


def test_a_limit_of_money_counts_minutes_of_ones_own_price(lab_run):
    async def main():
        async with Desk(
            "provider.name=custom", "provider.url=wss://a.example/v1/realtime", MINUTE, "budget.day.usd=12"
        ) as desk:
            desk.usage.connected()
            await asyncio.sleep(110.0)
            assert desk.usage.closed is None
            await asyncio.sleep(90.0)
            assert desk.usage.closed == "budget_used"

    lab_run(main())


@pytest.mark.parametrize("saved", [2, 1, 0])
def test_limits_outlive_a_restart_on_a_disk_that_takes_nothing(lab_run, tmp_path, saved):
    """Some answers are on the disk. The other ones, of the first process, are on the slate."""

    class FullBooks(SqliteBooks):
        fails = False

        def write(self, batches, question):
            if self.fails:
                self.close()
                raise BooksError("No space left on device")
            return super().write(batches, question)

    async def main():
        books, slate, settings = FullBooks(tmp_path), SlateFile(tmp_path), ("budget.day.requests=2",)
        async with Desk(*settings, books=books, slate=slate) as desk:
            for number in range(2):
                books.fails = number >= saved
                desk.answered(number)
                await asyncio.sleep(1.0)
            books.fails = True
        async with Desk(*settings, books=books, slate=slate) as desk:
            assert desk.usage.closed == "budget_used"
            assert [each.cause for each in desk.usage.troubles()] == ["budget_used", "ledger_unwritable"]
            books.fails = False
            await asyncio.sleep(120.0)
            assert desk.today.counts.requests == 2
            assert desk.usage.closed == "budget_used"
        assert [counts.requests for *_, counts in read(tmp_path, with_entries=False).days] == [2]

    lab_run(main())


@pytest.mark.parametrize(
    ("name", "of", "usd"),
    [
        # 30 tokens of sound, and 9 of what services do not call text
        (
            "gpt-4o-transcribe",
            transcription.usage("why does it do that, and for whom", "gpt-", 3000),
            "0.000165",
        ),
        ("gpt-realtime-whisper", {"type": "duration", "seconds": 3}, "0.00085"),
    ],
)
def test_a_transcription_costs_what_its_service_reports(lab_run, name, of, usd):
    async def main():
        async with Desk("provider.name=openai", f"provider.transcription={name}") as desk:
            about = {"id": "item_1", "turn": 1, "conversation": 1}
            desk.usage({"event": "transcription_usage", "usage": counted(of), **about})
            assert desk.today.counts.transcriptions == 1
            assert desk.today.cost == Cost(Fraction(usd))

    lab_run(main())
