"""Requests to a machine with edged, and waits for it: a real machine takes real time."""

import json
import time

from instruments.rig import Box


def eventually(box: Box, command: str, wanted: str, within_s: float = 20) -> None:
    until = time.monotonic() + within_s
    while (said := box.run(command).stdout.strip()) != wanted:
        assert time.monotonic() < until, f"{command}: {said!r} and not {wanted!r}\n{said_by(box)}"
        time.sleep(0.2)


def state_of(box: Box, unit: str, key: str = "ActiveState") -> str:
    return box.ask(f"systemctl show -P {key} {unit}")


def becomes(box: Box, unit: str, state: str, within_s: float = 20) -> None:
    eventually(box, f"systemctl show -P ActiveState {unit}", state, within_s)


def said_by(box: Box, unit: str = "edged.service") -> str:
    return "\n".join(str(entry.get("MESSAGE")) for entry in box.journal(unit))


def is_up(box: Box) -> None:
    becomes(box, "edged", "active")
    eventually(box, "edged status --json >/dev/null && echo answers", "answers")


def configure(box: Box, text: str) -> None:
    box.file("/etc/edged/config.yaml", text)
    box.ask("chown root:edged /etc/edged/config.yaml && chmod 640 /etc/edged/config.yaml")


def link_up(box: Box) -> bool:
    done = box.run("edged status --json")
    return done.returncode == 0 and bool(json.loads(done.stdout)["link"]["up"])


def gets_a_link(box: Box, within_s: float = 20) -> None:
    until = time.monotonic() + within_s
    while not link_up(box):
        assert time.monotonic() < until, said_by(box)
        time.sleep(0.2)


def drop_in(box: Box, unit: str, *lines: str) -> None:
    """Add a drop-in for a unit, in force from its next start."""
    text = "".join(f"{line}\n" for line in lines)
    box.file(f"/etc/systemd/system/{unit}.d/90-test.conf", text)
    box.ask("systemctl daemon-reload")


def without_drop_in(box: Box, unit: str) -> None:
    box.ask(f"rm -r /etc/systemd/system/{unit}.d/90-test.conf && systemctl daemon-reload")


# -- a failed edged --

PYTHON = "/opt/edged/current/bin/python"
BUG = f'{PYTHON} -c "import os; os._exit(70)"'
QUICK = ("RestartSec=100ms", "RestartMaxDelaySec=100ms")
RESCUE, TIMER, START = "edged-rescue.service", "edged-again.timer", "edged-start.service"


def fails(box: Box, command: str, *life: str) -> None:
    """Make it end like this from its next start on."""
    drop_in(box, "edged.service", "[Service]", *(life or QUICK), "ExecStart=", f"ExecStart={command}")


def rests(box: Box, why: str = "") -> None:
    """Wait until it has failed: the light shows it, the journal says why, and the timer will try again."""
    becomes(box, "edged", "failed", within_s=90)
    becomes(box, RESCUE, "active")
    assert state_of(box, TIMER) == "active"
    eventually(box, f"journalctl -u {RESCUE} -o cat | grep -q '{why}' && echo said", "said")


def runs(box: Box, command: str = "systemctl restart edged") -> None:
    """Run the command, and check that edged runs and has its own light again."""
    box.ask(command)
    is_up(box)
    for unit in (RESCUE, TIMER):
        assert state_of(box, unit) == "inactive", unit
    assert state_of(box, "edged.socket") == "active"
