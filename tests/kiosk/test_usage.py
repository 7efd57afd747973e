"""The ledger of a kiosk in virtual time: what the service billed, and what follows from a used budget."""

import asyncio
from datetime import datetime
from random import Random

import pytest

from edged.causes import Cue
from edged.ledger.counts import Counts, total
from edged.ledger.ports import BooksError, Inquiry
from edged.ledger.sqlite_books import SqliteBooks
from edged.local.server import LocalServer
from instruments.lab.kiosk import Kiosk, StampVoice
from instruments.lab.oracle import cues_in
from tests.kiosk.test_shell import idle


async def ask(kiosk, seconds=1.0):
    await kiosk.visitor.hold(seconds)
    await asyncio.sleep(0.1)
    await idle(kiosk)


def at(text):
    return datetime.fromisoformat(text)


def today(kiosk):
    return kiosk.app.snapshot()["usage"]["day"]


def spent(kiosk):
    return kiosk.app.usage.spent()["day"].counts


def heard(kiosk):
    return [event["id"] for event in kiosk.events if event["event"] == "cause"]


def billed(server):
    """What the service counted, as the ledger counts it."""
    rows = [row.usage for row in server.bill]
    details = [(row["input_token_details"], row["output_token_details"]) for row in rows]
    return {
        "requests": len(rows),
        "text_in": sum(before["text_tokens"] for before, _ in details),
        "audio_in": sum(before["audio_tokens"] for before, _ in details),
        "text_out": sum(after["text_tokens"] for _, after in details),
        "audio_out": sum(after["audio_tokens"] for _, after in details),
        "sent_ms": sum(server.ledger.appended.values()) // 48,
    }


def counted(books, month="1970-01"):
    return total([Counts(), *books.write([], Inquiry(month, "")).sums.values()])


def test_the_ledger_counts_what_the_service_bills(shell):
    async def body(kiosk):
        for seconds in (1.0, 2.5, 0.8):
            await ask(kiosk, seconds)
        await kiosk.visitor.hold(1.0)  # interrupted: the answer is cancelled, and billed
        await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
        await asyncio.sleep(0.5)
        await ask(kiosk)
        await asyncio.sleep(1)
        bill = billed(kiosk.server)
        assert today(kiosk)["requests"] == bill["requests"] == 5
        assert today(kiosk)["tokens"] == sum(
            bill[name] for name in ("text_in", "audio_in", "text_out", "audio_out")
        )
        assert today(kiosk)["audio_s"] == bill["sent_ms"] // 1000
        assert "cancelled" in [row.status for row in kiosk.server.bill]
        counts = spent(kiosk)
        assert {name: counts.as_dict()[name] for name in bill} == bill

    shell(body)


def test_each_turn_and_conversation_is_told_apart(shell):
    async def body(kiosk):
        await ask(kiosk)
        await ask(kiosk)
        kiosk.app.command("new_conversation", None)
        await kiosk.until(lambda: kiosk.app.link.up, 5)
        await ask(kiosk)
        await asyncio.sleep(150)  # the visitor has left
        await ask(kiosk)
        used = [(event["turn"], event["conversation"]) for event in kiosk.events if event["event"] == "usage"]
        assert used == [(1, 1), (2, 1), (3, 2), (4, 3)]
        names = [event["id"] for event in kiosk.events if event["event"] == "usage"]
        assert names == [row.response_id for row in kiosk.server.bill]

    shell(body)


def test_minutes_of_connection_are_what_the_service_measured(shell):
    async def body(kiosk):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(100)
        kiosk.net.strike("reset")
        await asyncio.sleep(50)
        await ask(kiosk)
        await asyncio.sleep(100)
        measured = sum(kiosk.server.ledger.connected_s(loop.time()).values())
        counts = spent(kiosk)
        assert counts.connections == kiosk.server.ledger.sessions == 2
        assert abs(counts.connected_ms / 1000 - measured) < 2 * 0.2

    shell(body)


def test_a_response_that_never_ended_is_counted_beside_the_requests(shell):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
        kiosk.net.strike("reset_client")
        await idle(kiosk)
        assert (today(kiosk)["requests"], today(kiosk)["unfinished"]) == (len(kiosk.server.bill), 1)

    shell(body)


HARD = ("budget.day.requests=2",)


@pytest.mark.parametrize("mode", ["hold", "toggle", "hybrid", "conversation"])
def test_a_used_budget_lets_the_answer_end_and_then_refuses_presses(shell, mode):
    async def body(kiosk):
        async def press():
            kiosk.button.press()
            await asyncio.sleep(1.0)
            kiosk.button.release()
            if mode == "toggle":
                kiosk.button.press()
                await asyncio.sleep(0.1)
                kiosk.button.release()
            await kiosk.until(lambda: kiosk.state in ("IDLE", "NOTICE"), 30)

        for _ in range(2):
            await press()
            await asyncio.sleep(10)
            await idle(kiosk, 120)
        asked = len(kiosk.server.audit)
        assert kiosk.app.snapshot()["light"] == "budget"
        sent = sum(kiosk.server.ledger.appended.values())
        await press()
        assert "budget_used" in heard(kiosk)
        await idle(kiosk)
        assert Cue.FAILED in [cue for _, cue in cues_in(kiosk.speaker.takes)]
        assert len(kiosk.server.audit) == asked
        assert sum(kiosk.server.ledger.appended.values()) == sent
        await asyncio.sleep(5)
        assert not kiosk.app.link.up  # nothing is open, either
        assert all(row.status == "completed" for row in kiosk.server.bill[:1])

    shell(body, f"mode={mode}", *HARD)


def test_the_next_day_opens_by_itself(shell):
    async def body(kiosk):
        kiosk.clock.set(at("2026-11-30T23:50"))
        await asyncio.sleep(61)
        await ask(kiosk)
        await ask(kiosk)
        assert kiosk.app.snapshot()["light"] == "budget"
        assert [each["cause"] for each in kiosk.app.snapshot()["troubles"]] == ["budget_used"]
        await asyncio.sleep(600)
        assert kiosk.app.snapshot()["light"] == "ready"
        assert not kiosk.app.snapshot()["troubles"]
        await ask(kiosk)
        usage = kiosk.app.snapshot()["usage"]
        assert (usage["date"], usage["day"]["requests"]) == ("2026-12-01", 1)
        assert usage["month"]["requests"] == 1

    shell(body, *HARD)


def test_a_soft_limit_warns_the_operator_once_and_nobody_else(shell, journal):
    async def body(kiosk):
        for _ in range(3):
            await ask(kiosk)
        assert kiosk.app.snapshot()["light"] == "ready"
        assert not heard(kiosk)
        assert [each["cause"] for each in kiosk.app.snapshot()["troubles"]] == ["budget_near"]
        assert [event["near"] for event in kiosk.events if event["event"] == "budget"] == [
            ["budget.month.warn_requests"]
        ]

    shell(body, "budget.month.warn_requests=2")
    assert journal.getvalue().count("budget.month.warn_requests: 2 of 2") == 1


def test_a_changed_limit_applies_at_once(shell):
    async def body(kiosk):
        await ask(kiosk)
        await ask(kiosk)
        assert kiosk.app.snapshot()["light"] == "budget"
        from edged.config import load

        more = load(None, env={}, sets=["budget.day.requests=20"]).config
        kiosk.app.usage.configure(more)
        assert kiosk.app.snapshot()["light"] != "budget"

    shell(body, *HARD)


def test_the_answer_under_way_is_heard_to_its_end(shell):
    async def body(kiosk):
        await ask(kiosk)
        await ask(kiosk)
        played = b"".join(block for _, block in kiosk.speaker.takes)
        assert all(answer in played for answer in kiosk.voice.answers)
        assert len(kiosk.voice.answers) == 2

    shell(body, *HARD)


class FailingBooks(SqliteBooks):
    fails = False

    def write(self, batches, inquiry):
        if self.fails:
            self.close()
            raise BooksError("No space left on device")
        return super().write(batches, inquiry)


def in_lab(lab_run, body, *settings, **machine):
    from instruments.lab.net import SimNet

    net = SimNet(latency_ms=20)

    async def main():
        from instruments.lab.kiosk import Visitor

        rng = Random(1)
        async with (
            LocalServer(voice=StampVoice(rng)) as server,
            Kiosk(net, server.url, rng, *settings, **machine) as kiosk,
        ):
            kiosk.server, kiosk.visitor = server, Visitor(kiosk, rng)
            await kiosk.until(lambda: kiosk.app.link.up, 5.0)
            await asyncio.sleep(1.003)
            await body(kiosk)
        return kiosk

    return lab_run(main(), net=net)


def test_a_full_disk_is_said_once_and_used_again_when_it_works(lab_run, tmp_path, journal):
    books = FailingBooks(tmp_path)

    async def body(kiosk):
        kiosk.clock.set(at("2026-11-30T12:00"))
        await asyncio.sleep(61)
        await ask(kiosk)
        books.fails = True
        for _ in range(3):
            await ask(kiosk)
        await asyncio.sleep(200)
        assert [each["cause"] for each in kiosk.app.snapshot()["troubles"]] == ["ledger_unwritable"]
        assert today(kiosk)["requests"] == 4
        books.fails = False
        await asyncio.sleep(61)
        assert not kiosk.app.snapshot()["troubles"]
        assert today(kiosk)["requests"] == 4
        await ask(kiosk)
        body.bill = billed(kiosk.server)

    in_lab(lab_run, body, books=books)
    found = counted(SqliteBooks(tmp_path), "2026-11").as_dict()
    assert {name: found[name] for name in body.bill} == body.bill
    assert journal.getvalue().count("No space left on device") == 1


def test_the_first_day_after_the_clock_was_set_has_what_was_counted_before(lab_run, tmp_path):
    async def body(kiosk):
        kiosk.clock.set(at("1970-01-01T00:01"))
        await asyncio.sleep(61)
        await ask(kiosk)
        assert (kiosk.app.snapshot()["usage"]["date"], today(kiosk)["requests"]) == ("", 1)
        await asyncio.sleep(100)
        kiosk.clock.set(at("2026-11-30T12:00"))
        await ask(kiosk)
        await asyncio.sleep(61)
        assert kiosk.app.snapshot()["usage"]["date"] == "2026-11-30"
        assert today(kiosk)["requests"] == 2
        body.bill = billed(kiosk.server)

    in_lab(lab_run, body, books=SqliteBooks(tmp_path), boot="this boot")
    found = counted(SqliteBooks(tmp_path), "2026-11").as_dict()
    assert {name: found[name] for name in body.bill} == body.bill
