"""A pace for devices that have none of their own: a thread."""

import threading
import time
from collections.abc import Callable


class ThreadPace:
    """Ticks from a daemon thread. An exception in a tick ends in `threading.excepthook`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._running = threading.Event()

    def start(self, period_s: float, tick: Callable[[], None]) -> None:
        """Call `tick` every `period_s`."""
        self._stopping.clear()
        self._running.set()
        self._thread = threading.Thread(target=self._run, args=(period_s, tick), name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop. No tick comes after the return."""
        self._stopping.set()
        self._running.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def park(self) -> None:
        """Stop the ticks until `unpark`."""
        self._running.clear()

    def unpark(self) -> None:
        """Resume the ticks."""
        self._running.set()

    def _run(self, period_s: float, tick: Callable[[], None]) -> None:
        due = time.monotonic() + period_s
        while True:
            # A tick may call `park` while the pace is being stopped.
            if not self._running.is_set() and not self._stopping.is_set():
                self._running.wait()
                due = time.monotonic() + period_s
            if self._stopping.wait(max(0.0, due - time.monotonic())):
                return
            tick()
            due = max(due + period_s, time.monotonic() - period_s)  # after a stall: no burst of old ticks
