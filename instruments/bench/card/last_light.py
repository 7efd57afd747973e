"""The light of a kiosk whose release cannot run: last_resort.py, by the system's Python alone, on a real line."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from edged.header import CHIPS
from edged.last_resort import Left, hash_of
from instruments.bench.card import pins

LAMP, RECORDING = 27, 23
LABEL = "pinctrl-bcm2711"
STARTS_WITHIN_S = 5.0
CONFIG = Path("/etc/edged/config.yaml")


def last_light() -> dict[str, object]:
    """The levels of the lamp, each with its milliseconds: wired either way, and after a change of the configuration."""
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text("version: 1\n")
    pattern = (200, 200, 200, 1400)
    left = Left(hash_of(), pattern, LAMP, "", CHIPS, dark=(f"gpio {RECORDING} yes ",))
    return {
        "high": _shown(left),
        "low": _shown(left._replace(active_high=False)),
        "by label": _shown(left._replace(chip=LABEL, labels=(), dark=(f"gpio {RECORDING} yes {LABEL}",))),
        "another chip": _shown(left._replace(chip="pinctrl-rp1")),
        "changed": _shown(left._replace(configuration="of before")),
    }


def _shown(left: Left, for_s: float = 4.5) -> dict[str, object]:
    state = Path("/run/last-light")
    state.mkdir(exist_ok=True)
    (state / "rescue").write_text(str(left))
    program = Path(shutil.copy("edged/last_resort.py", state))
    process = subprocess.Popen(
        ["/usr/bin/python3", "-I", "-S", program],
        cwd="/",
        env={"STATE_DIRECTORY": str(state), "MONITOR_EXIT_CODE": "exited", "MONITOR_EXIT_STATUS": "1"},
    )
    pins.move(RECORDING, high=True)  # so it is low only while somebody drives it low
    until = time.monotonic() + STARTS_WITHIN_S
    while pins.is_high(RECORDING) and time.monotonic() < until:
        time.sleep(0.01)
    levels = [(pins.is_high(LAMP), 0)]
    recorded = pins.is_high(RECORDING)
    began = last = time.monotonic()
    while (now := time.monotonic()) < began + for_s:
        recorded = recorded or pins.is_high(RECORDING)
        if pins.is_high(LAMP) != levels[-1][0]:
            levels[-1] = (levels[-1][0], round((now - last) * 1000))
            levels.append((not levels[-1][0], 0))
            last = now
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    status = process.wait(5)
    said = subprocess.run(
        ["journalctl", "-n", "1", "-o", "cat", "--no-pager", f"_PID={process.pid}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "levels": levels,
        "recorded": recorded,
        "status": status,
        "after": pins.is_high(LAMP),
        "said": said.stdout,
    }
