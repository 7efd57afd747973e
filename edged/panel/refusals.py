"""Why a line or an input device cannot be used, in words that name a remedy."""

import errno
import grp
import os
import pwd
from pathlib import Path
from typing import Literal, NamedTuple

from edged.errors import DeviceError

Kind = Literal["lost", "busy", "denied"]
LAMPS = ("light", "recording_light")


class PanelPart(NamedTuple):
    """What an error is about: a name for people, and the section of the configuration that describes it.

    `key` is the key of the section that names the line.
    """

    name: str
    part: str
    key: str = "gpio"

    def refused(self, what: str, kind: Kind = "lost") -> DeviceError:
        # the driver of a lamp has one cause for each of its failures
        cause = f"{self.part}_lost" if self.part in LAMPS else f"button_{kind}"
        return DeviceError(f"{self.name}: {what}", cause)

    def held(self, holder: str, chip: str) -> DeviceError:
        """`holder` is the name that the kernel knows; it may be empty."""
        who = repr(holder) if holder else "another program"
        what = f"{who} holds the line on {chip}; stop that program, or use another line in `{self.part}.{self.key}`"
        return self.refused(what, "busy")

    def denied(self, error: OSError, path: str) -> DeviceError:
        return self.refused(_permission(error, path), "denied")


def _permission(error: OSError, path: str) -> str:
    """Why a file below /dev may not be opened, and what helps."""
    if error.errno == errno.EPERM:  # the group would allow it
        return f"the systemd unit does not let edged open {path} (docs/inputs.md)"
    try:
        stat = Path(path).stat()
        group, may = grp.getgrgid(stat.st_gid).gr_name, bool(stat.st_mode & 0o060)
    except (OSError, KeyError):
        group, may = "root", False
    if group == "root" or not may:
        return f"only root may open {path}; the udev rule that edged's installer adds lets the group gpio open it"
    try:
        who = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        who = "USER"
    more = "; for the service see docs/inputs.md" if group == "input" else ""
    return (
        f"only root and the group {group} may open {path}; run `sudo usermod -aG {group} {who}`, log in again and "
        f"start edged again{more}"
    )
