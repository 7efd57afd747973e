"""A contact and a lamp on lines of a GPIO chip, through the kernel's own interface (libgpiod, version 2).

It needs neither a Raspberry Pi's libraries nor its number, only a chip. The kernel stamps each edge with its time. No
debouncing is asked of the kernel, because that would delay the press itself.
"""

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from edged.errors import DeviceError
from edged.panel.gpiod_lines import Claimed, Line, claim
from edged.panel.light import WHITE, Colour
from edged.panel.ports import Edge, Lost
from edged.panel.wiring import Wiring

EDGES = 64  # that the kernel keeps for a process that is held up; it drops the oldest


class GpiodContact:
    """A contact on a GPIO line. `chip` is the label or the name of its chip; empty: that of the header."""

    def __init__(self, wiring: Wiring, *, chip: str = "") -> None:
        self._wiring = wiring
        self._line = Line(wiring.gpio, chip, wiring.part)
        self._lock = threading.Lock()
        self._claimed: tuple[Claimed, int] | None = None
        self._thread: threading.Thread | None = None
        self._wake = -1

    def start(self, edge: Edge, lost: Lost) -> bool:
        """Claim the line; returns True if the contact is active."""
        self._claimed = claim(self._line, self._settings, edges=EDGES)
        active = self.read()
        self._wake = os.eventfd(0)
        self._thread = threading.Thread(
            target=self._run, args=(self._claimed[0], self._wake, edge, lost), name="gpiod", daemon=True
        )
        self._thread.start()
        return active

    def read(self) -> bool:
        """Whether the contact is active, by the level of the line."""
        with self._lock:
            if self._claimed is None:
                raise self._line.failed("the contact is not watched")
            request, number = self._claimed
            try:
                return bool(request.get_value(number).value)
            except OSError as error:
                raise self._gone(error) from error

    def stop(self) -> None:
        """Release the line."""
        thread, self._thread = self._thread, None
        if thread is not None:
            os.eventfd_write(self._wake, 1)
            if thread is not threading.current_thread():
                thread.join()
            os.close(self._wake)
        with self._lock:
            claimed, self._claimed = self._claimed, None
            if claimed is not None:
                _quietly(claimed[0].release)

    def _settings(self, gpiod: Any) -> Any:
        bias = {"up": "PULL_UP", "down": "PULL_DOWN", "none": "DISABLED"}[self._wiring.bias]
        return gpiod.LineSettings(
            direction=gpiod.line.Direction.INPUT,
            edge_detection=gpiod.line.Edge.BOTH,
            bias=gpiod.line.Bias[bias],
            active_low=not self._wiring.is_active_high,
            event_clock=gpiod.line.Clock.MONOTONIC,
        )

    def _run(self, request: Claimed, wake: int, edge: Edge, lost: Lost) -> None:
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        poll.register(request.fd, select.POLLIN | select.POLLPRI)
        while True:
            ready = dict(poll.poll())
            if wake in ready:
                return
            if ready[request.fd] & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
                lost(self._line.failed("the line is gone, with its chip"))
                return
            try:
                with self._lock:
                    events = request.read_edge_events()
            except OSError as error:
                lost(self._gone(error))
                return
            for each in events:
                edge(each.event_type is each.Type.RISING_EDGE, each.timestamp_ns // 1_000_000)

    def _gone(self, error: OSError) -> DeviceError:
        return self._line.failed(f"the line cannot be read any more: {error.strerror}")


class GpiodLamp:
    """An LED on a GPIO line. The first `set` claims the line; after a failure, the next one claims it again."""

    dims = False

    def __init__(
        self, gpio: int, *, chip: str = "", active_high: bool = True, part: str = "light", key: str = "gpio"
    ) -> None:
        """`part` and `key`: where the configuration names the line."""
        self._line = Line(gpio, chip, part, key)
        self._active_high = active_high
        self._lock = threading.Lock()  # at the end of the process, any thread may call `stop`
        self._claimed: tuple[Claimed, int] | None = None
        self._values: Any = None  # gpiod's names of the two levels

    def set(self, level: float, colour: Colour = WHITE) -> None:  # noqa: ARG002 it has one colour
        """Switch the LED on for levels from 0.5."""
        with self._lock:
            if self._claimed is None:
                self._claimed = claim(self._line, self._settings)
            try:
                self._show(level >= 0.5)
            except OSError as error:
                self._release()
                raise self._line.failed(f"the line cannot be set any more: {error.strerror}") from error

    def stop(self) -> None:
        """Switch the LED off and release the line."""
        with self._lock:
            if self._claimed is not None:
                _quietly(lambda: self._show(False))
                self._release()

    def _show(self, on: bool) -> None:  # noqa: FBT001 a level
        assert self._claimed is not None
        request, number = self._claimed
        request.set_value(number, self._values.ACTIVE if on else self._values.INACTIVE)

    def _release(self) -> None:
        claimed, self._claimed = self._claimed, None
        if claimed is not None:
            _quietly(claimed[0].release)

    def _settings(self, gpiod: Any) -> Any:
        self._values = gpiod.line.Value
        return gpiod.LineSettings(direction=gpiod.line.Direction.OUTPUT, active_low=not self._active_high)


def _quietly(call: Callable[[], None]) -> None:
    """Run `call`. A line that no longer exists need not be released."""
    with suppress(OSError):
        call()
