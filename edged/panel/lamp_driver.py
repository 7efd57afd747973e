"""Plays lights on the lamp, and shows on a lamp of its own whether the gate is open.

Rules:
1. The loop is woken only when a lamp changes, and once more after a steady light began, to see whether it is shown.
2. A lamp that fails is reported once, and delays nothing. It is tried again whenever it is set, and every two seconds.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from edged.causes import CAUSES, Light
from edged.errors import DeviceError
from edged.panel.light import RED, Calm, Colour, gaps_from, shine
from edged.panel.ports import Lamp

log = logging.getLogger(__name__)

CHECK_MS = 500  # a lamp with a thread of its own reports an error with the next call only
AGAIN_MS = 2000
LATE_S = 0.0001  # a timer that fires a trifle early would find the change still to come, and fire once more
LATE_MS = 20  # a step that is late by less counts as punctual: the next one is not late as well


class ReportedLamp:
    """A lamp whose first failure is logged. `part` is its section of the configuration."""

    def __init__(self, lamp: Lamp, part: str) -> None:
        self.lamp, self.trouble = lamp, ""
        """`trouble`: why the last call failed; empty: it worked."""
        self._part = part

    def set(self, level: float, colour: Colour) -> None:
        """Set the lamp; never raises."""
        try:
            self.lamp.set(level, colour)
            if self.trouble:
                log.info("%s: the lamp works again", self._part)
            self.trouble = ""
        except DeviceError as error:
            if not self.trouble:
                cause = f"{self._part}_lost"
                fields = {"cause": cause, "device": self._part}
                log.warning("%s: %s. %s", cause, error, CAUSES[cause].remedy, extra={"edged": fields})
            self.trouble = str(error)


class LampDriver:
    """Plays a light's rhythm on a lamp."""

    def __init__(self, lamp: Lamp, loop: asyncio.AbstractEventLoop, now_ms: Callable[[], int]) -> None:
        self._lamp, self._loop, self._now_ms = ReportedLamp(lamp, "light"), loop, now_ms
        self._light: Light | None = None
        self._since_ms = 0
        self._calm = Calm()
        self._ends_ms: int | None = None
        self._gaps_ms = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False

    @property
    def trouble(self) -> str:
        """Why the last call failed; empty: it worked."""
        return self._lamp.trouble

    def show(self, light: Light, ends_ms: int | None = None) -> None:
        """Show this light from now on. On return the lamp shows it, unless that would flash (Calm).

        `ends_ms`: when the longest recording is over, on the clock of `now_ms`; None: it has no end.
        """
        if light is not self._light:
            now_ms = self._now_ms()
            self._light, self._since_ms = light, now_ms + self._calm.wait_ms(light, now_ms, lit=True)
        elif ends_ms == self._ends_ms:
            return
        self._ends_ms = ends_ms
        if ends_ms is not None:
            self._gaps_ms = gaps_from(self._now_ms(), ends_ms)
        self._step()

    def replace(self, lamp: Lamp) -> None:
        """Continue with another lamp. The old lamp is dark and released."""
        self._lamp.lamp.stop()
        self._lamp = ReportedLamp(lamp, "light")
        if self._light is not None:
            self._step()

    def stop(self) -> None:
        """Switch the lamp off for good. At the end of the process any thread may call it."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        self._lamp.lamp.stop()

    def _step(self, due_ms: int | None = None) -> None:
        """Show what is to be shown now, or was to be shown at `due_ms`."""
        assert self._light is not None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._is_over:
            return
        now_ms = self._now_ms()
        at_ms = now_ms if due_ms is None or now_ms - due_ms > LATE_MS else due_ms
        left_ms = None if self._ends_ms is None else self._gaps_ms - at_ms
        wanted = shine(self._light, at_ms - self._since_ms, left_ms=left_ms, fades=self._lamp.lamp.dims)
        shown = self._calm.shown(self._light, wanted, at_ms)
        self._lamp.set(shown.level, shown.colour)
        change_ms = shown.change_ms
        if self._lamp.trouble:
            change_ms = min(AGAIN_MS, change_ms or AGAIN_MS)
        elif due_ms is None:
            change_ms = min(CHECK_MS, change_ms or CHECK_MS)
        if change_ms is not None:
            due_ms = at_ms + change_ms
            self._timer = self._loop.call_later(
                (due_ms - now_ms) / 1000 + LATE_S, partial(self._step, due_ms)
            )


class GateLight:
    """A lamp that is on while the gate is open, and never otherwise. Without a lamp it does nothing."""

    def __init__(
        self, lamp: Lamp | None, loop: asyncio.AbstractEventLoop, changed: Callable[[], None] = lambda: None
    ) -> None:
        """`changed` is called when the lamp begins to fail, or works again, outside of `show`."""
        self._lamp = ReportedLamp(lamp, "recording_light") if lamp else None
        self._loop, self.changed = loop, changed
        self._is_open = self._is_over = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def trouble(self) -> str:
        """Why the last call failed; empty: it worked."""
        return self._lamp.trouble if self._lamp else ""

    def show(self, is_open: bool) -> None:  # noqa: FBT001 a switch
        """The gate opens or shuts. On return the lamp shows it."""
        self._is_open = is_open
        if self._lamp is not None and not self._is_over:
            self._set(self._lamp)
            self._look_again(CHECK_MS)

    def replace(self, lamp: Lamp | None) -> None:
        """Continue with another lamp. The old lamp is dark and released."""
        before = self.trouble
        if self._lamp is not None:
            self._lamp.lamp.stop()
        self._lamp = ReportedLamp(lamp, "recording_light") if lamp else None
        self.show(self._is_open)
        self._compare(before)

    def stop(self) -> None:
        """Switch the lamp off for good. At the end of the process any thread may call it."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        if self._lamp is not None:
            self._lamp.lamp.stop()

    def _set(self, lamp: ReportedLamp) -> None:
        lamp.set(float(self._is_open), RED)

    def _look_again(self, in_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(in_ms / 1000, self._check)

    def _check(self) -> None:
        if self._lamp is None or self._is_over:
            return
        before = self._lamp.trouble
        self._set(self._lamp)
        if self._lamp.trouble:
            self._look_again(AGAIN_MS)
        self._compare(before)

    def _compare(self, before: str) -> None:
        """Report if there was a trouble before and there is none now, or the other way round."""
        if bool(before) != bool(self.trouble):
            self.changed()


class Lamps(NamedTuple):
    """What a kiosk shows: the light, and whether the gate is open."""

    light: LampDriver
    recording: GateLight
