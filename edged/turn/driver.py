"""Gives the tables their queue, facts and clock: events in order, one at a time, and a limit for each state.

Runs on the loop. An event is worked off before `post` returns, unless another is being worked off just then;
so a press reaches the light in one go, and what follows from it waits its turn. The journal comes after all of it.

Several may press: the button, and programs on the control socket. Whoever made the press that was taken holds it,
and a release or a long press of anybody else means nothing.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, Protocol

from edged.turn.facts import Facts, Invitation
from edged.turn.follows import TurnLimits, step
from edged.turn.states import Action, Effect, Event, Mode, State, Step

log = logging.getLogger(__name__)


_OF_THE_HOLDER = frozenset({Event.RELEASE, Event.LONG_PRESS})


class _Posted(NamedTuple):
    event: Event
    cause: str | None
    by: object


class _Change(NamedTuple):
    was: State
    by: Event
    state: State


class TurnListener(Protocol):
    """Knows the facts, and carries out what follows."""

    def facts(self, *, invited: bool, withdrawn: str | None) -> Facts:
        """What may forbid an open gate at this moment; the driver knows these two, and the owner the rest."""
        ...

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

    def __init__(
        self,
        mode: Mode,
        limits: TurnLimits,
        owner: TurnListener,
        step: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """`step()` is entered while an event, and all that is posted meanwhile, is worked off."""
        self.mode = mode
        self.limits = limits
        self.state = State.IDLE
        self._owner, self._step = owner, step
        self._invitation = Invitation()
        self._holder: object = None  # whose press was taken last
        self._queue: deque[_Posted] = deque()  # what follows from one event is a handful
        self._busy = False
        self._unwritten: deque[_Change] = deque()  # of the last two rounds of the loop
        self._limit: asyncio.TimerHandle | None = None

    def post(self, event: Event, cause: str | None = None, *, by: object = None) -> None:
        """Take an event; `cause` names a row of causes.py where it has one, `by` is whoever pressed or released."""
        self._queue.append(_Posted(event, cause, by))
        if self._busy:
            return
        with self._step():
            self._busy = True
            try:
                while self._queue:
                    self._take(self._queue.popleft())
            finally:
                self._busy = False

    def write(self) -> None:
        """Write into the journal what has changed, two rounds of the loop after the change, or, at the end, at once."""
        while self._unwritten:
            was, by, state = self._unwritten.popleft()
            fields = {"state": state, "was": was, "by": by.name}
            log.info("turn: %s: %s -> %s", by.name, was, state, extra={"edged": fields})

    def _take(self, posted: _Posted) -> None:
        event, cause, by = posted
        if event in _OF_THE_HOLDER and by is not self._holder:
            return
        was = self.state
        follows, event, cause = self._follows(event, cause)
        if follows is not None:
            self.state = follows.state
        self._invitation.after(event, was, self.state)
        if follows is None:
            return
        if event is Event.PRESS:
            self._holder = by
        changed = was is not self.state
        if changed:
            self._write_later(was, event)
            self._owner.on_turn(was, event)
        for effect in follows.effects:
            self._owner.do(effect, cause)
        if changed:
            self._owner.after_turn()
            self._arm()

    def _follows(self, event: Event, cause: str | None) -> tuple[Step | None, Event, str | None]:
        """The step, and what the event turned out to be, with its cause."""
        invitation = self._invitation
        facts = self._owner.facts(invited=invitation.before(event), withdrawn=invitation.withdrawn)
        follows = step(self.mode, self.state, event, facts)
        if follows is None:
            return None, event, cause
        if follows.refused and event is Event.PRESS:
            return follows, Event.PRESS_REFUSED, cause
        if _judges(self.state, event, follows) and (unfit := self._owner.unfit(self.state)) is not None:
            # a microphone that was lost is told as that
            return step(self.mode, self.state, Event.UNFIT, facts), Event.UNFIT, cause or unfit
        return follows, event, cause

    def _write_later(self, was: State, by: Event) -> None:
        self._unwritten.append(_Change(was, by, self.state))
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self.write)  # light, gate and the sound of a press wait for no journal

    def _arm(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
        limit_ms = self.limits.of(self.mode, self.state)
        if limit_ms is not None:
            self._limit = asyncio.get_running_loop().call_later(limit_ms / 1000, self.post, Event.TIMED_OUT)


def _judges(state: State, event: Event, follows: Step) -> bool:
    """Whether it matters what was recorded: it would be committed, or nobody was heard for a long time."""
    return Action.END in follows.effects or (state is State.AWAITING_SPEECH and event is Event.TIMED_OUT)
