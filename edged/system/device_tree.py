"""Which pins of the header the machine itself uses, as its device tree says.

A node of the tree is a part of the machine, such as `i2s` or `spi`. If the part is switched on, `pinctrl-0` of its node
names groups of pins by their numbers (phandles). The node of a group lists the pins: as numbers (`brcm,pins`, up to the
Raspberry Pi 4), or as names (`pins`: gpio18, on the Raspberry Pi 5).
"""

import os
import re
import struct
from pathlib import Path

from edged.files import beginning

TREE = Path("/proc/device-tree")
_MOST_NODES = 20_000  # a Raspberry Pi 5 has a few thousand
_MOST_BYTES = 4096


def used_pins(tree: Path = TREE) -> dict[int, str]:
    """The GPIO numbers in use, each with the name of the part that uses it. Empty on machines without a device tree."""
    groups: dict[int, list[int]] = {}
    users: list[tuple[str, list[int]]] = []
    # The way to the tree is a link.
    for n, (folder, below, properties) in enumerate(os.walk(os.path.realpath(tree))):
        if n >= _MOST_NODES:
            below.clear()
        node = Path(folder)
        if "phandle" in properties and (listed := _pins(node, properties)):
            groups.update(dict.fromkeys(_numbers(node / "phandle"), listed))
        if "pinctrl-0" in properties and _is_on(node, properties):
            users.append((node.name.split("@")[0], _numbers(node / "pinctrl-0")))
    return {pin: user for user, wanted in users for group in wanted for pin in groups.get(group, ())}


def _is_on(node: Path, properties: list[str]) -> bool:
    return "status" not in properties or _content(node / "status").rstrip(b"\0") in (b"okay", b"ok")


def _pins(node: Path, properties: list[str]) -> list[int]:
    if "brcm,pins" in properties:
        return _numbers(node / "brcm,pins")
    if "pins" in properties:
        return [int(found) for found in re.findall(rb"(?<![a-z])gpio(\d{1,3})\0", _content(node / "pins"))]
    return []


def _numbers(path: Path) -> list[int]:
    content = _content(path)
    return [number for (number,) in struct.iter_unpack(">I", content[: len(content) // 4 * 4])]


def _content(path: Path) -> bytes:
    try:
        return beginning(path, _MOST_BYTES)
    except OSError:  # some properties are for root only
        return b""
