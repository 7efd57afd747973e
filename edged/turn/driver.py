"""Gives the tables their queue and their clock: events in order, one at a time, and the limit of each state.

Runs on the loop. An event is worked off before `post` returns, unless another is being worked off just then;
so a press reaches the light in one go, and what follows from it waits its turn.
"""

import asyncio
import logging
from collections import deque
from typing import Protocol

from edged.turn.follows import Limits, step
from edged.turn.states import Do, Effect, Event, Mode, State, Step

log = logging.getLogger(__name__)


class Owner(Protocol):
    """Carries out what follows."""

    def on_turn(self, was: State, by: Event) -> None:
        """The state has changed; called before the effects."""

    def unfit(self, state: State) -> str | None:
        """Why what was recorded in `state`, which is about to be left, is not to be committed; None: it is."""
        ...

    def do(self, effect: Effect, cause: str | None) -> None:
        """Carry out one effect; `cause` came with the event."""

    def after_turn(self) -> None:
        """The effects of a change are done."""


class Turns:
    """The state of one kiosk's turn; written here only."""

    def __init__(self, mode: Mode, limits: Limits, owner: Owner) -> None:
        self.mode = mode
        self.limits = limits
        self.state = State.IDLE
        self._owner = owner
        self._queue: deque[tuple[Event, str | None]] = deque()  # what follows from one event is a handful
        self._busy = False
        self._limit: asyncio.TimerHandle | None = None

    def post(self, event: Event, cause: str | None = None) -> None:
        """Take an event; `cause` names a row of causes.py where it has one."""
        self._queue.append((event, cause))
        if self._busy:
            return
        self._busy = True
        try:
            while self._queue:
                self._take(*self._queue.popleft())
        finally:
            self._busy = False

    def _take(self, event: Event, cause: str | None) -> None:
        follows = step(self.mode, self.state, event)
        if follows is not None and _judges(self.state, event, follows):
            unfit = self._owner.unfit(self.state)
            if unfit is not None:
                event, cause = Event.UNFIT, cause or unfit  # a microphone that was lost is told as that
                follows = step(self.mode, self.state, event)
        if follows is None:
            return
        was, self.state = self.state, follows.state
        changed = was is not self.state
        if changed:
            self._arm()
            self._owner.on_turn(was, event)  # before the journal: light and gate wait for nothing
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, _tell, was, event, self.state)  # nor does the sound of a press
        for effect in follows.effects:
            self._owner.do(effect, cause)
        if changed:
            self._owner.after_turn()

    def _arm(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        limit_ms = self.limits.of(self.mode, self.state)
        if limit_ms is not None:
            self._limit = asyncio.get_running_loop().call_later(limit_ms / 1000, self.post, Event.TIMED_OUT)


def _tell(was: State, event: Event, state: State) -> None:
    log.info(
        "turn: %s: %s -> %s",
        event.name,
        was,
        state,
        extra={"edged": {"state": state, "was": was, "by": event.name}},
    )


def _judges(state: State, event: Event, follows: Step) -> bool:
    """Whether it matters what was recorded: it would be committed, or nobody was heard for a long time."""
    return Do.END in follows.effects or (state is State.ATTENTIVE and event is Event.TIMED_OUT)
