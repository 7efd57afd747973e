"""What becomes of transcripts in a whole kiosk, in virtual time: nowhere, in the journal, or in files."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random

import pytest

from edged.config import change, load
from edged.local.script import parse
from edged.local.server import LocalServer
from edged.local.voice import hum
from edged.system.redactor import REDACTOR
from edged.system.store import FileStore
from edged.transcripts.folder import TranscriptFolder
from edged.transcripts.ports import TranscriptsError
from instruments.lab.kiosk import Kiosk, StampVoice, Visitor
from instruments.lab.net import SimNet
from tests.kiosk.test_shell import idle

BOTH = pytest.mark.parametrize("dialect", ["ga", "beta"])
QUESTION, ANSWER = "where do the marmalade umbrellas hang", "beside the walnut staircase"
FILE = ("log.transcripts=file", "provider.transcription=whisper-1")
DONE = {
    "conversation.item.input_audio_transcription.completed": "visitor",
    "response.audio_transcript.done": "machine",
    "response.output_audio_transcript.done": "machine",
}


class Remembering(LocalServer):
    """Remembers what it has sent of transcripts: the side and the text."""

    async def _client(self, connection):
        send = connection.send

        async def remember(message):
            event = json.loads(message)
            if side := DONE.get(event["type"]):
                self.said.append((side, event["transcript"]))
            await send(message)

        connection.send = remember
        await super()._client(connection)


@pytest.fixture(autouse=True)
def _quotes_nobody():
    yield
    REDACTOR.quotes = False


@pytest.fixture
def daemon(lab_run, tmp_path):
    """Runs `body(kiosk)` at noon of a day in 2026, with its state in a folder."""

    def run(body, *settings, **machine):
        net = SimNet(latency_ms=10)

        async def main():
            loop = asyncio.get_running_loop()
            loop.wall_offset_s += datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp() - loop.wall()
            async with kiosk_with(net, tmp_path, *settings, **machine) as kiosk:
                return await body(kiosk)

        return lab_run(main(), net=net)

    return run


@asynccontextmanager
async def kiosk_with(net, folder, *settings, **machine):
    rng = Random(1)
    voice = StampVoice(rng)
    answers = "".join(
        f'  - {{say: "{ANSWER} {number}", heard: "{QUESTION} {number}"}}\n' for number in range(1, 40)
    )
    script = parse(f"version: 1\nanswers:\n{answers}", "script", hum)
    machine = {"transcripts": TranscriptFolder(folder), "store": FileStore(folder)} | machine
    server = Remembering(voice=voice, planner=lambda: script.planner(voice))
    server.said = []
    async with server, Kiosk(net, server.url, rng, *settings, **machine) as kiosk:
        kiosk.server, kiosk.visitor, kiosk.folder = server, Visitor(kiosk, rng), folder
        await kiosk.until(lambda: kiosk.app.link.up, 5.0)
        await asyncio.sleep(1.003)
        yield kiosk


async def ask(kiosk, settle_s=15):
    await kiosk.visitor.hold(1.0)
    await asyncio.sleep(0.1)
    await idle(kiosk)
    await asyncio.sleep(settle_s)


def adopt(kiosk, *settings):
    """What a reload does, at rest."""
    before = kiosk.config
    sets = [f"provider.url={kiosk.server.url}", "control.socket=", "state.dir=", *settings]
    kiosk.config = load(None, env={}, sets=sets).config
    assert kiosk.app.quiet(kiosk.config)
    kiosk.app.adopt(kiosk.config, None, kiosk.app.front, change(before, kiosk.config))


def written(folder):
    """The lines of all files."""
    found = sorted((folder / "transcripts").glob("*.jsonl")) if (folder / "transcripts").exists() else []
    return [json.loads(line) for file in found for line in file.read_text().splitlines()]


def sides(lines):
    return [(side, line[side]) for line in lines for side in ("visitor", "machine")]


def in_transcripts(kiosk):
    return [event for event in kiosk.events if event["event"] == "transcript"]


@BOTH
def test_each_turn_is_a_line_with_what_both_sides_said(daemon, tmp_path, dialect):
    async def body(kiosk):
        for _ in range(3):
            await ask(kiosk)
        lines = written(tmp_path)
        assert sides(lines) == sorted(kiosk.server.said, key=lambda each: each[1][-1])
        assert [line["turn"] for line in lines] == [1, 2, 3]
        assert {line["status"] for line in lines} == {"completed"}
        assert {line["language"] for line in lines} == {"de"}
        assert lines[0]["time"].startswith("2026-11-30T12:00:")
        assert [each.name for each in (tmp_path / "transcripts").iterdir()] == ["2026-11-30.jsonl"]
        (file,) = (tmp_path / "transcripts").iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700

    daemon(body, *FILE, "provider.session.language=de", f"provider.dialect={dialect}")


def test_the_lines_of_one_visitor_belong_together(daemon, tmp_path):
    async def body(kiosk):
        await ask(kiosk)
        await ask(kiosk)
        await asyncio.sleep(150)  # the visitor has left
        await ask(kiosk)
        first, second, third = (line["session"] for line in written(tmp_path))
        assert first == second != third

    daemon(body, *FILE)


def test_a_stopped_answer_is_a_line_that_says_so(daemon, tmp_path):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
        kiosk.app.command("interrupt", None)
        await idle(kiosk)
        await asyncio.sleep(15)
        (line,) = written(tmp_path)
        assert line["visitor"] == f"{QUESTION} 1"
        assert line["status"] in ("cancelled", "completed")

    daemon(body, *FILE)


def test_a_lost_link_leaves_what_was_said_until_then(daemon, tmp_path):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await kiosk.until(lambda: kiosk.state == "SPEAKING", 5)
        kiosk.net.strike("reset_client")
        await idle(kiosk)
        await asyncio.sleep(15)
        (line,) = written(tmp_path)
        assert (line["visitor"], line["status"]) == (f"{QUESTION} 1", "unfinished")

    daemon(body, *FILE)


def test_the_end_of_edged_writes_what_waits(daemon, tmp_path):
    async def body(kiosk):
        await ask(kiosk, settle_s=0.5)
        assert written(tmp_path) == []

    daemon(body, *FILE)
    assert sides(written(tmp_path)) == [("visitor", f"{QUESTION} 1"), ("machine", f"{ANSWER} 1")]


def test_off_keeps_nothing_anywhere(daemon, tmp_path, journal):
    async def body(kiosk):
        await ask(kiosk)
        assert in_transcripts(kiosk) == []

    daemon(body, "provider.transcription=whisper-1")
    assert "umbrellas" not in journal.getvalue()
    assert "staircase" not in journal.getvalue()
    assert not (tmp_path / "transcripts").exists()


def test_journal_has_a_line_for_each_side_and_no_file(daemon, tmp_path, journal):
    async def body(kiosk):
        await ask(kiosk)

    daemon(body, "log.transcripts=journal", "provider.transcription=whisper-1")
    assert f"turn 1: visitor: {QUESTION} 1\n" in journal.getvalue()
    assert f"turn 1: machine: {ANSWER} 1\n" in journal.getvalue()
    assert not (tmp_path / "transcripts").exists()


def test_file_writes_nothing_of_it_to_the_journal(daemon, tmp_path, journal):
    async def body(kiosk):
        await ask(kiosk)
        assert [event["turn"] for event in in_transcripts(kiosk)] == [1, 1]

    daemon(body, *FILE)
    assert len(written(tmp_path)) == 1
    assert "umbrellas" not in journal.getvalue()
    assert "staircase" not in journal.getvalue()


class NoRoom(TranscriptFolder):
    """A disk that is full, until it is not."""

    full = True

    def append(self, day, lines):
        if self.full:
            raise TranscriptsError("/var/lib/edged/transcripts: No space left on device")
        super().append(day, lines)


def test_a_full_disk_is_said_once_and_nothing_of_the_conversation_suffers(daemon, tmp_path, journal):
    disk = NoRoom(tmp_path)

    async def body(kiosk):
        for _ in range(5):
            await ask(kiosk)
        assert len(kiosk.server.bill) == 5
        troubles = kiosk.app.snapshot()["troubles"]
        assert [each["cause"] for each in troubles] == ["transcripts_unwritable"]
        assert written(tmp_path) == []
        disk.full = False
        await asyncio.sleep(40)
        assert kiosk.app.snapshot()["troubles"] == []
        assert [line["turn"] for line in written(tmp_path)] == [1, 2, 3, 4, 5]

    daemon(body, *FILE, transcripts=disk)
    assert journal.getvalue().count("No space left") == 1
    assert journal.getvalue().count("the transcripts are saved again") == 1


def test_off_stops_at_once_and_says_what_is_left(daemon, tmp_path, journal):
    async def body(kiosk):
        await ask(kiosk)
        await ask(kiosk, settle_s=0.5)  # this turn still waits
        adopt(kiosk, "log.transcripts=off", "provider.transcription=whisper-1")
        await ask(kiosk, settle_s=60)
        assert [line["turn"] for line in written(tmp_path)] == [1]
        assert len(in_transcripts(kiosk)) == 4

    daemon(body, *FILE)
    assert "edged privacy purge" in journal.getvalue()


def test_a_reload_switches_files_on(daemon, tmp_path):
    async def body(kiosk):
        await ask(kiosk)
        adopt(kiosk, *FILE)
        await ask(kiosk)
        assert [line["turn"] for line in written(tmp_path)] == [2]

    daemon(body, "provider.transcription=whisper-1")


def test_a_deleted_file_takes_no_further_line(daemon, tmp_path):
    async def body(kiosk):
        await ask(kiosk)
        (tmp_path / "transcripts" / "2026-11-30.jsonl").unlink()
        await ask(kiosk)
        assert [line["turn"] for line in written(tmp_path)] == [2]

    daemon(body, *FILE)
