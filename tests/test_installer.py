"""What the installer does before it touches anything; the rest is tried on booted machines, in tests/system/boot."""

import os
import subprocess
from pathlib import Path

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


def test_a_download_that_broke_off_does_nothing(tmp_path, traps):
    whole = INSTALLER.read_bytes().rstrip()
    lines = [number for number, byte in enumerate(whole) if byte == ord("\n")]
    cuts = [*lines[::25], *lines[-3:], *range(len(whole) - len(b'main "$@"; exit; }'), len(whole))]
    for cut in cuts:
        (tmp_path / "half.sh").write_bytes(whole[:cut])
        run(tmp_path / "half.sh", "--unattended", path=str(traps))
        assert not (tmp_path / "traces").exists(), whole[:cut][-60:]


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
