"""Lets the service forget old turns while it is quiet, unless the service cannot do that.

Rules:
1. A service that refuses a deletion is not asked again by this link, and the owner is told once.
2. So is a service whose connection ends within `SOON_S` of a deletion that it has not answered, twice in a row: some
   gateways end the connection on a message that they do not know. A bad network seldom does the same twice.
3. What the next session gets of the conversation has no more turns than this session (history.py). Where each question
   has a session of its own, as on a link on demand, no session has too many: the limit holds for what it gets, too.
"""

from collections.abc import Callable

from edged.link.session.context import left_of
from edged.link.session.events import ServiceWarning, SessionEvent
from edged.link.session.history import History
from edged.link.session.session import DELETION_REFUSED, LinkSession

SOON_S = 5.0
MOST_LOST = 2


class Pruning:
    """`most_turns` is how many turns the service may keep; 0: all. `tell` reports to the owner."""

    def __init__(self, most_turns: int, history: History, tell: Callable[[SessionEvent], None]) -> None:
        self._most, self._history, self._tell = most_turns, history, tell
        self._pruned_s: float | None = None  # when a session was last told to forget something
        self._lost = 0  # connections that ended soon after that

    def turn_over(self, session: LinkSession, now: float) -> None:
        """It is quiet."""
        if not session.context.waits and self._pruned_s is not None:
            self._pruned_s, self._lost = None, 0
        has_ended, left = session.turn_over(self._most)
        if has_ended:
            self._history.turn_over()
        if left is not None:
            self._history.keep(left)
            self._pruned_s = now

    def begins(self) -> None:
        """Another session is about to get the history."""
        if self._most and self._history.turns > self._most:
            self._history.keep(left_of(self._most))

    def hear(self, event: SessionEvent) -> bool:
        """Whether the owner may hear this event: it hears of a refusal once."""
        if not (isinstance(event, ServiceWarning) and event.cause == DELETION_REFUSED):
            return True
        was_on, self._most = self._most > 0, 0
        return was_on

    def ended(self, session: LinkSession, now: float) -> None:
        """The connection has ended."""
        at_s, self._pruned_s = self._pruned_s, None
        if at_s is None or not session.context.waits or now - at_s > SOON_S:
            return
        self._lost += 1
        if self._lost >= MOST_LOST and self._most:
            self._most = 0
            text = "the connection ended twice in a row when edged deleted old turns"
            self._tell(ServiceWarning("", text, DELETION_REFUSED))
