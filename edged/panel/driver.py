"""Brings edges of the button from any thread to the loop, and gives button and lamp their timers."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress

from edged.causes import CAUSES, Light
from edged.errors import DeviceError
from edged.panel.contact import Debouncer, LevelChange
from edged.panel.gestures import Gesture, Grammar
from edged.panel.light import PATTERNS, level_at, next_change_ms
from edged.panel.ports import Contact, Lamp, Lost

log = logging.getLogger(__name__)


class ButtonDriver:
    """Turns edges from any thread, and the levels that it reads on the loop, into gestures on the loop."""

    def __init__(
        self,
        contact: Contact,
        debouncer: Debouncer,
        grammar: Grammar,
        emit: Callable[[Gesture], None],
        loop: asyncio.AbstractEventLoop,
        now_ms: Callable[[], int],
        looked: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`looked` is called after each reading, and when watching begins or ends."""
        self._contact, self._debouncer, self._grammar, self._emit = contact, debouncer, grammar, emit
        self._loop, self._now_ms, self._looked = loop, now_ms, looked
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None
        self._lost: Lost | None = None  # set while the contact is watched

    def start(self, lost: Lost) -> None:
        """Watch the contact. Call it from any thread; it may block. Raises DeviceError."""
        active = self._contact.start(self._cross, lost)
        self._loop.call_soon_threadsafe(self._begin, active, lost)

    def stop(self) -> None:
        """Stop watching the contact. A button that is still down counts as released."""
        self._contact.stop()
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._end)

    def _cross(self, active: bool, at_ms: int | None = None) -> None:  # noqa: FBT001 a level
        now_ms = self._now_ms()
        at_ms = now_ms if at_ms is None else min(at_ms, now_ms)
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._edge, active, at_ms)

    def _begin(self, active: bool, lost: Lost) -> None:  # noqa: FBT001 a level
        self._lost = lost
        now_ms = self._now_ms()
        self._debouncer.begin(active, now_ms)
        self._pass_on([])
        self._looked(now_ms)

    def _end(self) -> None:
        self._lost, now_ms = None, self._now_ms()
        self._pass_on(self._debouncer.gone(now_ms))
        self._looked(now_ms)

    def _edge(self, active: bool, at_ms: int) -> None:  # noqa: FBT001 a level
        self._pass_on(self._debouncer.edge(active, at_ms))

    def _tick(self) -> None:
        self._timer, self._timer_at = None, None
        due, now_ms, seen_ms = self._debouncer.due(), self._now_ms(), self._debouncer.seen_ms
        changes: list[LevelChange] = []
        due = min((at for at in (due, self._grammar.look_at) if at is not None), default=None)
        if due is not None and due <= now_ms and self._lost is not None:
            try:
                active = self._contact.read()
                changes = self._debouncer.reading(active, now_ms)
                self._grammar.looked(active, now_ms)
            except DeviceError as error:
                self._lost(error)
                self._lost = None
        # After a stall of the process, the contact may have changed long ago. Time alone makes no gesture of that.
        self._pass_on(
            changes, () if changes or self._debouncer.in_doubt else self._grammar.tick(now_ms), seen_ms
        )
        self._looked(now_ms)

    def _pass_on(
        self, changes: list[LevelChange], gestures: Iterable[Gesture] = (), seen_ms: int | None = None
    ) -> None:
        """`seen_ms`: until when the level before the changes is known to have lasted; None: until the changes."""
        for change in changes:
            is_disturbance = not change.active and self._debouncer.was_disturbed
            gestures = (
                *gestures,
                *self._grammar.change(change, seen_ms, is_disturbance=is_disturbance),
            )
        for gesture in gestures:
            self._emit(gesture)
        self._arm()

    def _arm(self) -> None:
        """Set the timer for what is due next. A timer that is early enough stays, so an edge costs no new one."""
        read_at = None if self._lost is None else self._debouncer.due()
        gesture_at = None if self._debouncer.in_doubt else self._grammar.due()
        due = min((at for at in (read_at, gesture_at) if at is not None), default=None)
        if due is None or (self._timer_at is not None and self._timer_at <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
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
