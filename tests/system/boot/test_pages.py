"""Runs the kiosk commands of each page on a booted machine, as an ordinary user who may use sudo."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import pytest

from instruments.rig import Box
from tests.pages.blocks import FIRST, PAGES, Command, name
from tests.pages.decisions import GIVEN, OPENAI
from tests.pages.laptop import FOLDER, USER, logged_in
from tests.pages.paste import Desk, on_machine
from tests.system.boot.asking import is_up
from tests.system.boot.conftest import Installed, copy_checkout

WITH_COMMANDS = [page for page in PAGES if on_machine(page)]
GROUPS = "adm,audio,sudo,video"  # those of the first user on Raspberry Pi OS
EDITOR = f"""#!/bin/sh
case $1 in *config*.yaml) cat {FOLDER}/kiosk.yaml >"$1" ;; esac
"""


@pytest.fixture(scope="session")
def manned(machines: Callable[[str], Installed]) -> Iterator[tuple[Path, ...]]:
    """Layers with edged installed, sudo, and an ordinary user who has a checkout of the same sources."""
    with Box(*machines("bookworm").layers) as box:
        box.ask("apt-get update -q && apt-get install -y -q --no-install-recommends sudo", timeout_s=120)
        box.ask(f"useradd --create-home --shell /bin/bash --groups {GROUPS} {USER}")
        box.ask("echo 127.0.1.1 $(hostname) >>/etc/hosts")  # as Debian's installer does; sudo looks it up
        box.file(f"/etc/sudoers.d/{USER}", f"{USER} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
        for program in ("editor", "nano"):
            box.file(f"/usr/bin/{program}", EDITOR, 0o755)
        folder = box.root / FOLDER.lstrip("/")
        folder.mkdir()
        copy_checkout(folder)
        for file, text in (GIVEN | {"kiosk.yaml": OPENAI}).items():
            box.file(f"{FOLDER}/{file}", text, 0o600)
        box.ask(f"chown -R {USER}: {FOLDER}")
        yield box.freeze()


@contextlib.contextmanager
def user_at(box: Box, page: Path) -> Iterator[Desk]:
    """The user at that machine. For a page that follows the installation, the user is in the group edged."""
    is_up(box)
    if name(page) in FIRST:  # its reader has just installed edged, without a configuration
        box.ask("install -m 640 -g edged /opt/edged/current/share/edged/config.yaml /etc/edged/config.yaml")
    else:
        box.ask(f"usermod -aG edged {USER}")
    become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--"]
    with Desk(["nsenter", "-t", str(box.init), "-a", *become, *logged_in()]) as desk:
        yield desk


def lives(commands: list[Command]) -> list[list[Command]]:
    """The commands for each machine, in page order. A section that uninstalls edged is the last one of its machine."""
    found: list[list[Command]] = [[]]
    for _, section in groupby(commands, key=lambda command: command.section):
        found[-1] += (held := list(section))
        if any("--uninstall" in command.bare for command in held):
            found.append([])
    return [life for life in found if life]


@pytest.mark.alone
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name)
def test_each_command_for_a_kiosk_runs(page, manned, request):
    """If the page uses the output of scripts/release, the folder `dist` is there."""
    carried = any("SHA256SUMS" in command.bare for command in on_machine(page))
    dist = request.getfixturevalue("release") if carried else None
    faults = []
    for commands in lives(on_machine(page)):
        with Box(*manned, alone=True) as box:
            if dist is not None:
                shutil.copytree(dist, box.root / FOLDER.lstrip("/") / "dist")
            with user_at(box, page) as desk:
                desk.follow(commands)
            faults += desk.faults
    assert not faults, "\n\n".join(faults)
