"""Standard output that takes nothing, such as a file on a full disk: a line says so, and there is no traceback."""

import subprocess

import pytest

from edged.cli import main
from edged.ledger.counts import Counts
from edged.ledger.entry import EntryKind, LedgerEntry
from edged.ledger.ports import Batch, Inquiry, Run
from edged.ledger.sqlite_books import SqliteBooks
from tests.cli.daemon import EDGED, ENV, IN_TIME_S, running

WORDS = [
    ["version"],
    ["version", "--json"],
    *(["usage", *more] for more in ([], ["--json"], ["--csv"], ["--by", "turn"])),
    ["config", "show"],
    ["config", "schema"],
    ["privacy"],
    ["devices"],
    ["help"],
    [],
    ["--version"],
    ["usage", "--help"],
]


@pytest.fixture
def state(tmp_path):
    entry = LedgerEntry(
        *(1, EntryKind.RESPONSE, "openai", "gpt-realtime", 1_780_000_000.0, 1, "2026-11-30"),
        counts=Counts(requests=1),
    )
    books = SqliteBooks(tmp_path)
    books.write([Batch(Run("a run"), (entry,))], Inquiry("2026-11", ""))
    books.close()
    return tmp_path


@pytest.mark.parametrize("buffering", [1, 2**16], ids=["lines", "blocks"])
@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_output_that_cannot_be_written_is_said_in_one_line(state, monkeypatch, capsys, words, buffering):
    takes_config = words and words[0] in ("usage", "config", "privacy", "devices") and words[1:] != ["schema"]
    options = ["--set", f"state.dir={state}"] if takes_config and "--help" not in words else []
    with open("/dev/full", "w", buffering=buffering) as full:  # noqa: PTH123 it has no size
        monkeypatch.setattr("sys.stdout", full)
        try:
            code = main([*words, *options])
        except SystemExit as left:
            code = left.code
    monkeypatch.undo()
    said = capsys.readouterr().err
    assert (code, said) == (1, "edged: cannot write the output: No space left on device\n")


def test_beside_a_daemon_too(tmp_path):
    with running(tmp_path) as daemon, open("/dev/full", "w") as full:  # noqa: PTH123 it has no size
        for words in (["status"], ["status", "--json"], ["report", "--print"], ["doctor", "--short"]):
            command = [*EDGED, *words, "--config", str(daemon.config)]
            more = {"stdin": subprocess.DEVNULL, "stdout": full, "stderr": subprocess.PIPE, "env": ENV}
            ended = subprocess.run(command, **more, text=True, timeout=IN_TIME_S, check=False)
            assert "Traceback" not in ended.stderr
            assert ended.stderr.splitlines()[-1] == "edged: cannot write the output: No space left on device"
            assert ended.returncode == 1
