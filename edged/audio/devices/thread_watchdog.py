"""Watches a thread that makes calls on a device. It reports a call that does not return, because nobody else can.

The thread beats once per turn of its loop, at least every `LOOK_S`. A call that hangs cannot be ended from
within the process. The cause is `device_hung`, and the receiver of `lost` ends the process.
"""

import threading

from edged.audio.ports import Lost
from edged.errors import DeviceError

LOOK_S = 1.0
# Looks without a beat. A busy machine may delay a thread for one look.
MISSED = 3


class ThreadWatchdog:
    """Watches one thread, from `start` to `stop`."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._count = 0
        self._ended = threading.Event()

    def start(self, lost: Lost) -> None:
        """Begin to watch. `lost` is called from a thread of its own, at most once."""
        self._ended = threading.Event()
        threading.Thread(
            target=self.watch, args=(self._ended, lost), name=f"{self._what}-watch", daemon=True
        ).start()

    def beat(self) -> None:
        """Show that the thread is alive."""
        self._count += 1

    def stop(self) -> None:
        """Stop: no `lost` from now on. Does not wait."""
        self._ended.set()

    def watch(self, ended: threading.Event, lost: Lost) -> None:
        """Look at the beats until `ended` is set. Runs on the watchdog's own thread."""
        seen, missed = -1, 0
        while not ended.wait(LOOK_S):
            missed = missed + 1 if seen == self._count else 0
            seen = self._count
            if missed >= MISSED:
                lost(DeviceError(f"a call to the {self._what} does not return", "device_hung"))
                return
