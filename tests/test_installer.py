"""What the installer does before it touches anything; the rest is tried on booted machines, in tests/system/boot."""

import os
import subprocess
from pathlib import Path
from random import Random

import pytest

INSTALLER = Path(__file__).parent.parent / "scripts" / "install.sh"


def run(script: Path, *words: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", str(script), *words],
        env={"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def traps(tmp_path):
    """A directory of commands that do nothing but leave a trace."""
    names = [
        "apt-get",
        "dpkg",
        "findmnt",
        "id",
        "install",
        "ln",
        "mkdir",
        "mktemp",
        "mv",
        "python3",
        "realpath",
        "rm",
        "sync",
        "systemctl",
        "useradd",
    ]
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in names:
        (directory / name).write_text(f"#!/bin/sh\necho {name} >>{tmp_path}/traces\n")
        (directory / name).chmod(0o755)
    return directory


WHOLE = INSTALLER.read_bytes().rstrip()
LINES = [number for number, byte in enumerate(WHOLE) if byte == ord("\n")]
CUTS = {
    "blocks": range(0, len(WHOLE), 512),
    "lines": LINES[::15],
    "anywhere": sorted(Random(1).sample(range(len(WHOLE)), 60)),
    "the last line": range(LINES[-2], len(WHOLE)),
}


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
def test_a_download_that_broke_off_does_nothing(tmp_path, traps, cuts):
    for cut in cuts:
        (tmp_path / "half.sh").write_bytes(WHOLE[:cut])
        run(tmp_path / "half.sh", "--unattended", path=str(traps))
        assert not (tmp_path / "traces").exists(), WHOLE[:cut][-60:]


def test_a_download_that_broke_off_on_its_way_into_a_shell_does_nothing(tmp_path, traps):
    for cut in [*range(0, len(WHOLE), 4096), *LINES[-4:], len(WHOLE) - 1]:
        subprocess.run(
            ["/bin/bash", "-s", "--", "--unattended"],
            input=WHOLE[:cut],
            env={"PATH": str(traps)},
            capture_output=True,
            check=False,
            timeout=30,
        )
        assert not (tmp_path / "traces").exists(), WHOLE[:cut][-60:]


def test_whole_it_would_have_left_traces(tmp_path, traps):
    run(INSTALLER, "--unattended", path=str(traps))
    assert (tmp_path / "traces").exists()


def test_help_lists_every_option_there_is():
    told = run(INSTALLER, "--help")
    assert told.returncode == 0
    for option in (
        "unattended",
        "dry-run",
        "version",
        "wheel",
        "wheelhouse",
        "config",
        "api-key-file",
        "no-start",
    ):
        assert f"--{option} " in told.stdout
    assert "--uninstall" in told.stdout
    assert "--purge" in told.stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--unatended"], "--unatended"),
        (["--wheel"], "--wheel"),
        (["--wheel", "/nowhere/edged.whl"], "/nowhere/edged.whl"),
        (["--wheelhouse", "/nowhere"], "/nowhere"),
        (["--version", "one; two"], "one; two"),
        (["--purge"], "--uninstall"),
    ],
)
def test_a_wrong_word_is_named_and_ends_it_with_64(words, named):
    done = run(INSTALLER, *words)
    assert done.returncode == 64
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1
