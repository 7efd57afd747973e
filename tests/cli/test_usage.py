"""`edged usage`: it reads what the daemon counted, while the daemon runs and after it."""

import csv
import io
import json
import os
import sqlite3
from xml.etree import ElementTree as ET

import pytest

from edged.cli import main
from edged.ledger.counts import Counts
from edged.ledger.entry import EntryKind, LedgerEntry
from edged.ledger.ports import Batch, Inquiry, Run
from edged.ledger.sqlite_books import FILE, SqliteBooks

MODEL = ("openai", "gpt-realtime-2.1")
TALK = Counts(requests=1, audio_in=1_000_000, audio_out=500_000, sent_ms=90_000)  # 32 + 32 dollars


def entries(*days, provider_and_model=MODEL, counts=TALK):
    return tuple(
        LedgerEntry(
            *(number, EntryKind.RESPONSE, *provider_and_model, 1_780_000_000.0 + number, number, day),
            *(number, 1 + number // 3, f"response {number}", "completed", counts),
        )
        for number, day in enumerate(days, start=1)
    )


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder with usage in it, and the options that name it."""
    monkeypatch.setenv("COLUMNS", "200")
    books = SqliteBooks(tmp_path)
    days = ("2026-10-30", "2026-11-01", "2026-11-29", "2026-11-29", "2026-11-30")
    books.write([Batch(Run("one"), entries(*days))], Inquiry("2026-11", ""))
    books.close()
    return tmp_path, ["--set", f"state.dir={tmp_path}", "--set", "control.socket="]


def shown(capsys, *args):
    assert main(["usage", *args]) == 0
    return capsys.readouterr().out


def test_days_are_shown_with_their_sums_and_bars(kept, capsys):
    lines = shown(capsys, *kept[1]).splitlines()
    assert [line.split()[0] for line in lines] == [
        *("answers", "2026-10-30", "2026-11-01", "2026-11-29", "2026-11-30", "total")
    ]
    assert lines[3].split()[-2] == "$128.00"
    assert lines[3].split()[-1] == "█" * 24
    assert lines[4].split()[-1] == "█" * 12
    assert "$320.00" in lines[-1]


@pytest.mark.parametrize(
    ("by", "what"),
    [
        ("month", ["2026-10", "2026-11"]),
        ("turn", ["1.1", "1.2", "1.3", "1.4", "1.5"]),
        ("session", ["1.1", "1.2"]),
        ("day", ["2026-10-30", "2026-11-01", "2026-11-29", "2026-11-30"]),
    ],
)
def test_json_has_all_counts_by_each_of_them(kept, capsys, by, what):
    found = json.loads(shown(capsys, *kept[1], "--by", by, "--json"))
    assert [line["what"] for line in found["lines"]] == what
    assert found["total"]["requests"] == 5
    assert found["total"]["usd"] == "320.000000"
    assert found["total"]["usd_complete"] is True
    assert found["prices"][0]["source"].startswith("https://")


def test_csv_is_for_a_spreadsheet(kept, capsys):
    rows = list(csv.DictReader(io.StringIO(shown(capsys, *kept[1], "--csv"))))
    assert [(row["what"], row["requests"], row["usd"]) for row in rows][2] == (
        "2026-11-29",
        "2",
        "128.000000",
    )


def test_since_leaves_out_what_was_before(kept, capsys):
    found = json.loads(shown(capsys, *kept[1], "--json", "--since", "2026-11-29"))
    assert found["total"]["requests"] == 3
    turns = json.loads(shown(capsys, *kept[1], "--json", "--by", "turn", "--since", "2026-11-30"))
    assert turns["total"]["requests"] == 1


def test_a_day_that_is_none_is_refused(kept, capsys):
    assert main(["usage", *kept[1], "--since", "yesterday"]) == 64
    assert "write it like 2026-11-30" in capsys.readouterr().err


def test_the_picture_is_drawn(kept, capsys, tmp_path):
    shown(capsys, *kept[1], "--svg", str(tmp_path / "usage.svg"))
    root = ET.parse(tmp_path / "usage.svg").getroot()
    bars = [float(each.get("width")) for each in root.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert bars == [210.0, 210.0, 420.0, 210.0]
    assert "$128.00" in "".join(root.itertext())


def test_a_price_that_is_not_known_is_never_zero(tmp_path, capsys):
    books = SqliteBooks(tmp_path)
    books.write(
        [Batch(Run("one"), entries("2026-11-30", provider_and_model=("azure", "my-deployment")))],
        Inquiry("2026-11", ""),
    )
    books.close()
    options = ["--set", f"state.dir={tmp_path}"]
    out = shown(capsys, *options)
    assert "$0" not in out
    assert "unknown" in out
    assert "no price is known for azure: my-deployment" in out
    assert json.loads(shown(capsys, *options, "--json"))["total"]["usd"] is None


def test_a_price_of_the_configuration_counts(tmp_path, capsys):
    books = SqliteBooks(tmp_path)
    books.write(
        [Batch(Run("one"), entries("2026-11-30", provider_and_model=("azure", "my-deployment")))],
        Inquiry("2026-11", ""),
    )
    books.close()
    config = tmp_path / "c.yaml"
    config.write_text(
        f"version: 1\nstate:\n  dir: {tmp_path}\nprices:\n"
        "  - {provider: azure, model: my-deployment, audio_in: 10, audio_out: 20, request: 0.5}\n"
    )
    assert "$20.50" in shown(capsys, "--config", str(config))


def test_nothing_was_counted_yet(tmp_path, capsys):
    assert main(["usage", "--set", f"state.dir={tmp_path}"]) == 1
    assert "no usage was counted yet" in capsys.readouterr().err


def test_a_damaged_file_is_said_and_left_alone(tmp_path, capsys):
    (tmp_path / FILE).write_bytes(b"not a database at all, and quite long for one" * 30)
    before = (tmp_path / FILE).read_bytes()
    assert main(["usage", "--set", f"state.dir={tmp_path}"]) == 1
    assert "not a database" in capsys.readouterr().err
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
def test_a_user_without_rights_is_told_what_to_do(kept, capsys):
    folder, options = kept
    shown(capsys, *options)  # from here on, everything is loaded
    folder.chmod(0o700)
    reads, writes = os.pipe()
    if not (child := os.fork()):
        os.setuid(65_533)
        code = main(["usage", *options])
        os.write(writes, capsys.readouterr().err.encode())
        os._exit(code)
    os.close(writes)
    with os.fdopen(reads) as said:
        text = said.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert "use sudo" in text


def test_it_reads_while_the_daemon_writes(kept, capsys):
    folder, options = kept
    books = SqliteBooks(folder)
    for number in range(20):
        more = entries("2026-11-30", counts=Counts(requests=1))[0]
        books.write([Batch(Run(f"run {number}"), (more,))], Inquiry("2026-11", ""))
        found = json.loads(shown(capsys, *options, "--json"))
        assert found["total"]["requests"] == 6 + number
    books.close()


def test_a_read_only_file_is_read(kept, capsys):
    """As on a disk that is mounted read-only: no log can be made beside the file."""
    folder, options = kept
    (folder / f"{FILE}-shm").mkdir()  # nothing can be opened at its place
    assert json.loads(shown(capsys, *options, "--json"))["total"]["requests"] == 5


def test_a_file_that_has_just_been_made_holds_nothing_yet(tmp_path, capsys):
    (tmp_path / FILE).touch()
    assert main(["usage", "--set", f"state.dir={tmp_path}", "--set", "control.socket="]) == 1
    assert "no usage was counted yet" in capsys.readouterr().err


@pytest.mark.parametrize("columns", [30, 50, 80, 100, 132, 1000])
def test_lines_fit_into_the_terminal(kept, capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = shown(capsys, *kept[1]).splitlines()
    assert max(map(len, lines)) <= columns
    assert "$320.00" in lines[-1]
    assert lines[-1].split()[1] == "5"
    assert ("█" in lines[1]) is (columns >= 50)


def test_output_without_a_place_to_go_to_is_no_fault(kept, monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    for how in ([], ["--csv"], ["--json"]):
        assert main(["usage", *how, *kept[1]]) == 0


def test_a_file_that_another_program_has_locked(kept, capsys, monkeypatch):
    monkeypatch.setattr("edged.ledger.read_only.BUSY_S", 0.1)
    other = sqlite3.connect(kept[0] / FILE, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("DELETE FROM months")
    assert main(["usage", *kept[1]]) == 1
    other.close()
    assert "database is locked by another program: try again" in capsys.readouterr().err
