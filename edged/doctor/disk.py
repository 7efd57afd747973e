"""Whether the disks that edged writes to have room, and are sound. Pure.

An SD card that wears out shows in three ways: the kernel reports errors of the device, it makes the file system
read-only, and a card that counts its own wear (mostly eMMC) says that its life is over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import FAILURE, WARNING, Check, DoctorFinding

CHECK = Check(
    "disk",
    "machine",
    "free space, errors of the card, its wear, an overlay that forgets changes",
    {"disk_errors": FAILURE, "disk_read_only": FAILURE, "disk_full": FAILURE, "overlay_root": WARNING},
)
LEAST_BYTES, LEAST_SHARE, LEAST_FILES = 16 * 2**20, 20, 64
_ERROR = re.compile(
    r"(I/O error, dev (?:mmcblk|sd|nvme)\S*|\bmmc\d+: (?:card stuck|error -\d+)\b"
    r"|EXT4-fs error \(device (?:mmcblk|sd|nvme)[^)]*\))"
)
_GONE_READ_ONLY = re.compile(r"\((?P<device>(?:mmcblk|sd|nvme)[^)]*)\): Remounting filesystem read-only")
_OVERLAY = re.compile(r"(?:^|\s)(?:overlayroot=(?!disabled)\S+|boot=overlay)(?:\s|$)")
_WORN = 0x0B  # of a card's estimate: beyond its life; 0x0A: 90 to 100 % are used


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder and the file system that it is on. `files_free`: None where files are not counted."""

    folder: str
    size: int
    free: int
    files_free: int | None
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """`life`: the wear that each card reports, by its name. `keeps_state`: edged wants to keep something."""

    volumes: tuple[Volume, ...]
    kernel_log: str = ""
    boot_line: str = ""
    life: tuple[tuple[str, int], ...] = ()
    keeps_state: bool = True


def judge(facts: DiskFacts) -> Iterator[DoctorFinding]:
    errors = _ERROR.findall(facts.kernel_log)
    if errors:
        yield CHECK.found("disk_errors", f"the kernel has reported {len(errors)} errors: {errors[-1]}")
    for name, used in facts.life:
        if used >= _WORN:
            yield CHECK.found("disk_errors", f"{name} says that it has reached the end of its life")
    if found := _GONE_READ_ONLY.search(facts.kernel_log):
        text = f"the kernel has made the file system on {found['device']} read-only after an error"
        yield CHECK.found("disk_read_only", text)
    seen: set[tuple[int, int]] = set()
    for volume in facts.volumes:
        same = (volume.size, volume.free)  # one file system is reported once
        if same in seen or volume.is_read_only or not volume.size:
            continue
        seen.add(same)
        if volume.free < min(LEAST_BYTES, volume.size // LEAST_SHARE):
            text = f"{volume.folder}: {_size(volume.free)} of {_size(volume.size)} are free"
            yield CHECK.found("disk_full", text)
        elif volume.files_free is not None and volume.files_free < LEAST_FILES:
            yield CHECK.found(
                "disk_full", f"{volume.folder}: no more files fit ({volume.files_free} are free)"
            )
    if facts.keeps_state and _OVERLAY.search(facts.boot_line):
        yield CHECK.found("overlay_root", "an overlay lies over the disk, and is forgotten at a restart")


def note(facts: DiskFacts) -> str:
    """What is free, in words."""
    return ", ".join(f"{each.folder}: {_size(each.free)} free" for each in facts.volumes if each.size)


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"
