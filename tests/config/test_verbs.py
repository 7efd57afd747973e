"""`edged config check|show|schema`; test_presets.py has `edged config preset`."""

import argparse
import json
import sys

import pytest

from edged.cli import config
from edged.origin import how_to_add


@pytest.fixture
def edged(monkeypatch, tmp_path):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    config.add(parser.add_subparsers())

    def run(*argv):
        args = parser.parse_args(["config", *argv])
        return args.run(args)

    return run


@pytest.fixture
def good(tmp_path):
    file = tmp_path / "good.yaml"
    file.write_text("version: 1\nmode: toggle\n")
    return str(file)


@pytest.fixture
def bad(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("mode: x\nbuton: {}\n")
    return str(file)


def test_a_good_file_passes(edged, good, capsys):
    assert edged("check", good) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{good}: valid\n"
    assert printed.err == ""


def test_a_bad_file_gives_78_and_one_line_for_each_problem(edged, bad, capsys):
    assert edged("check", bad) == 78
    printed = capsys.readouterr()
    assert printed.out == ""
    assert [line.split(": ")[0] for line in printed.err.splitlines()] == [
        f"{bad}:1:1",
        f"{bad}:1:7",
        f"{bad}:2:1",
    ]


def test_check_misses_a_key_that_is_not_there(edged, good, capsys):
    assert edged("check", good, "--set", "provider.api_key_file=/nowhere/key") == 78
    assert capsys.readouterr().err.startswith("--set: provider.api_key_file: /nowhere/key does not exist")


def test_check_tells_how_to_get_the_canceller_of_echo(edged, good, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "edged.audio.dsp.echo_livekit", None)  # as without its library
    wanted = ("--set", "mode=conversation", "--set", "microphone.echo_cancel=true")
    assert edged("check", good, *wanted) == 78
    remedy = f"run {how_to_add('aec')}, or set echo_cancel to false"
    problem = f"microphone.echo_cancel: the package livekit is missing ({remedy})"
    assert capsys.readouterr().err == problem + "\n"


def test_warnings_do_not_fail_the_check(edged, good, capsys):
    assert edged("check", good, "--set", "provider.api_key=sk-LEAK") == 0
    err = capsys.readouterr().err
    assert err.startswith("warning: --set: provider.api_key: ")
    assert "LEAK" not in err


def test_a_name_that_fits_no_card_here_is_no_fault(edged, good, capsys):
    """Whether this machine has sound cards or not."""
    assert edged("check", good, "--json", "--set", "microphone.device=usb:dead:beef") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["problems"]) == (True, [])
    (said,) = found["warnings"] + found["notes"]
    assert said.startswith("--set: microphone.device: ")
    assert edged("check", good, "--set", "microphone.device=usb:dead:beef") == 0
    printed = capsys.readouterr()
    assert printed.out.endswith(f"{good}: valid\n")
    assert said in printed.out + printed.err


def test_a_model_that_ends_is_warned_of_with_its_place_and_its_date(edged, good, capsys):
    wanted = ("--set", "provider.name=openai", "--set", "provider.api_key=sk-x", "--set")
    assert edged("check", good, *wanted, "provider.model=gpt-realtime-2025-08-28") == 0
    (warning,) = [line for line in capsys.readouterr().err.splitlines() if "OpenAI" in line]
    assert warning.startswith("warning: --set: provider.model: gpt-realtime-2025-08-28 end")
    assert "on 2027-01-20" in warning
    assert edged("check", good, *wanted, "provider.model=gpt-realtime-2.1") == 0
    assert "OpenAI" not in capsys.readouterr().err


def test_check_tells_programs_the_same(edged, good, bad, capsys):
    assert edged("check", "--json", bad) == 78
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["ok"], len(verdict["problems"]), verdict["warnings"]) == (False, 3, [])
    assert edged("check", "--json", "--config", good) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_the_environment_counts(edged, good, capsys, monkeypatch):
    monkeypatch.setenv("EDGED_MODE", "hybrid")
    assert edged("show", "--origin", "--config", good) == 0
    assert "mode: hybrid                             # EDGED_MODE\n" in capsys.readouterr().out


def test_show_masks_and_may_be_json(edged, good, capsys):
    assert edged("show", "--json", "--config", good, "--set", "provider.api_key=sk-LEAK") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["config"]["provider"]["api_key"] == "********"
    assert "LEAK" not in printed.out + printed.err


def test_show_of_a_bad_file_gives_78_and_the_problems(edged, bad, capsys):
    assert edged("show", "--config", bad) == 78
    printed = capsys.readouterr()
    assert (printed.out, len(printed.err.splitlines())) == ("", 3)


def test_the_schema_is_printed_as_json(edged, capsys):
    assert edged("schema") == 0
    assert json.loads(capsys.readouterr().out)["$schema"].startswith("https://json-schema.org/")
