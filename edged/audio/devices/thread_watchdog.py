"""Watches a thread that makes calls on a device. A call that does not come back is reported, for nobody else can.

The thread beats at each turn of its loop, at least every `LOOK_S`. A call that hangs cannot be ended from within the
process: the cause is `device_hung`, and whoever `lost` calls ends it.
"""

import threading

from edged.audio.ports import Lost
from edged.errors import DeviceError

LOOK_S = 1.0
MISSED = 3  # looks without a beat; a busy machine may hold a thread up for one


class ThreadWatchdog:
    """Of one thread, from `start` to `stop`."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._count = 0
        self._ended = threading.Event()

    def start(self, lost: Lost) -> None:
        """Begin to watch; `lost` is called from a thread of its own, once at most."""
        self._ended = threading.Event()
        threading.Thread(
            target=self.watch, args=(self._ended, lost), name=f"{self._what}-watch", daemon=True
        ).start()

    def beat(self) -> None:
        """The thread is alive."""
        self._count += 1

    def stop(self) -> None:
        """No `lost` from now on. Does not wait."""
        self._ended.set()

    def watch(self, ended: threading.Event, lost: Lost) -> None:
        """What that thread does: look, until `ended`."""
        seen, missed = -1, 0
        while not ended.wait(LOOK_S):
            missed = missed + 1 if seen == self._count else 0
            seen = self._count
            if missed >= MISSED:
                lost(DeviceError(f"a call on the {self._what} does not return", "device_hung"))
                return
