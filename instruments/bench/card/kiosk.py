"""The whole kiosk: edged under its own systemd unit, with a button and a lamp on pins and the sound card."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edged.system.control_client import ControlClient

PREFIX = Path("/opt/edged")  # an environment that contains everything but edged
UNITS = Path("/etc/systemd/system")
PINS = Path("/sys/devices/platform/gpio-sim.0/gpiochip0")
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
button: {{gpio: 17}}
light: {{gpio: 27}}
microphone: {{backend: alsa, device: {device}}}
speaker: {{backend: alsa, device: {device}}}
"""


@contextmanager
def kiosk(
    port: int, device: str = "kiosk", drop_in: str = "", ready: Callable[[dict], bool] | None = None
) -> Iterator[None]:
    """Within the context, the kiosk is installed as the installer does it, started by systemd, and connected.

    `drop_in`: what somebody has added to the unit. `ready`: the state to wait for, if not that all of it works.
    """
    _install(port, device, drop_in)
    move(pressed=False)  # does the work of a real button's resistor
    _ran("systemctl", "start", "edged.socket", "edged.service")
    try:
        _wait(ready or _works)
        yield
    finally:
        _ran("systemctl", "stop", "edged.service", "edged.socket")


def restart() -> None:
    """Start it again, and wait until all of it works."""
    _ran("systemctl", "restart", "edged.service")
    _wait(_works)


def _wait(ready: Callable[[dict], bool]) -> None:
    until = time.monotonic() + 30
    while not ready(state()):
        if time.monotonic() > until:
            raise RuntimeError(f"the kiosk does not start:\n{journal()}")
        time.sleep(0.2)


def _install(port: int, device: str, drop_in: str) -> None:
    packages = next(PREFIX.glob("lib/python3*/site-packages"))
    shutil.copytree("edged", packages / "edged", dirs_exist_ok=True)
    current = PREFIX / "current"
    current.unlink(missing_ok=True)
    current.symlink_to(".")
    program = PREFIX / "bin/edged"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    for unit in Path("systemd").glob("*.s*"):
        if unit.is_file():
            shutil.copy(unit, UNITS)
    for name, place in FILES.items():
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path("systemd") / name, place)
    (UNITS / "edged.service.d").mkdir(exist_ok=True)
    (UNITS / "edged.service.d/board.conf").write_text(BOARD)
    (UNITS / "edged.service.d/override.conf").write_text(drop_in)
    _ran("systemd-sysusers")
    _ran("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/edged.conf")
    Path("/etc/edged").mkdir(exist_ok=True)
    Path("/etc/edged/config.yaml").write_text(CONFIG.format(port=port, device=device))
    _ran("systemctl", "daemon-reload")


def move(*, pressed: bool) -> float:
    """Move the button and return the monotonic time just before. A press connects the line to ground."""
    at = time.monotonic()
    (PINS / "sim_gpio17/pull").write_text("pull-down" if pressed else "pull-up")
    return at


def lamp() -> bool:
    return (PINS / "sim_gpio27/value").read_text().strip() == "1"


def pid() -> int:
    return int(_ran("systemctl", "show", "--value", "-p", "MainPID", "edged").strip())


def restarts() -> int:
    return int(_ran("systemctl", "show", "--value", "-p", "NRestarts", "edged").strip())


def journal() -> str:
    return _ran("journalctl", "-u", "edged", "-o", "cat", "--no-pager")


def state() -> dict:
    """A snapshot of its state; empty if nobody listens yet."""
    try:
        with ControlClient(SOCKET) as client:
            return client.snapshot
    except Exception:  # noqa: BLE001 of many kinds
        return {}


def _works(state: dict) -> bool:
    return bool(state and state["link"]["up"] and not state["lost"])


def _ran(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{' '.join(words)}: {done.stderr}")
    return done.stdout
