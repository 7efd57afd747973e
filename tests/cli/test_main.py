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
