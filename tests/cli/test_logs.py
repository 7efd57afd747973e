import shutil
import tempfile
from pathlib import Path

import pytest

from edged.cli import logs, main, parser
from edged.cli.logs import command
from edged.system.notices import NOTICES
from tests.cli.daemon import another_user


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


def test_the_lines_of_the_companion_are_those_of_its_own_identifier():
    args = parser().parse_args(["logs", "--companion", "-n5"])
    assert command(args)[:3] == ["journalctl", "--identifier=edged-companion", "--lines=5"]


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


def closed_for_another(folder):
    """What `is_closed` says to a user who is neither root nor in any group of the journal."""
    with another_user():
        return logs.is_closed([Path(folder)])


@pytest.fixture
def journal():
    place = Path(tempfile.mkdtemp(prefix="edged-journal-"))
    place.chmod(0o755)
    (place / "0123").mkdir()
    yield place
    place.chmod(0o755)
    (place / "0123").chmod(0o755)
    shutil.rmtree(place)


def test_a_journal_that_this_user_may_not_read_is_closed(journal):
    assert not closed_for_another(journal)  # there is none
    file = journal / "0123" / "system.journal"
    file.write_bytes(b"")
    assert not closed_for_another(journal)
    (journal / "0123" / "user-65533.journal").write_bytes(b"")  # the user's own tells nothing of the service
    file.chmod(0)
    assert closed_for_another(journal)
    (journal / "0123").chmod(0)
    assert closed_for_another(journal)
    journal.chmod(0)
    assert closed_for_another(journal)
    assert not closed_for_another("/nowhere")


def test_without_permission_it_says_so_and_what_helps_and_does_not_say_that_all_is_well(
    tmp_path, monkeypatch, capfd
):
    fake = tmp_path / "journalctl"
    fake.write_text('#!/bin/sh\ncase "$*" in *--quiet*) ;; *) echo "-- No entries --" ;; esac\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["logs"]) == 0
    monkeypatch.setattr(logs, "is_closed", lambda _: True)
    capfd.readouterr()
    assert main(["logs"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "use sudo, or join a group" in err
