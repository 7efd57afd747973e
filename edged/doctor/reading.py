"""Reads what the doctor's checks want to know about this machine: files, folders, users, units. Blocks for a moment.

A fact that cannot be read is left out: no check fails for it. `root` is the folder that has `proc`, `etc` and so on in
it. machine.py reads what concerns USB, power, Wi-Fi and HDMI.
"""

import grp
import json
import os
import platform
import pwd
import re
import resource
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from edged.doctor import machine
from edged.doctor.disk import DiskFacts, Volume
from edged.doctor.journal import JournalFacts
from edged.doctor.memory import MemoryFacts
from edged.doctor.permissions import Node, User
from edged.doctor.state import StateFacts
from edged.doctor.system import SystemFacts
from edged.doctor.units import SHOWN, Shown
from edged.files import beginning

_MOST_BYTES = 65_536
_READ_ONLY = 1  # ST_RDONLY
SWITCHES = "switches.json"
_STARTERS = ("sudo", "sh", "bash", "dash", "timeout", "env", "su", "systemd-run", "strace")


def system(root: Path) -> SystemFacts:
    words = re.search(r'^PRETTY_NAME="?([^"\n]*)', text(root / "etc/os-release"), re.MULTILINE)
    return SystemFacts(
        kernel=platform.system(),
        processor=platform.machine(),
        bits=sys.maxsize.bit_length() + 1,
        python=sys.version_info[:2],
        name=words[1] if words else "",
        has_systemd=has_systemd(root),
    )


def has_systemd(root: Path) -> bool:
    return (root / "run/systemd/system").is_dir()


def disk(root: Path, folders: Iterable[Path], programs: str, *, keeps_state: bool) -> DiskFacts:
    """`folders`: where something is written; of one that is missing, the folder above it counts."""
    volumes = []
    for folder in dict.fromkeys(map(_existing, folders)):
        with suppress(OSError):
            found = os.statvfs(folder)
            volumes.append(
                Volume(
                    str(folder),
                    found.f_blocks * found.f_frsize,
                    found.f_bavail * found.f_frsize,
                    found.f_favail if found.f_files else None,
                    is_read_only=bool(found.f_flag & _READ_ONLY),
                )
            )
    life = []
    for at in sorted((root / "sys/block").glob("mmcblk*/device/life_time")):
        numbers = [int(each, 16) for each in re.findall(r"0x[0-9a-fA-F]+", text(at))]
        life.append((at.parents[1].name, max(numbers, default=0)))
    log, line = machine.kernel_log(programs), text(root / "proc/cmdline")
    return DiskFacts(tuple(volumes), log, line, tuple(life), keeps_state)


def memory(root: Path) -> MemoryFacts:
    rows = dict(re.findall(r"^(\w+):\s+(\d+) kB", text(root / "proc/meminfo"), re.MULTILINE))
    available, total = (
        int(rows[name]) * 1024 if name in rows else None for name in ("MemAvailable", "MemTotal")
    )
    limits = [resource.getrlimit(each)[0] for each in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    known = [each for each in limits if each != resource.RLIM_INFINITY]
    return MemoryFacts(available, total, min(known, default=None))


def waited_s(tasks: Path) -> float:
    """For how long threads were ready to run and had no processor; 0 where the kernel does not count it."""
    total_ns = 0
    with suppress(OSError):
        for task in tasks.iterdir():
            with suppress(ValueError, IndexError):  # it may have ended
                total_ns += int(text(task / "schedstat").split()[1])
    return total_ns / 1e9


def journal(root: Path) -> JournalFacts:
    files = [root / "usr/lib/systemd/journald.conf", root / "etc/systemd/journald.conf"]
    for folder in (
        "usr/lib/systemd/journald.conf.d",
        "etc/systemd/journald.conf.d",
        "run/systemd/journald.conf.d",
    ):
        files += (root / folder).glob("*.conf")
    # A file in a folder comes after journald.conf, and files are read by their names.
    files.sort(key=lambda each: (each.parent.name == "journald.conf.d", each.name))
    at = root / "var/log/journal"
    size = 0
    with suppress(OSError):
        size = sum(each.stat().st_blocks * 512 for each in at.glob("*/*.journal"))
    return JournalFacts("\n".join(map(text, files)), at.is_dir(), size)


def state(folder: str, user: User) -> StateFacts:
    """Whether this user can write there."""
    if not folder:
        return StateFacts("")
    at = Path(folder)
    broken = []
    with suppress(OSError):
        try:
            json.loads(beginning(at / SWITCHES, _MOST_BYTES))
        except ValueError:
            broken.append(SWITCHES)
    return StateFacts(folder, _why_not(_existing(at), user), tuple(broken))


def _why_not(at: Path, user: User) -> str:
    """Why the user cannot write in a folder; empty if nothing is known against it."""
    try:
        found = at.stat()
        if not at.is_dir():
            return "it is not a folder"
        node = Node("state", str(at), found.st_uid, found.st_gid, found.st_mode, "")
        if user.number != os.geteuid():
            if not user.may_use(node):
                return f"the user {user.name} may not write there"
            if os.geteuid() != 0:
                return ""
        descriptor, name = tempfile.mkstemp(prefix=".doctor-", dir=at)
        os.close(descriptor)
        os.unlink(name)  # noqa: PTH108 it was made as a text
    except OSError as error:
        return error.strerror or str(error)
    return ""


def unit(name: str, programs: str = machine.PROGRAMS) -> Shown:
    """What systemd says about a unit; empty: nothing."""
    said = machine.output(("systemctl", "show", "--no-pager", f"--property={SHOWN}", name), programs)
    return {key: value for key, sign, value in (line.partition("=") for line in said.splitlines()) if sign}


def this_user() -> User:
    return _user(os.geteuid(), {os.getegid(), *os.getgroups()})


def service_user(shown: Shown) -> User | None:
    """The user of a unit, with the groups that it gives; None: there is none, or root."""
    try:
        entry = pwd.getpwnam(shown.get("User", ""))
    except KeyError:
        return None
    groups = {entry.pw_gid, *os.getgrouplist(entry.pw_name, entry.pw_gid)}
    for name in (shown.get("Group", ""), *shown.get("SupplementaryGroups", "").split()):
        with suppress(KeyError):
            groups.add(grp.getgrnam(name).gr_gid)
    return _user(entry.pw_uid, groups)


def _user(number: int, groups: set[int]) -> User:
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    return User(name, number, frozenset(groups))


def nodes(part: str, paths: Iterable[Path], user: User) -> Iterator[Node]:
    """The files that are there."""
    for path in paths:
        with suppress(OSError):
            found = path.stat()
            try:
                group = grp.getgrgid(found.st_gid).gr_name
            except KeyError:
                group = str(found.st_gid)
            # A file may have more rights than its mode says (ACL). Only for this user the kernel can be asked.
            mine = user.number == os.geteuid() and user.number != 0
            may = os.access(path, os.R_OK | os.W_OK, effective_ids=True) if mine else None
            yield Node(part, str(path), found.st_uid, found.st_gid, found.st_mode, group, may)


def running(root: Path, config: Path | None, usual: Path) -> tuple[int, ...]:
    """The processes of `edged run` with this configuration on this machine, without those in its containers."""
    wanted, here = str(config or usual), _link(root / "proc/self/ns/pid")
    found = []
    for folder in (root / "proc").glob("[0-9]*"):
        words = _raw(folder / "cmdline").split("\0")
        names = [Path(word).name for word in words]
        if "run" not in names or "edged" not in names or names[0] in _STARTERS:
            continue
        at = words.index("--config") + 1 if "--config" in words else 0
        configured = words[at] if 0 < at < len(words) else str(usual)
        if configured == wanted and _link(folder / "ns/pid") in (here, ""):
            found.append(int(folder.name))
    return tuple(sorted(found))


def _link(path: Path) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115 a namespace is no path
    except OSError:
        return ""


def _existing(folder: Path) -> Path:
    while not os.path.exists(folder) and folder != folder.parent:  # noqa: PTH110 unlike Path.exists, it raises nothing
        folder = folder.parent
    return folder


def text(path: Path) -> str:
    """The text of a small file; empty where there is none, or it cannot be read."""
    return _raw(path).strip("\0\n ")


def _raw(path: Path) -> str:
    try:
        return beginning(path, _MOST_BYTES).decode(errors="replace")
    except OSError:
        return ""
