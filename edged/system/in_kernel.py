"""What the kernel says: which threads it holds so that nothing ends them, and which start of the machine this is."""

from contextlib import suppress
from pathlib import Path

from edged.files import beginning

TASKS = Path("/proc/self/task")
BOOT = Path("/proc/sys/kernel/random/boot_id")
_MOST_BYTES = 4096
_UNINTERRUPTIBLE = b"D"


def in_kernel(tasks: Path = TASKS) -> frozenset[int]:
    """The ids of the threads in an uninterruptible sleep (state D in proc(5)). Empty where there is no /proc."""
    found = set()
    for folder in tasks.glob("[0-9]*"):
        with suppress(OSError):  # the thread has ended
            # The name of the thread stands in brackets, and may contain anything.
            state = beginning(folder / "stat", _MOST_BYTES).rpartition(b")")[2].split()[0]
            if state == _UNINTERRUPTIBLE:
                found.add(int(folder.name))
    return frozenset(found)


def boot_id(path: Path = BOOT) -> str:
    """A name for this start of the machine; empty where there is none."""
    try:
        return beginning(path, _MOST_BYTES).decode(errors="replace").strip()
    except OSError:
        return ""
