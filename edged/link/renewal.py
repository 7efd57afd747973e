"""Decides when to change to a new session before the current one ends. Pure.

Rules:
1. Only while nothing is under way.
2. After four fifths of the session's life, so that the last fifth is left to find a quiet moment.
3. Earlier, when the visitor has left: the service must know nothing of them when the next visitor comes.
4. A link on demand has no session while nobody needs one: it ends the session, and opens the next one for a visitor.
"""

from dataclasses import dataclass
from enum import Enum

SHARE = 0.8
SHORTEST_S, LONGEST_S = 20.0, 24 * 3600.0  # a remaining time outside these limits means that a clock is wrong
SETTLED_S = 2.0  # how long nothing must have been under way


class RenewalReason(Enum):
    EXPIRING = "the current one is about to end"
    VISITOR_GONE = "the visitor has left"
    RESTS = "nobody needs it"


@dataclass(frozen=True, slots=True)
class RenewalPolicy:
    """How long sessions live, and what goes from one into the next.

    `session_s` is the provider's limit (None: only `expires_at` counts). `two_at_once`: the provider lets a new session
    open before the old one closes. After `forget_after_s` of idleness a visit is over (0: never). `history_lines` lines
    of the conversation go into the next session. The service keeps `remember_turns` turns at most (0: all). `rest_s`: a
    link on demand has no session after so much idleness; None: it always has one.
    """

    session_s: float | None = None
    two_at_once: bool = True
    forget_after_s: float = 0.0
    history_lines: int = 0
    remember_turns: int = 0
    rest_s: float | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """`limit_s` is the session's life; None: unknown. The rest is as in RenewalPolicy."""

    born_s: float
    limit_s: float | None
    forget_after_s: float = 0.0
    rest_s: float | None = None

    def due(self, now: float, *, idle_s: float, spoken: bool, closed: bool = False) -> RenewalReason | None:
        """Why to renew now; None: not now.

        `idle_s`: how long nothing has been under way. `spoken`: the session knows of a visitor. `closed`: nobody can
        speak now.
        """
        if idle_s < SETTLED_S:
            return None
        has_left = self.forget_after_s > 0 and spoken and idle_s >= self.forget_after_s
        if closed:
            return RenewalReason.RESTS
        if self.rest_s is not None and (has_left or idle_s >= self.rest_s):
            return RenewalReason.RESTS
        if has_left:
            return RenewalReason.VISITOR_GONE
        if self.limit_s is not None and now - self.born_s >= SHARE * self.limit_s:
            return RenewalReason.EXPIRING
        return None


def limit_s(expires_at: float | None, wall: float, known_s: float | None) -> float | None:
    """How long a session that begins now lives: by its own `expires_at`, else by the provider's known limit.

    `expires_at` and `wall` are seconds of the wall clock. This machine's may be wrong.
    """
    if expires_at is not None and SHORTEST_S <= expires_at - wall <= LONGEST_S:
        own_s = expires_at - wall
        return own_s if known_s is None else min(own_s, known_s)
    return known_s
