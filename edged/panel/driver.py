"""Brings edges of the button from any thread to the loop, and gives button and lamp their timers."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from edged.causes import CAUSES, Light
from edged.errors import DeviceError
from edged.panel.button import Gesture, Grammar
from edged.panel.light import PATTERNS, level_at, next_change_ms
from edged.panel.ports import Contact, Lamp, Lost

log = logging.getLogger(__name__)


class ButtonDriver:
    """Turns edges from any thread into gestures on the loop."""

    def __init__(
        self,
        contact: Contact,
        grammar: Grammar,
        emit: Callable[[Gesture], None],
        loop: asyncio.AbstractEventLoop,
        now_ms: Callable[[], int],
    ) -> None:
        self._contact, self._grammar, self._emit = contact, grammar, emit
        self._loop, self._now_ms = loop, now_ms
        self._timer: asyncio.TimerHandle | None = None

    def start(self, lost: Lost) -> None:
        """Watch the button. Call it from any thread; it may block. Raises DeviceError."""
        if self._contact.start(self._cross, lost):
            self._loop.call_soon_threadsafe(self._grammar.held_at_start)

    def stop(self) -> None:
        """Stop watching the button. A button that is still down counts as released."""
        self._contact.stop()
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(lambda: self._pass_on(self._grammar.gone(self._now_ms())))

    def _cross(self, down: bool, at_ms: int | None = None) -> None:  # noqa: ARG002, FBT001 a level
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._edge, down)

    def _edge(self, down: bool) -> None:  # noqa: FBT001 a level
        self._pass_on(self._grammar.edge(down, self._now_ms()))

    def _tick(self) -> None:
        self._pass_on(self._grammar.tick(self._now_ms()))

    def _pass_on(self, gestures: list[Gesture]) -> None:
        for gesture in gestures:
            self._emit(gesture)
        if self._timer is not None:
            self._timer.cancel()
        due = self._grammar.due()
        if due is not None:
            self._timer = self._loop.call_later(max(0, due - self._now_ms()) / 1000, self._tick)


class LampDriver:
    """Plays a light's pattern on a lamp. A lamp that fails is reported once, and delays nothing."""

    def __init__(self, lamp: Lamp, loop: asyncio.AbstractEventLoop, now_ms: Callable[[], int]) -> None:
        self._lamp, self._loop, self._now_ms = lamp, loop, now_ms
        self._light: Light | None = None
        self._since_ms = 0
        self._timer: asyncio.TimerHandle | None = None
        self.trouble = ""  # why the last call failed; empty: it worked
        self._is_over = False

    def show(self, light: Light) -> None:
        """Show this light from now on. On return the lamp shows the first level of its pattern."""
        if light is self._light:
            return
        self._light, self._since_ms = light, self._now_ms()
        self._step()

    def replace(self, lamp: Lamp) -> None:
        """Continue with another lamp. The old lamp is dark and released."""
        self._lamp.stop()
        self._lamp, self.trouble = lamp, ""
        if self._light is not None:
            self._step()

    def stop(self) -> None:
        """Switch the lamp off for good. At the end of the process any thread may call it."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        self._lamp.stop()

    def _step(self) -> None:
        assert self._light is not None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pattern, at_ms = PATTERNS[self._light], self._now_ms() - self._since_ms
        level, change_ms = level_at(pattern, at_ms), next_change_ms(pattern, at_ms)
        self._set(level)
        if change_ms is not None:
            self._timer = self._loop.call_later(change_ms / 1000, self._step)

    def _set(self, level: float) -> None:
        if self._is_over:
            return
        try:
            self._lamp.set(level)
            self.trouble = ""
        except DeviceError as error:
            if not self.trouble:
                log.warning(
                    "light_lost: %s. %s",
                    error,
                    CAUSES["light_lost"].remedy,
                    extra={"edged": {"cause": "light_lost", "device": "light"}},
                )
            self.trouble = str(error)
