"""When to change to a new session before this one ends by itself. Pure.

Rules: only while nothing is under way. From four fifths of its life on, for what has the last fifth to find a quiet
moment; sooner where the visitor has gone and the next one is to be met by a service that knows nothing of him.
"""

from dataclasses import dataclass
from enum import Enum

SHARE = 0.8
SHORTEST_S, LONGEST_S = 20.0, 24 * 3600.0  # what a server says beyond these is a clock that is wrong
SETTLED_S = 2.0  # so long nothing has been under way


class RenewalReason(Enum):
    EXPIRING = "its time is nearly up"
    VISITOR_GONE = "the visitor has gone"


@dataclass(frozen=True, slots=True)
class RenewalPolicy:
    """How long sessions live, and what is carried from one into the next.

    `session_s` is the provider's limit (None: by `expires_at` only); `two_at_once`: it lets a new one open before the
    old closes. `forget_after_s` of idleness ends a visit (0: never); `history_lines` are put into the next session.
    """

    session_s: float | None = None
    two_at_once: bool = True
    forget_after_s: float = 0.0
    history_lines: int = 0


@dataclass(frozen=True, slots=True)
class Renewal:
    """`limit_s` is the session's life, None where nobody knows; `forget_after_s` of idleness ends a visit, 0: never."""

    born_s: float
    limit_s: float | None
    forget_after_s: float = 0.0

    def due(self, now: float, *, idle_s: float, spoken: bool) -> RenewalReason | None:
        """Why to renew now. `idle_s`: for how long nothing was under way; `spoken`: the session knows of a visitor."""
        if idle_s < SETTLED_S:
            return None
        if self.forget_after_s and spoken and idle_s >= self.forget_after_s:
            return RenewalReason.VISITOR_GONE
        if self.limit_s is not None and now - self.born_s >= SHARE * self.limit_s:
            return RenewalReason.EXPIRING
        return None


def limit_s(expires_at: float | None, wall: float, known_s: float | None) -> float | None:
    """How long a session that begins now lives: as it says itself, else as its provider is known to do.

    `expires_at` and `wall` are seconds of the wall clock, which may be wrong here.
    """
    if expires_at is not None and SHORTEST_S <= expires_at - wall <= LONGEST_S:
        own_s = expires_at - wall
        return own_s if known_s is None else min(own_s, known_s)
    return known_s
