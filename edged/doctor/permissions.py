"""Whether the user that runs edged may use the files of the devices. Pure.

The doctor usually runs as root, who may use everything. So it asks for the user of the service, by the groups of its
unit. A device that is not there says nothing: other checks look for it.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import FAILURE, WARNING, Check, DoctorFinding

CHECK = Check(
    "permissions",
    "machine",
    "whether the user that runs edged may use sound cards, pins, input devices and LEDs",
    {"device_denied": FAILURE, "button_denied": FAILURE, "light_lost": WARNING},
    needs=("configuration",),
)
CAUSES = {"sound": "device_denied", "button": "button_denied", "light": "light_lost"}


@dataclass(frozen=True, slots=True)
class Node:
    """A file of a device. `part`: what needs it. `may`: whether it may be used, where that was tried; else None."""

    part: str
    path: str
    owner: int
    group: int
    mode: int
    group_name: str
    may: bool | None = None


@dataclass(frozen=True, slots=True)
class User:
    name: str
    number: int
    groups: frozenset[int]

    def may_use(self, node: Node) -> bool:
        """Whether it may read and write."""
        if node.may is not None or self.number == 0:
            return node.may is not False
        if self.number == node.owner:
            return node.mode & stat.S_IRUSR != 0 and node.mode & stat.S_IWUSR != 0
        if node.group in self.groups:
            return node.mode & stat.S_IRGRP != 0 and node.mode & stat.S_IWGRP != 0
        return node.mode & stat.S_IROTH != 0 and node.mode & stat.S_IWOTH != 0


def judge(user: User, nodes: tuple[Node, ...]) -> Iterator[DoctorFinding]:
    """One finding for each part: none of its files may be used, or for sound, one may not."""
    for part, cause in CAUSES.items():
        mine = [node for node in nodes if node.part == part]
        closed = [node for node in mine if not user.may_use(node)]
        if not closed or (part == "button" and len(closed) < len(mine)):
            continue
        node = closed[0]
        group = f"its group is {node.group_name}, " if node.group_name else ""
        text = f"the user {user.name} may not use {node.path} ({group}its mode is {node.mode & 0o777:04o})"
        yield CHECK.found(cause, text, _remedy(user, node) if node.group_name not in ("", "root") else "")


def _remedy(user: User, node: Node) -> str:
    if user.name == "edged":
        return (
            f"Add `SupplementaryGroups={node.group_name}` to the unit (`sudo systemctl edit edged`, below"
            " [Service]), then run `sudo systemctl restart edged`."
        )
    return f"Run `sudo usermod -aG {node.group_name} {user.name}`, and log in again."
