"""Gives a lamp whose driver may hang a thread of its own, so that nobody waits for it.

Rules:
1. `set` notes what the lamp should show, and returns. The thread shows the newest; what came in between is dropped.
2. An error of the thread is raised by each `set` until the lamp has shown something. After an error, the thread opens
   the lamp again for the next `set`.
3. If the driver does not return for two seconds, `set` says so. It goes on noting what should be shown.
4. `stop` waits a quarter of a second at most. A driver that hangs keeps its thread, which ends with the process.
"""

import threading
import time

from edged.errors import DeviceError
from edged.panel.light import WHITE, Colour
from edged.panel.ports import Painter
from edged.panel.refusals import PanelPart

HANGS_S = 2.0
STOPS_S = 0.25


class ThreadLamp:
    """A lamp that a thread drives through a painter."""

    def __init__(self, painter: Painter, place: PanelPart, *, dims: bool) -> None:
        self.dims, self._painter, self._place = dims, painter, place
        self._changed = threading.Condition()
        # under the lock:
        self._wanted: tuple[float, Colour] | None = None  # not shown yet
        self._error: DeviceError | None = None
        self._busy_since: float | None = None
        self._is_over = False
        self._thread: threading.Thread | None = None

    def set(self, level: float, colour: Colour = WHITE) -> None:
        """Have the lamp show this. Raises DeviceError if what was to be shown before failed."""
        with self._changed:
            if self._is_over:
                return
            self._wanted = (level, colour)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lamp", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            error = self._error
            hangs = self._busy_since is not None and time.monotonic() > self._busy_since + HANGS_S
        if error is not None:
            raise error
        if hangs:
            raise self._place.refused("its driver does not answer")

    def stop(self) -> None:
        """Switch the lamp off and release it, and wait a moment for that."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(STOPS_S)

    def _run(self) -> None:
        while (wanted := self._next()) is not None:
            error = None
            try:
                self._painter.paint(*wanted)
            except DeviceError as failed:
                error = failed
            with self._changed:
                self._error, self._busy_since = error, None
        self._painter.close()

    def _next(self) -> tuple[float, Colour] | None:
        """Wait for the next thing to show; None: it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._wanted is not None)
            if self._is_over:
                return None
            wanted, self._wanted, self._busy_since = self._wanted, None, time.monotonic()
            return wanted
