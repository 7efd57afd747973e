import os
import subprocess
import sys
from pathlib import Path

import pytest

from edged import __version__
from edged.cli import VERBS, main


def test_without_a_verb_it_helps(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(verb in out for verb in VERBS)


def test_it_says_its_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"edged {__version__}\n"


@pytest.mark.parametrize("line", [["dance"], ["run", "--nonsense"], ["serve", "--port", "x"]])
def test_a_line_that_makes_no_sense_is_64(line, capsys):
    with pytest.raises(SystemExit) as ended:
        main(line)
    assert ended.value.code == 64
    assert "edged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("statsu", "status"),
        ("Doctor", "doctor"),
        ("config xcheck", "check"),
        ("status --wacth", "--watch"),
        ("config check --jsn", "--json"),
        ("setup --mode hodl", "hold"),
        ("setup --dryrun", "--dry-run"),
    ],
)
def test_what_was_misspelt_is_named_with_the_verb_to_which_it_belongs(line, meant, capsys):
    with pytest.raises(SystemExit):
        main(line.split())
    said = capsys.readouterr().err
    assert f"(did you mean {meant}?)" in said
    verbs = [word for word in line.split()[:-1] if not word.startswith("-")]
    assert said.startswith(" ".join(["usage: edged", *verbs]))


@pytest.mark.parametrize(("line", "meant"), [("ctl xpress", "press"), ("help stat", "status")])
def test_a_misspelt_word_is_named_too(line, meant, capsys):
    assert main(line.split()) == 64
    assert f"(did you mean {meant}?)" in capsys.readouterr().err


@pytest.mark.parametrize("line", [[], ["status"], ["config"], ["config", "migrate"], ["help"]])
def test_help_is_what_the_option_shows(line, capsys):
    assert main(["help", *line]) == 0
    shown = capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main([*line, "--help"])
    assert (ended.value.code, capsys.readouterr().out) == (0, shown)


@pytest.mark.parametrize(
    "line",
    [
        ["run", "--sett", "provider.api_key=sk-1 abc 2"],
        ["run", "--dance=sk-abc", "--set", "a=b"],
        ["run", "provider.api_key=sk-abc"],
        ["provider.api_key=sk-abc 2"],
        ["provider.api_key='sk-abc"],
        ["serve", "--port", "key=sk-abc"],
        ["serve", "--p=sk-abc"],
        ["run", "--api-key", "sk-abc"],
    ],
)
def test_what_a_line_that_makes_no_sense_sets_is_not_told(line, capsys):
    with pytest.raises(SystemExit):
        main(line)
    output = capsys.readouterr().err
    assert "abc" not in output
    assert "…" in output


def test_a_missing_configuration_is_78(tmp_path, capsys):
    assert main(["run", "--config", str(tmp_path / "none.yaml")]) == 78
    assert "none.yaml" in capsys.readouterr().err


def test_status_without_a_daemon_says_so(tmp_path, capsys):
    assert main(["status", "--socket", str(tmp_path / "none.sock")]) == 1
    assert "is edged running" in capsys.readouterr().err


def test_status_tells_what_it_hears_and_misses_no_member(monkeypatch, capsys):
    class Client:
        def __init__(self, path):
            self.snapshot = {"state": "IDLE", "link": {"up": True}}

        def others(self):
            return []

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("edged.system.control_client.ControlClient", Client)
    assert main(["status", "--socket", "x"]) == 0
    assert "link      up, unknown waiting" in capsys.readouterr().out


ABORTING = """
import atexit, os

atexit.register(os.abort)


class AudioProcessingModule:
    def __init__(self, **how):
        pass
"""


def test_a_library_that_aborts_while_python_cleans_up_changes_no_exit_code(tmp_path):
    (tmp_path / "livekit").mkdir()
    (tmp_path / "livekit" / "__init__.py").touch()
    (tmp_path / "livekit" / "rtc.py").write_text(f"AudioFrame = None\n{ABORTING}")
    (tmp_path / "c.yaml").write_text("version: 1\nmode: conversation\nmicrophone: {echo_cancel: true}\n")
    asked = [sys.executable, "-m", "edged", "config", "check", str(tmp_path / "c.yaml")]
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    done = subprocess.run(
        asked,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("valid\n")
