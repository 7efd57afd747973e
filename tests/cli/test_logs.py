import pytest

from edged.cli import main, parser
from edged.cli.logs import command
from edged.system.notices import NOTICES


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ([], ["--lines=100", "--no-pager", "--output=short-iso"]),
        (["-f"], ["--lines=100", "--follow", "--output=short-iso"]),
        (["--since=-2h"], ["--since=-2h", "--no-pager", "--output=short-iso"]),
        (
            ["--since=today", "-n", "5", "--json"],
            ["--since=today", "--lines=5", "--no-pager", "--output=json"],
        ),
        (["-x", "-n9"], ["--lines=9", "--no-pager", "--catalog", "--output=short-iso"]),
        (
            ["--turns"],
            ["--lines=100", "--no-pager", "--output=short-iso", f"MESSAGE_ID={NOTICES['turn'].message_id}"],
        ),
    ],
)
def test_journalctl_is_asked_for_our_lines_only(line, words):
    args = parser().parse_args(["logs", *line])
    assert command(args) == ["journalctl", "--identifier=edged", *words]


def test_it_runs_journalctl_and_ends_as_it_does(tmp_path, monkeypatch, capfd):
    fake = tmp_path / "journalctl"
    fake.write_text('#!/bin/sh\necho "$@"\nexit 3\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["logs", "-n", "1"]) == 3
    assert capfd.readouterr().out == "--identifier=edged --lines=1 --no-pager --output=short-iso\n"


def test_without_a_journal_it_says_where_the_lines_are(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["logs"]) == 64
    assert "standard error" in capsys.readouterr().err
