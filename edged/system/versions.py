"""What runs here: the versions of edged, Python, the libraries, the kernel and the OS, and the board.

Nothing that names one machine, such as a host name or a serial number. It reads files, and imports no library.
"""

import platform
import re
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edged import __made__, __version__
from edged.files import beginning

LIBRARIES = (
    *("websockets", "numpy", "gpiozero", "gpiod", "lgpio", "PyYAML", "msgspec"),
    *("PyAudio", "sounddevice", "systemd-python", "evdev", "livekit", "httpx"),
)
_MOST_BYTES = 4096
_MODEL = "proc/device-tree/model"
_PC = "sys/class/dmi/id/product_name"


def versions(root: Path = Path("/")) -> dict[str, str]:
    """Everything, by name, without what is not installed."""
    release = _os_release(_text(root / "etc/os-release") or _text(root / "usr/lib/os-release"))
    found = {
        "edged": f"{__version__} ({__made__})",
        "place": str(Path(__file__).resolve().parents[2]),
        "Python": f"{platform.python_version()} ({sys.executable})",
        "OS": release.get("PRETTY_NAME", ""),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "board": _text(root / _MODEL) or _text(root / _PC),
    }
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return {name: text for name, text in found.items() if text}


def _os_release(text: str) -> dict[str, str]:
    rows = re.findall(r"^(\w+)=(?:\"([^\"\n]*)\"|'([^'\n]*)'|(.*))$", text, re.MULTILINE)
    return {name: double or single or plain for name, double, single, plain in rows}


def _text(path: Path) -> str:
    try:
        return beginning(path, _MOST_BYTES).decode(errors="replace").strip("\0\n ")
    except OSError:
        return ""
