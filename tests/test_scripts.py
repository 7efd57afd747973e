"""The scripts that start from a bare checkout. Other tests run them on a bare machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STARTED = [
    ROOT / ".ci" / "run",
    *(ROOT / "scripts" / name for name in ("check", "demo", "lab", "mutate", "test")),
]


def run(*words: object, **environment: object) -> subprocess.CompletedProcess[str]:
    here = {name: value for name, value in os.environ.items() if name not in {"CI", "EDGED_TALLY"}}
    env = {name: str(value) for name, value in {**here, **environment}.items()}
    return subprocess.run(
        [str(word) for word in words],
        env=env,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def environment(tmp_path):
    """An environment that scripts accept as complete. Its Python prints how it was started."""
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
    # Root starts the installer, and its bash must not depend on root's PATH.
    assert lines[0] == ("#!/bin/bash" if script.name == "install.sh" else "#!/usr/bin/env bash")
    assert "set -euo pipefail" in lines


@pytest.mark.parametrize(
    ("script", "words"),
    [("demo", "edged demo"), ("lab", "instruments.lab"), ("mutate", "instruments.mutation")],
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
        "hours",
        "peers",
        "gateways",
        "broker",
        "system",
        "card",
        "nightly",
    ]
    wrong = run(ROOT / "scripts" / "test", "tset")
    assert wrong.returncode == 1
    assert "tset" in wrong.stderr


def pretend(environment, *lines):
    """The environment's Python, which runs lines of shell first and then prints how it was started."""
    python = environment / "bin" / "python"
    first, second, last = python.read_text().splitlines()
    python.write_text("\n".join([first, second, *lines, last, ""]))


DONE = '[ "$3" = pytest ] && [ -n "${EDGED_TESTED:-}" ] && echo 0 >"$EDGED_TESTED"'
REPORT = """for word; do case $word in --junit-xml=*)
    echo '<testsuites><testsuite errors="%d" failures="%d" skipped="1" tests="%d">' >"${word#*=}";;
esac; done
[ "$1" = -I ] && exec %s "$@"
[ "$3" = pytest ] && exit %d"""


def reporting(environment, *, errors=0, failures=0, tests=0, status=0):
    pretend(environment, REPORT % (errors, failures, tests, sys.executable, status))


def all_suites(environment, script, *words, **more):
    """Run a script as if every package that a suite wants were there."""
    (environment / "bin" / "dpkg-query").write_text("#!/bin/sh\necho install ok installed\n")
    (environment / "bin" / "shellcheck").write_text("#!/bin/sh\n")
    for name in ("dpkg-query", "shellcheck"):
        (environment / "bin" / name).chmod(0o755)
    for layer in ("aec", "sound", "peers", "gateways"):
        stamp = run("bash", "-c", f'. "{ROOT}/scripts/env"; venv="{environment}"; layer_of {layer}').stdout
        (environment / f"edged.{layer}").write_text(stamp)
    path = f"{environment}/bin:{os.environ['PATH']}"
    return run(script, *words, EDGED_ENV=environment, PATH=path, **more)


def table(said):
    """Return name, passed and failed of each suite, from the table at the end."""
    rows = [line.split() for line in said.splitlines()]
    return {row[0]: (int(row[2]), int(row[3])) for row in rows if len(row) == 4 and row[1][0].isdigit()}


def test_without_words_the_larger_suites_are_left_to_whoever_asks_and_named(environment):
    reporting(environment, tests=8)
    done = all_suites(environment, ROOT / "scripts" / "test")
    assert done.returncode == 0, done.stderr
    assert table(done.stdout) == {
        "set-up": (0, 0),
        **dict.fromkeys(["shell", "format", "lint", "types"], (1, 0)),
        **dict.fromkeys(["tests", "pulse"], (7, 0)),
    }
    assert done.stdout.splitlines()[-1] == "18 passed, 0 failed"
    for name in ("hours", "peers", "gateways", "broker", "system", "card", "nightly"):
        assert f": scripts/test {name}\n" in done.stderr


def test_ci_runs_the_larger_suites_after_the_others_and_sums_over_all(environment):
    reporting(environment, tests=8, failures=2, errors=1, status=1)
    done = all_suites(environment, ROOT / ".ci" / "run")
    assert done.returncode == 1
    came = table(done.stdout)
    assert {"tests", "pulse", "hours", "peers", "gateways", "broker"} <= came.keys()
    assert came["tests"] == came["peers"] == (4, 3)
    last = f"{sum(n for n, _ in came.values())} passed, {sum(n for _, n in came.values())} failed"
    assert done.stdout.splitlines()[-1] == last
    assert "FAILED: gateways" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("status", [0, 1, 2, 3, 5, 139])
def test_a_suite_that_ends_without_a_count_has_failed(environment, status):
    pretend(
        environment, f'[ "$1" = -I ] && exec {sys.executable} "$@"', f'[ "$3" = pytest ] && exit {status}'
    )
    done = all_suites(environment, ROOT / "scripts" / "test", "tests")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed"


def test_a_suite_in_which_everything_was_skipped_has_failed(environment):
    reporting(environment, tests=1)
    done = all_suites(environment, ROOT / "scripts" / "test", "tests")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed"


def test_a_suite_that_outgrows_its_share_is_named_and_fails_nothing(environment, tmp_path):
    tally = tmp_path / "tally"
    tally.write_text("system 1400 200 0\npulse 30 4 0\nset-up 1500 0 0\n")
    done = all_suites(environment, ROOT / "scripts" / "test", "types", EDGED_TALLY=tally)
    assert done.returncode == 0
    assert "WARNING: system took 23.3 minutes; its share is 20" in done.stderr
    assert "WARNING: pulse" not in done.stderr
    assert "WARNING: that is more than the 45 minutes that CI has" in done.stderr
    assert done.stdout.splitlines()[-1] == "205 passed, 0 failed"


@pytest.mark.parametrize(
    ("words", "workers"),
    [
        ([], True),
        (["-x", "-k", "drops"], True),
        (["tests/audio", "-x"], False),
        (["tests/kiosk/test_shell.py::test_toggle_and_hybrid"], False),
        (["--pdb"], False),
        (["-n3"], False),
    ],
)
def test_the_inner_loop_has_workers_where_all_is_wanted(environment, words, workers):
    pretend(environment, DONE)
    done = run(ROOT / "scripts" / "check", *words, EDGED_ENV=environment)
    assert done.returncode == 0
    (output,) = [line for line in done.stdout.splitlines() if "-m pytest" in line]
    assert ("-n auto" in output) == workers
    assert output.endswith(" ".join(words))
    assert all(
        f"check: {step} took " in done.stderr for step in ("format", "lint", "spelling", "types", "tests")
    )


@pytest.mark.parametrize("broken", ["ruff format", "ruff check", "codespell_lib", "mypy", "pytest"])
def test_the_inner_loop_fails_with_any_of_its_steps(environment, broken):
    pretend(environment, DONE, f'case "$*" in *"-m {broken}"*) exit 1;; esac')
    done = run(ROOT / "scripts" / "check", EDGED_ENV=environment)
    assert done.returncode == 1
    assert "check: tests took " in done.stderr


def test_a_run_that_ends_before_it_can_report_is_no_success(environment):
    done = run(ROOT / "scripts" / "check", EDGED_ENV=environment)
    assert done.returncode == 1
    assert "pytest has ended before it could report" in done.stderr


@pytest.mark.parametrize(
    ("obstacle", "answer", "status"), [("the kernel says no", 75, 0), ("Traceback", 1, 1), ("", 0, 1)]
)
def test_in_ci_a_suite_is_left_out_only_where_no_line_could_help(environment, obstacle, answer, status):
    """If nothing else is in the way, its packages are missing, and they could be installed."""
    if os.geteuid() != 0:
        pytest.skip("a user is told to become root, whatever the machine allows")
    pretend(environment, f'[ "$3" = instruments.rig ] && {{ echo "{obstacle}"; exit {answer}; }}')
    for tool in ("dpkg-query", "apt-get"):  # no package is there, and none can be installed
        (environment / "bin" / tool).write_text("#!/bin/sh\nexit 1\n")
        (environment / "bin" / tool).chmod(0o755)
    path = f"{environment}/bin:{os.environ['PATH']}"
    done = run(ROOT / "scripts" / "test", "system", EDGED_ENV=environment, CI="true", PATH=path)
    assert "LEFT OUT system" in done.stderr
    assert (obstacle or "apt-get install -y mmdebstrap") in done.stderr
    assert done.returncode == status
