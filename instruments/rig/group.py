"""A control group for each box. Without one, two machines would share their services' groups and end each other's."""

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def own_group(name: str) -> Iterator[Path | None]:
    """A new group of the unified hierarchy, below this process's own; None if there is no such hierarchy."""
    here = _here()
    if here is None:
        yield None
        return
    group = here / name
    group.mkdir()
    try:
        yield group
    finally:
        _remove(group)


def _here() -> Path | None:
    mounts = Path("/proc/self/mountinfo").read_text()
    mounted = re.search(r"^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 ", mounts, re.MULTILINE)
    own = re.search(r"^0::(.*)$", Path("/proc/self/cgroup").read_text(), re.MULTILINE)
    return Path(mounted[1]) / own[1].lstrip("/") if mounted and own else None


def _remove(group: Path) -> None:
    """Remove the group. Its last process may still be ending."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        for directory in sorted(group.rglob("*/"), key=lambda path: len(path.parts), reverse=True):
            with contextlib.suppress(OSError):
                directory.rmdir()
        with contextlib.suppress(OSError):
            group.rmdir()
        if not group.exists():
            return
        time.sleep(0.05)
