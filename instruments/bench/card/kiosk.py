"""The whole kiosk: edged under its own systemd unit, with a button, a lamp on a pin and the sound card."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edged.system.control_client import ControlClient
from instruments.bench.card import pins

PREFIX = Path("/opt/edged")  # an environment that contains everything but edged
UNITS = Path("/etc/systemd/system")
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
microphone: {{backend: alsa, device: kiosk}}
speaker: {{backend: alsa, device: kiosk}}
"""


PANELS = {
    "gpiozero": ("{gpio: 17}", "{gpio: 27}"),  # what auto chooses here, where lgpio is
    "gpiod": ("{backend: gpiod, gpio: 17}", "{backend: gpiod, gpio: 27}"),
    "pedal": ("{backend: evdev, device: rig pedal, key: KEY_B}", "{backend: gpiod, gpio: 27}"),
}


@contextmanager
def kiosk(port: int, panel: str = "gpiozero", *, unit: str = "") -> Iterator[None]:
    """Within the context, the kiosk is installed as the installer does it, started by systemd, and connected.

    `unit` are more lines for its unit. With them it may lack a device.
    """
    _install(port, panel, unit)
    move(pressed=False)  # does the work of a real button's resistor
    _ran("systemctl", "restart", "edged.socket", "edged.service")
    try:
        until = time.monotonic() + 30
        while not _ready(whole=not unit):
            if time.monotonic() > until:
                raise RuntimeError(f"the kiosk does not start:\n{journal()}")
            time.sleep(0.2)
        yield
    finally:
        _ran("systemctl", "stop", "edged.service", "edged.socket")


def _install(port: int, panel: str, unit: str) -> None:
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
    (UNITS / "edged.service.d/more.conf").write_text(f"[Service]\n{unit}\n")
    _ran("systemd-sysusers")
    _ran("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/edged.conf")
    Path("/etc/edged").mkdir(exist_ok=True)
    button, light = PANELS[panel]
    Path("/etc/edged/config.yaml").write_text(CONFIG.format(port=port, button=button, light=light))
    _ran("systemctl", "daemon-reload")


def move(*, pressed: bool) -> float:
    """Move the button and return the monotonic time just before. A press connects the line to ground."""
    return pins.move(BUTTON, high=not pressed)


def lamp() -> bool:
    return pins.is_high(LAMP)


def pid() -> int:
    return int(_ran("systemctl", "show", "--value", "-p", "MainPID", "edged").strip())


def restarts() -> int:
    return int(_ran("systemctl", "show", "--value", "-p", "NRestarts", "edged").strip())


def journal() -> str:
    return _ran("journalctl", "-u", "edged", "-o", "cat", "--no-pager")


def state() -> dict[str, Any] | None:
    """What the kiosk says of itself; None while nobody answers."""
    try:
        with ControlClient(SOCKET) as client:
            return client.snapshot
    except Exception:  # noqa: BLE001 nobody may be listening yet
        return None


def _ready(*, whole: bool) -> bool:
    now = state()
    return now is not None and bool(now["link"]["up"]) and not (whole and now["lost"])


def _ran(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{' '.join(words)}: {done.stderr}")
    return done.stdout
