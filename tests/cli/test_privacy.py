"""`edged privacy`: what it shows, and what `purge` deletes and says."""

import json
import os
import stat
import time
from pathlib import Path

import pytest

from edged.cli import main
from edged.ledger import reading, report
from edged.ledger.counts import Counts
from edged.ledger.entry import EntryKind, LedgerEntry
from edged.ledger.ports import Batch, Inquiry, Run
from edged.ledger.prices import PriceTable
from edged.ledger.sqlite_books import SqliteBooks
from edged.transcripts.folder import TranscriptFolder
from tests.cli.daemon import another_user, running, serving
from tests.talk.stage import tone, write_wav

DAYS = ("2026-10-30", "2026-11-01", "2026-11-29", "")
SAID = "where the porcelain heron sleeps"
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def state(tmp_path):
    """A state folder with transcripts of four days and with usage."""
    files = TranscriptFolder(tmp_path)
    for day in DAYS:
        files.append(day, [json.dumps({"visitor": SAID})])
    entries = tuple(
        LedgerEntry(
            *(n, EntryKind.RESPONSE, "openai", "gpt-realtime", 1_780_000_000.0 + n, n, day),
            *(n, n, f"response {n}", "completed", Counts(requests=1, audio_in=1000 * n)),
        )
        for n, day in enumerate(DAYS[:3], start=1)
    )
    books = SqliteBooks(tmp_path)
    books.write([Batch(Run("one"), entries)], Inquiry("2026-11", ""))
    books.close()
    return tmp_path


def names(state):
    return sorted(each.name for each in (state / "transcripts").iterdir())


def ran(capsys, state, *args):
    code = main(["privacy", *args, "--set", f"state.dir={state}"])
    return code, capsys.readouterr()


def test_it_shows_what_is_kept_and_what_leaves(state, capsys):
    wanted = ("log.transcripts=file", "provider.name=openai", "provider.transcription=whisper-1")
    code, shown = ran(capsys, state, *(word for each in wanted for word in ("--set", each)))
    assert code == 0
    for words in (
        *("4 files", "the oldest 2026-10-30", "30 days", "written now", str(state / "transcripts")),
        *("api.openai.com", "whisper-1", "only the provider can say it", "usage.db"),
    ):
        assert words in shown.out
    assert SAID not in shown.out
    code, shown = ran(capsys, state, "--json")
    assert json.loads(shown.out)["kept"][0]["is_speech"] is True


def test_what_the_companion_shows_and_to_whom_is_said(state, capsys):
    code, shown = ran(capsys, state)
    assert (code, "what the kiosk does" in shown.out) == (0, False)
    wanted = (
        *("companion.page.listen=127.0.0.1:8780", "companion.page.transcripts=true"),
        "companion.mqtt.broker=mqtts://broker.example",
    )
    words = [word for each in wanted for word in ("--set", each)]
    for transcripts, page in (("off", "8780;"), ("file", "8780, also what was said;")):
        _, shown = ran(capsys, state, *words, "--set", f"log.transcripts={transcripts}")
        assert (
            f"what the kiosk does, for the page at 127.0.0.1:{page} the MQTT broker broker.example\n"
            in shown.out
        )


def test_all_of_them_go(state, capsys):
    code, shown = ran(capsys, state, "purge", "--all", "--yes")
    assert (code, names(state)) == (0, [])
    assert "deleted: 4 files with transcripts" in shown.out
    assert "sudo journalctl --rotate --vacuum-time=1s" in shown.out
    assert "what local keeps" in shown.out
    code, shown = ran(capsys, state, "purge", "--all")
    assert code == 0
    assert "there is nothing to delete" in shown.out


def test_those_before_a_day_go_and_the_rest_is_named(state, capsys):
    code, shown = ran(capsys, state, "purge", "--before", "2026-11-29", "--yes")
    assert (code, names(state)) == (0, ["2026-11-29.jsonl", "undated.jsonl"])
    assert "only --all deletes: undated.jsonl" in shown.out


def test_a_dry_run_deletes_nothing_and_asks_nobody(state, capsys):
    code, shown = ran(capsys, state, "purge", "--all", "--usage", "--dry-run")
    assert (code, len(names(state))) == (0, 4)
    assert "2026-11-01.jsonl" in shown.out
    assert "visitors of 3 answers" in shown.out


@pytest.mark.parametrize(
    "args",
    [
        ("purge",),
        ("purge", "--all", "--before", "2026-11-30"),
        ("purge", "--before", "yesterday"),
        ("purge", "--all", "--json", "--yes"),
        ("--all",),
        ("show", "--yes"),
    ],
)
def test_what_makes_no_sense_is_refused(state, capsys, args):
    try:
        code = main(["privacy", *args, "--set", f"state.dir={state}"])
    except SystemExit as left:
        code = left.code
    assert (code, len(names(state))) == (64, 4)


def test_without_a_terminal_it_needs_yes(state, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    code, shown = ran(capsys, state, "purge", "--all")
    assert (code, len(names(state))) == (64, 4)
    assert "--yes" in shown.err


def test_the_usage_keeps_its_sums_and_forgets_who_asked_when(state, capsys):
    before = report.summed(report.lines(reading.read(state, with_entries=True), PriceTable((), ()), "day"))
    code, shown = ran(capsys, state, "purge", "--before", "2026-11-29", "--usage", "--yes")
    assert code == 0
    assert "visitors of 2 answers" in shown.out
    after = reading.read(state, with_entries=True)
    assert report.summed(report.lines(after, PriceTable((), ()), "day")) == before
    left = [(entry.turn, entry.conversation, entry.at_s) for _, entry in after.entries]
    assert left == [(0, 0, 0.0), (0, 0, 0.0), (3, 3, 1_780_000_003.0)]
    books = SqliteBooks(state)  # a running edged writes on, and counts nothing twice
    books.write([], Inquiry("2026-11", ""))
    books.close()
    data = b"".join(each.read_bytes() for each in state.glob("usage.db*"))
    import struct

    assert struct.pack(">d", 1_780_000_001.0) not in data


def test_damaged_files_of_the_usage_go_with_all_of_it(state, capsys):
    spoilt = [state / f"usage.db.corrupt{more}" for more in ("", "-wal", ".1")]
    for file in spoilt:
        file.write_bytes(b"when somebody asked")
    for args in (("--all",), ("--before", "2026-11-29", "--usage"), ("--all", "--usage", "--dry-run")):
        code, shown = ran(capsys, state, "purge", *args, "--yes")
        assert (code, shown.out.count("usage.db.corrupt.1")) == (0, 1 + ("--dry-run" in args))
        assert all(file.exists() for file in spoilt)
    code, shown = ran(capsys, state, "purge", "--all", "--usage", "--yes")
    assert (code, list(state.glob("usage.db.corrupt*"))) == (0, [])
    assert (state / "usage.db").exists()
    assert "damaged files" not in shown.out


@pytest.mark.skipif(AS_ROOT, reason="root may do everything")
def test_without_the_right_it_says_so(state, capsys):
    (state / "transcripts").chmod(0)
    code, shown = ran(capsys, state, "purge", "--all", "--yes")
    (state / "transcripts").chmod(0o700)
    assert (code, len(names(state))) == (1, 4)
    assert "sudo" in shown.err


def test_without_a_folder_there_is_nothing(capsys):
    code, shown = ran(capsys, "", "purge", "--all", "--yes")
    assert code == 1
    assert "`state.dir` names no folder" in shown.err


def test_other_files_and_links_stay(state, capsys, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "precious"
    other.write_text("mine")
    (state / "transcripts" / "2026-11-02.jsonl").symlink_to(other)
    (state / "transcripts" / "notes.txt").write_text("mine")
    code, _ = ran(capsys, state, "purge", "--all", "--yes")
    assert (code, names(state)) == (0, ["2026-11-02.jsonl", "notes.txt"])
    assert other.read_text() == "mine"
    assert stat.S_ISREG(Path(other).lstat().st_mode)


CANARY = "the porcelain heron sleeps at noon"


@pytest.mark.slow
def test_beside_a_running_daemon_whatever_it_was_told_to_keep(tmp_path):
    """A real edged and a real service: a file takes no line after its purge, and no report has what was said."""
    script = tmp_path / "script.yaml"
    script.write_text("version: 1\nanswers:\n" + f"  - {{say: {CANARY}, heard: {CANARY}}}\n" * 9)
    heard = {"backend": "wav", "file": str(write_wav(tmp_path / "in.wav", tone(10_000) * 15))}
    with serving("--script", script) as url:
        provider = {"url": url, "transcription": "whisper-1"}
        parts = {"provider": provider, "microphone": heard, "speaker": {"backend": "null"}}
        with running(tmp_path, **parts, log={"transcripts": "file"}) as daemon:
            daemon.until(lambda state: state["link"]["up"])
            kept, own = tmp_path / "state" / "transcripts", ["--set", f"state.dir={tmp_path / 'state'}"]
            assert daemon.ask("ctl", "press", "1.5s", "release").returncode == 0
            (first,) = within(40, lambda: sorted(kept.glob("*.jsonl")))
            line = json.loads(first.read_text())
            assert (line["visitor"], line["machine"]) == (CANARY, CANARY)
            assert (
                main(["privacy", "purge", "--all", "--dry-run", *own]) == 0
            )  # it imports what is needed below
            with another_user():
                refused = main(["privacy", "purge", "--all", "--yes", *own])
            assert first.exists() is AS_ROOT
            assert refused == (1 if AS_ROOT else 0)
            done = daemon.ask("privacy", "purge", "--all", "--yes")
            assert (done.returncode, list(kept.iterdir())) == (0, [])
            report = daemon.ask("report", "--print", timeout=200)
            assert CANARY not in report.stdout + daemon.errors.read_text()
            daemon.configure(**parts, log={"transcripts": "journal"})
            assert daemon.ask("reload").returncode == 0
            assert daemon.ask("ctl", "press", "1.5s", "release").returncode == 0
            within(30, lambda: f"machine: {CANARY}" in daemon.errors.read_text())
            report = daemon.ask("report", "--print", timeout=200)
            assert report.returncode == 0
            assert CANARY not in report.stdout
        assert list(kept.iterdir()) == []


def within(seconds, look):
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return found
