"""What the companion reads of its machine, for the message about its health. What cannot be read is None."""

import os
import re
from pathlib import Path

from edged.files import beginning

PROC = Path("/proc")
_MOST = 4096
_PAGE = os.sysconf("SC_PAGE_SIZE")
# "wlan0: 0000   54.  -56.  -256 …": the third number of a line is the level in dBm.
_LEVEL = re.compile(r"^\s*\S+:\s+\S+\s+\S+\s+(-?\d+)", re.MULTILINE)


def rssi_dbm(proc: Path = PROC) -> int | None:
    """How strong the Wi-Fi is that this machine is in, in dBm: -50 is good, -80 is poor."""
    text = _text(proc / "net/wireless")
    levels = [int(found) for found in _LEVEL.findall(text or "") if -120 <= int(found) < 0]
    return levels[0] if levels else None


def uptime_s(proc: Path = PROC) -> int | None:
    """How long the machine runs."""
    words = (_text(proc / "uptime") or "").split()
    try:
        return int(float(words[0]))
    except (IndexError, ValueError):
        return None


def load(proc: Path = PROC) -> list[float] | None:
    """How many tasks ran or waited in the last 1, 5 and 15 minutes."""
    words = (_text(proc / "loadavg") or "").split()
    try:
        return [float(word) for word in words[:3]] or None
    except ValueError:
        return None


def resident_bytes(proc: Path = PROC) -> int | None:
    """Memory of this process."""
    words = (_text(proc / "self/statm") or "").split()
    return int(words[1]) * _PAGE if len(words) > 1 and words[1].isdigit() else None


def _text(path: Path) -> str | None:
    try:
        return beginning(path, _MOST).decode(errors="replace")
    except OSError:
        return None
