"""Whether this process had to wait for the processor, so that what it waited for says nothing. Reads /proc."""

import time
from contextlib import suppress
from pathlib import Path

TASKS = Path("/proc/self/task")
SHARE = 0.25
"""A process that waits for so much of the time is not served by this machine."""


class Starved:
    """Begins to look when it is made."""

    def __init__(self, tasks: Path = TASKS) -> None:
        self._tasks = tasks
        self._began_s, self._waited_s = time.monotonic(), self._waits_s()

    def is_so(self) -> bool:
        """Whether its threads together have waited for a large share of the time since then."""
        waited_s = self._waits_s() - self._waited_s
        return waited_s > SHARE * (time.monotonic() - self._began_s)

    def _waits_s(self) -> float:
        """For how long the threads were ready to run and had no processor; 0 where the kernel does not count it."""
        total_ns = 0
        with suppress(OSError):
            for task in self._tasks.iterdir():
                with suppress(OSError, ValueError, IndexError):  # it may have ended
                    total_ns += int((task / "schedstat").read_text().split()[1])
        return total_ns / 1e9
