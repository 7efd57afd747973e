"""The kiosk's unit is stopped for a command, and runs again whatever becomes of that command."""

import os
import signal
import subprocess
import sys
import time

import pytest

from edged.system.units import Unit
from tests.cli.daemon import ENV, IN_TIME_S

# In place of systemctl: keeps whether the unit runs in a file, and each call in another.
SYSTEMCTL = """#!/bin/sh
echo "$@" >>{folder}/calls
case $1 in
    show) echo {loaded} ;;
    is-active) test -e {folder}/active ;;
    stop) rm -f {folder}/active ;;
    start | restart | --no-block) {start} ;;
esac
"""
COMMAND = """
import sys, time
from pathlib import Path
from edged.system.units import Unit
with Unit(running=Path("/")) as unit:
    print(unit.stop(), flush=True)
    {then}
"""


class Machine:
    def __init__(self, folder, monkeypatch):
        self.folder, self._monkeypatch = folder, monkeypatch
        self.active = folder / "active"
        self.active.touch()
        self.make()
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def make(self, *, loaded="loaded", start=None):
        script = self.folder / "systemctl"
        text = SYSTEMCTL.format(folder=self.folder, loaded=loaded, start=start or f"touch {self.active}")
        script.write_text(text)
        script.chmod(0o755)

    def command(self, then):
        """A command that has stopped the unit."""
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", COMMAND.format(then=then)],
            env={**ENV, "PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert process.stdout.readline() == "True\n"
        assert not self.active.exists()
        return process

    def is_active_soon(self):
        until = time.monotonic() + IN_TIME_S
        while time.monotonic() < until and not self.active.exists():
            time.sleep(0.02)
        return self.active.exists()

    @property
    def calls(self):
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_it_runs_again_when_the_command_is_ended_by_force(machine, number):
    with machine.command("time.sleep(600)") as process:
        os.killpg(process.pid, number)
        process.wait(IN_TIME_S)
        assert machine.is_active_soon()


def test_it_runs_again_after_an_error_and_is_started_once(machine):
    with machine.command("raise OSError") as process:
        assert process.wait(IN_TIME_S) == 1
    assert machine.active.exists()
    time.sleep(0.1)
    assert [call for call in machine.calls if "start" in call] == ["start edged.service"]


def test_one_that_did_not_run_is_left_stopped(machine, tmp_path):
    machine.active.unlink()
    with Unit(running=tmp_path) as unit:
        assert unit.is_there
        assert unit.stop() is False
    assert not machine.active.exists()


def test_without_systemd_or_without_the_unit_nothing_is_asked_for(machine, tmp_path):
    with Unit(running=tmp_path / "nowhere") as unit:
        assert not unit.is_there
        assert (unit.stop(), unit.start()) == (False, "")
    machine.make(loaded="not-found")
    with Unit(running=tmp_path) as unit:
        assert not unit.is_there
    assert machine.active.exists()


def test_why_it_does_not_start_is_said(machine, tmp_path):
    machine.make(start="echo 'Job failed.' >&2; exit 1")
    with Unit(running=tmp_path) as unit:
        assert unit.start(again=True) == "Job failed."
