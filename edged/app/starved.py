"""Whether this process had to wait for the processor, so that what it waited for says nothing. Reads /proc."""

import time
from pathlib import Path

from edged.doctor import reading

TASKS = Path("/proc/self/task")
SHARE = 0.25
"""A process that waits for so much of the time is not served by this machine."""


class Starved:
    """Begins to look when it is made."""

    def __init__(self, tasks: Path = TASKS) -> None:
        self._tasks = tasks
        self._began_s, self._waited_s = time.monotonic(), reading.waited_s(tasks)

    def is_so(self) -> bool:
        """Whether its threads together have waited for a large share of the time since then."""
        waited_s = reading.waited_s(self._tasks) - self._waited_s
        return waited_s > SHARE * (time.monotonic() - self._began_s)
