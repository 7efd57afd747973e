"""The scripts that start from a bare checkout; what they do on a bare machine is tried in one, not here."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STARTED = [
    ROOT / ".ci" / "run",
    *(ROOT / "scripts" / name for name in ("check", "demo", "lab", "mutate", "test")),
]


def run(*words: object, **environment: object) -> subprocess.CompletedProcess[str]:
    told = {name: str(value) for name, value in {**os.environ, **environment}.items()}
    return subprocess.run(
        [str(word) for word in words],
        env=told,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def environment(tmp_path):
    """An environment that scripts take for set up; its Python tells how it was started."""
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text('#!/bin/sh\n[ "$*" = "-I -V" ] && exec echo "Python 3.11.2"\necho "$PYTHONPATH" "$@"\n')
    python.chmod(0o755)
    (tmp_path / "pyvenv.cfg").touch()
    for layer in ("core", "dev"):
        stamp = run("bash", "-c", f'. "{ROOT}/scripts/env"; venv="{tmp_path}"; layer_of {layer}').stdout
        (tmp_path / f"edged.{layer}").write_text(stamp)
    return tmp_path


@pytest.mark.parametrize("script", STARTED, ids=lambda path: path.name)
def test_a_script_can_be_started_and_stops_at_its_first_error(script):
    assert os.access(script, os.X_OK)
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines


@pytest.mark.parametrize(
    ("script", "words"), [("demo", "edged demo"), ("lab", "tests.lab"), ("mutate", "tests.mutation")]
)
def test_a_script_runs_its_module_from_this_checkout_with_the_words_it_was_given(environment, script, words):
    done = run(ROOT / "scripts" / script, "--one", "two three", EDGED_ENV=environment)
    assert done.stdout == f"{ROOT} -P -m {words} --one two three\n"
    assert done.returncode == 0
    assert not done.stderr


def test_a_script_is_found_through_a_link(environment, tmp_path):
    link = tmp_path / "talk"
    link.symlink_to(ROOT / "scripts" / "demo")
    assert run(link, EDGED_ENV=environment).stdout == f"{ROOT} -P -m edged demo\n"


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    done = run(ROOT / "scripts" / "demo", EDGED_ENV=tmp_path)
    assert done.returncode == 1
    assert "EDGED_ENV" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_the_suites_can_be_listed_and_a_wrong_one_is_named():
    names = [line.split()[0] for line in run(ROOT / "scripts" / "test", "--list").stdout.splitlines()]
    assert names == [
        "shell",
        "format",
        "lint",
        "types",
        "tests",
        "pulse",
        "peers",
        "gateways",
        "system",
        "card",
    ]
    wrong = run(ROOT / "scripts" / "test", "tset")
    assert wrong.returncode == 1
    assert "tset" in wrong.stderr


def test_ci_leaves_nothing_out_silently():
    assert "CI=true exec" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize(("obstacle", "status"), [("the kernel says no", 0), ("", 1)])
def test_in_ci_a_suite_is_left_out_only_where_no_line_could_help(environment, obstacle, status):
    """Without an obstacle, its packages are what is missing, and they could be installed."""
    if os.geteuid() != 0:
        pytest.skip("a user is told to become root, whatever the machine allows")
    python = environment / "bin" / "python"
    lines = python.read_text().splitlines()
    answer = f'[ "$3" = tests.rig ] && {{ echo "{obstacle}"; exit {1 if obstacle else 0}; }}'
    python.write_text("\n".join([*lines[:-1], answer, lines[-1], ""]))
    for tool in ("dpkg-query", "apt-get"):  # nothing is there, and nothing can be had
        (environment / "bin" / tool).write_text("#!/bin/sh\nexit 1\n")
        (environment / "bin" / tool).chmod(0o755)
    path = f"{environment}/bin:{os.environ['PATH']}"
    done = run(ROOT / "scripts" / "test", "system", EDGED_ENV=environment, CI="true", PATH=path)
    assert "LEFT OUT system" in done.stderr
    assert (obstacle or "apt-get install -y mmdebstrap") in done.stderr
    assert done.returncode == status
