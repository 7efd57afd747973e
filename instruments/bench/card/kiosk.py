"""The whole kiosk: edged under its own systemd unit, with a button, a lamp on a pin and the sound card."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from edged.system.control_client import ControlClient
from instruments.bench.card import pins

PREFIX = Path("/opt/edged")  # an environment that contains everything but edged
UNITS = Path("/etc/systemd/system")
CONFIG_FILE = Path("/etc/edged/config.yaml")
BUTTON, LAMP = 17, 27
SOCKET = "/run/edged/control.sock"
FILES = {
    "edged.sysusers.conf": "/etc/sysusers.d/edged.conf",
    "edged.tmpfiles.conf": "/etc/tmpfiles.d/edged.conf",
    "60-edged.rules": "/etc/udev/rules.d/60-edged.rules",
}
# On a Raspberry Pi the number of the board comes from the device tree, and the unit may read that. Here it comes from
# a file that is mounted over /proc/cpuinfo; the unit has its own /proc and would not see it.
BOARD = "[Service]\nBindReadOnlyPaths=/run/cpuinfo:/proc/cpuinfo\n"
PROGRAM = """#!/opt/edged/bin/python
import sys
from edged.cli import main
sys.exit(main())
"""
CONFIG = """version: 1
provider: {{name: local, url: "ws://127.0.0.1:{port}/v1/realtime"}}
button: {button}
light: {light}
microphone: {{backend: alsa, device: {device}}}
speaker: {{backend: alsa, device: {device}}}
"""


PANELS = {
    "gpiozero": ("{backend: gpiozero, gpio: 17}", "{backend: gpiozero, gpio: 27}"),
    "gpiod": ("{gpio: 17}", "{gpio: 27}"),  # what auto chooses here, although lgpio is there, too
    "plain": ("{gpio: 17}", "{gpio: 27}"),  # the same, where lgpio is not
    "old": ("{gpio: 17}", "{gpio: 27}"),  # the same, where gpiod is Debian 12's
    "pedal": ("{backend: evdev, device: rig pedal, key: KEY_B}", "{backend: gpiod, gpio: 27}"),
}
# What docs/inputs.md tells the owner of a pedal to allow.
ALLOWED = "[Service]\nDeviceAllow=char-input r\nSupplementaryGroups=input"


@contextmanager
def kiosk(
    port: int,
    device: str = "kiosk",
    drop_in: str = "",
    ready: Callable[[dict[str, Any]], bool] | None = None,
    *,
    panel: str = "gpiozero",
) -> Iterator[None]:
    """Within the context, the kiosk is installed as the installer does it, started by systemd, and connected.

    `drop_in`: what somebody has added to the unit. `ready`: the state to wait for, if not that all of it works.
    """
    _install(port, device, drop_in, panel)
    move(pressed=False)  # does the work of a real button's resistor
    with AWAY.get(panel, nullcontext)():
        try:
            start(ready)
            yield
        finally:
            stop()


def start(ready: Callable[[dict[str, Any]], bool] | None = None) -> None:
    """Start it, or start it again, and wait until it is `ready`."""
    _ran("systemctl", "restart", "edged.socket", "edged.service")
    until = time.monotonic() + 30
    while not (ready or _works)(state()):
        if time.monotonic() > until:
            raise RuntimeError(f"the kiosk does not start:\n{journal()}")
        time.sleep(0.2)


def stop() -> None:
    _ran("systemctl", "stop", "edged.service", "edged.socket")


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Within the context, this package is not installed."""
    files = list(PREFIX.glob(f"lib/python3*/site-packages/*{package}*"))
    with tempfile.TemporaryDirectory(dir=PREFIX) as away:
        for file in files:
            file.rename(Path(away) / file.name)
        try:
            yield
        finally:
            for file in files:
                (Path(away) / file.name).rename(file)


@contextmanager
def _with_old_gpiod() -> Iterator[None]:
    """Within the context, gpiod is as in Debian 12's python3-libgpiod: one module, without the names of version 2."""
    (packages,) = PREFIX.glob("lib/python3*/site-packages")
    with _without("gpiod"):
        old = packages / "gpiod.py"
        old.write_text("LINE_REQ_DIR_IN = 2\n")
        try:
            yield
        finally:
            old.unlink()


# What is not there while the kiosk runs. On Debian, lgpio is not there anyway.
AWAY: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "plain": partial(_without, "lgpio"),
    "old": _with_old_gpiod,
}


def _install(port: int, device: str, drop_in: str, panel: str) -> None:
    packages = next(PREFIX.glob("lib/python3*/site-packages"))
    shutil.copytree("edged", packages / "edged", dirs_exist_ok=True)
    current = PREFIX / "current"
    current.unlink(missing_ok=True)
    current.symlink_to(".")
    program = PREFIX / "bin/edged"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    for each in Path("systemd").glob("*.s*"):
        if each.is_file():
            shutil.copy(each, UNITS)
    for name, place in FILES.items():
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path("systemd") / name, place)
    (UNITS / "edged.service.d").mkdir(exist_ok=True)
    (UNITS / "edged.service.d/board.conf").write_text(BOARD)
    (UNITS / "edged.service.d/override.conf").write_text(drop_in)
    _ran("systemd-sysusers")
    _ran("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/edged.conf")
    Path("/etc/edged").mkdir(exist_ok=True)
    button, light = PANELS[panel]
    CONFIG_FILE.write_text(CONFIG.format(port=port, device=device, button=button, light=light))
    _ran("systemctl", "daemon-reload")


def move(*, pressed: bool) -> float:
    """Move the button and return the monotonic time just before. A press connects the line to ground."""
    return pins.move(BUTTON, high=not pressed)


def lamp() -> bool:
    return pins.is_high(LAMP)


def pin_libraries() -> list[str]:
    """The libraries for pins that edged has loaded."""
    maps = Path(f"/proc/{pid()}/maps").read_text()
    return [name for name in ("gpiod", "lgpio") if name in maps]


def pid() -> int:
    return int(_ran("systemctl", "show", "--value", "-p", "MainPID", "edged").strip())


def restarts() -> int:
    return int(_ran("systemctl", "show", "--value", "-p", "NRestarts", "edged").strip())


def journal() -> str:
    return _ran("journalctl", "-u", "edged", "-o", "cat", "--no-pager")


def state() -> dict[str, Any]:
    """A snapshot of its state; empty if nobody listens yet."""
    try:
        with ControlClient(SOCKET) as client:
            return client.snapshot
    except Exception:  # noqa: BLE001 of many kinds
        return {}


def is_connected(state: dict[str, Any]) -> bool:
    """Whether the link is up; a device may be missing."""
    return bool(state and state["link"]["up"])


def _works(state: dict[str, Any]) -> bool:
    return is_connected(state) and not state["lost"]


def _ran(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{' '.join(words)}: {done.stderr}")
    return done.stdout
