"""Gives the tables their queue, facts and clock: one event at a time, in order, and a time limit for each state.

Runs on the loop. `post` returns after the event is handled, unless another event is being handled at that moment. So a
press changes the light without a detour through the loop, and the events that follow from it wait. The journal is
written after all of this.

Several sources may press: buttons, and programs on the control socket. The source of the press that was accepted is
the holder. A release or a long press from any other source is ignored.

In the modes of a handset, the first one to lift is the holder until it hangs up, also if the press was refused. The
presses of others, and their releases, are ignored until then, or until the conversation is over (OFF_HOOK).

A release is certain only a moment after it happened (`late_ms`). So while the holder may have released, the time limit
that tells a slip or a tap from a longer press waits for that to be decided.

Some visitors need more time: the limits for the visitor are as many times as long as the holder of the press has it. A
limit that becomes longer while it runs counts from when its state began.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, Protocol

from edged.turn.facts import Facts, Invitation
from edged.turn.follows import TurnLimits, chosen, step, unfit
from edged.turn.ignored import IGNORED
from edged.turn.states import (
    FOR_THE_VISITOR,
    HOOKED,
    UNDECIDED,
    Action,
    Effect,
    Event,
    Mode,
    State,
    Step,
    Tap,
)

log = logging.getLogger(__name__)


_OF_THE_HOLDER = frozenset({Event.RELEASE, Event.LONG_PRESS, Event.TAKEN_BACK})
_NOBODY = object()

_ASK_AGAIN_S = 0.005
_ASK_MOST = 40  # 200 ms: by then, the end of every press is noticed


class _Posted(NamedTuple):
    event: Event
    cause: str | None
    by: object
    late_ms: int


class _Change(NamedTuple):
    was: State
    by: Event
    state: State


class TurnListener(Protocol):
    """Knows the facts, and carries out the effects."""

    def facts(self, *, invited: bool, withdrawn: str | None, lifted: bool) -> Facts:
        """Return what forbids an open gate now. The driver passes these facts; the listener adds the others."""
        ...

    def in_doubt(self, holder: object, /) -> bool:
        """Whether the holder of a press may have released it. That is decided within a moment."""
        ...

    def on_turn(self, was: State, by: Event) -> None:
        """The state has changed. Called before the effects."""

    def unfit(self, state: State, by: Event, /) -> str | None:
        """Return why the recording made in `state` must not be committed, or None. Called before `by` ends `state`."""
        ...

    def do(self, effect: Effect, cause: str | None) -> None:
        """Carry out one effect. `cause` is the cause of the event."""

    def after_turn(self) -> None:
        """The effects of a change are done."""


class Turns:
    """The state of one kiosk's turn. Nothing else writes it."""

    def __init__(
        self,
        mode: Mode,
        limits: TurnLimits,
        owner: TurnListener,
        step: Callable[[], AbstractContextManager[object]] = nullcontext,
        more_time: Callable[[object], int] = lambda _: 1,
    ) -> None:
        """`step()` is entered while an event, and everything posted meanwhile, is handled.

        `more_time(holder)`: how many times as long the limits for the visitor are.
        """
        self.mode = mode
        self.limits = limits
        self.tap = Tap.AUTO
        self.state = State.IDLE
        self._owner, self._step, self.more_time = owner, step, more_time
        self._invitation = Invitation()
        self.holder: object = _NOBODY  # who made the last accepted press
        self.late_ms = 0  # how long ago the event that is being handled happened
        self._queue: deque[_Posted] = deque()  # one event causes only a handful of others
        self._busy = False
        self._unwritten: deque[_Change] = deque()  # the changes of the last two rounds of the loop
        self._limit: asyncio.TimerHandle | None = None
        self._since = 0.0  # when this state began, by the loop's clock

    def configure(self, mode: Mode, limits: TurnLimits, tap: Tap) -> None:
        """Use these from now on. Call it only at rest. In another mode, a lifted receiver counts as hung up."""
        if mode is not self.mode:
            self.post(Event.RELEASE, by=self.holder)
            self.holder = _NOBODY
        self.mode, self.limits, self.tap = mode, limits, tap

    def post(self, event: Event, cause: str | None = None, *, by: object = None, late_ms: int = 0) -> None:
        """Take an event. `cause` is the id of a row of causes.py, if it has one. `by` is who pressed or released.

        `late_ms`: how long ago a release was.
        """
        self._queue.append(_Posted(event, cause, by, late_ms))
        if self._busy:
            return
        with self._step():
            self._busy = True
            try:
                while self._queue:
                    self._take(self._queue.popleft())
            finally:
                self._busy = False

    @property
    def limit_ms(self) -> int | None:
        """How long the visitor has in this state; None: the state has no limit, or one that is not for the visitor."""
        return self._limit_ms() if self.state in FOR_THE_VISITOR else None

    @property
    def remaining_ms(self) -> int | None:
        """How much of `limit_ms` is left."""
        if (limit_ms := self.limit_ms) is None:
            return None
        return max(0, round(limit_ms - (asyncio.get_running_loop().time() - self._since) * 1000))

    def limit(self) -> dict[str, object]:
        """Both, for listeners."""
        return {"limit_ms": self.limit_ms, "remaining_ms": self.remaining_ms}

    def extend(self) -> None:
        """`more_time` has changed: apply the limit that follows to the state that is under way."""
        if self.state in FOR_THE_VISITOR:
            self._arm()

    def write(self) -> None:
        """Write the changes to the journal: two rounds of the loop after the change, or at once at the end."""
        while self._unwritten:
            was, by, state = self._unwritten.popleft()
            fields = {"state": state, "was": was, "by": by.name}
            log.info("turn: %s: %s -> %s", by.name, was, state, extra={"edged": fields})

    def _take(self, posted: _Posted) -> None:
        event, cause, by, self.late_ms = posted
        if not self._counts(event, by):
            return
        was, event = self.state, chosen(self.mode, self.state, event, self.tap)
        follows, event, cause = self._follows(event, cause)
        if follows is not None:
            self.state = follows.state
        self._invitation.after(event, was, self.state)
        if follows is None:
            return
        if event is Event.PRESS:
            self.holder = by
        changed = was is not self.state
        if changed:
            self._since = asyncio.get_running_loop().time()
            self._write_later(was, event)
            self._owner.on_turn(was, event)
        for effect in follows.effects:
            self._owner.do(effect, cause)
        if changed:
            self._owner.after_turn()
            self._arm()

    def _counts(self, event: Event, by: object) -> bool:
        """Whether an event of a finger counts. Notes who holds the receiver of a handset."""
        if event in _OF_THE_HOLDER and by is not self.holder:
            return False
        if self.mode in HOOKED and event in (Event.PRESS, Event.RELEASE):
            if event is Event.PRESS and self.holder is not _NOBODY and self.state is not State.OFF_HOOK:
                return False
            self.holder = by if event is Event.PRESS else _NOBODY
        return True

    def _follows(self, event: Event, cause: str | None) -> tuple[Step | None, Event, str | None]:
        """Return the step, and the event and cause after the facts and the recording were considered."""
        invitation = self._invitation
        lifted = self.mode in HOOKED and self.holder is not _NOBODY
        facts = self._owner.facts(
            invited=invitation.before(event), withdrawn=invitation.withdrawn, lifted=lifted
        )
        follows = step(self.mode, self.state, event, facts)
        if follows is None:
            return None, event, cause
        if _judges(self.state, event, follows) and (why := self._owner.unfit(self.state, event)) is not None:
            # If the event has a cause of its own, such as a lost microphone, that cause is reported.
            instead = unfit(self.mode, self.state, follows)
            return instead, event if Action.AFRESH in instead.effects else Event.UNFIT, cause or why
        if follows.refused and event is Event.PRESS:
            return follows, Event.PRESS_REFUSED, cause
        return follows, event, cause

    def _write_later(self, was: State, by: Event) -> None:
        self._unwritten.append(_Change(was, by, self.state))
        loop = asyncio.get_running_loop()
        # The light, the gate and the sound of a press do not wait for the journal.
        loop.call_soon(loop.call_soon, self.write)

    def _arm(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
        limit_ms = self._limit_ms()
        if limit_ms is not None:
            loop = asyncio.get_running_loop()
            self._limit = loop.call_at(self._since + limit_ms / 1000, self._time_is_up)

    def _time_is_up(self, asked: int = 0) -> None:
        """The time limit of the state has passed. A press may have been released just before it."""
        matters = self.state in UNDECIDED and (self.state, Event.RELEASE) not in IGNORED[self.mode]
        if matters and asked < _ASK_MOST and self._owner.in_doubt(self.holder):
            loop = asyncio.get_running_loop()
            self._limit = loop.call_later(_ASK_AGAIN_S, self._time_is_up, asked + 1)
            return
        self.post(Event.TIMED_OUT)

    def _limit_ms(self) -> int | None:
        return self.limits.longer(self.more_time(self.holder)).of(self.mode, self.state)


def _judges(state: State, event: Event, follows: Step) -> bool:
    """Whether the recording matters: it would be committed, or a conversation ends in which nobody was heard.

    With a link that has failed, a press ends the conversation of somebody who has finished a question.
    """
    commits = Action.END in follows.effects or Action.NEXT in follows.effects
    ends = event in (Event.TIMED_OUT, Event.PRESS) and Action.ABORT in follows.effects
    return commits or (state is State.AWAITING_SPEECH and ends)
