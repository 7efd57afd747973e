"""Decides when a silent link is dead. Pure: the time is an argument, in seconds of any clock that never goes back.

Rules:
1. Any message is a sign of life. A pong is not a sign of the service: gateways answer pings for a service that is gone.
2. The number of unacknowledged bytes must fall. If it does not, the link is slow after `SLOW_S` and dead after
   `STUCK_S` (measured: a kernel continues for 15 minutes). Where round trips are long, `SLOW_TRIPS` and `STUCK_TRIPS`
   count instead. While bytes are unacknowledged, the service's silence means nothing, because the service may not have
   received what it should answer.
3. A service that owes something and is silent for `OWED_S`, or owes nothing and is silent for `IDLE_S`, gets a probe.
   Without an answer within `PROBED_S` it is dead.
4. A service that has not acknowledged a commit within `PASSED_S` gets a probe sooner. Services read messages in order:
   a service that answers the probe has passed over the commit (commit_check.py decides what follows). If no
   acknowledgement comes within `COMMIT_S`, the service ignores the commit. A service that does not answer this early
   probe gets as much time as one that owes an answer.

Not here: how long a visitor waits for an answer (the turn), the WebSocket's own pings (keepalive.py).
"""

from enum import Enum

from edged.dial.ports import Flow

SLOW_S, STUCK_S = 0.8, 1.5
SLOW_TRIPS, STUCK_TRIPS = 1.5, 2.5
OWED_S, IDLE_S, PROBED_S = 4.0, 15.0, 4.0
PASSED_S, COMMIT_S = 0.5, 6.0


class Owed(Enum):
    """What the service owes us."""

    NOTHING = "nothing"
    ACKNOWLEDGEMENT = "the acknowledgement of an utterance"
    ANSWER = "an answer"
    REST = "the rest of an answer"


class LinkHealth(Enum):
    FINE = "fine"
    SLOW = "slow"
    PROBE = "probe"  # send a probe now
    STUCK = "stuck"  # dead: the other end acknowledges nothing
    SILENT = "silent"  # dead: the service says nothing
    PASSED = "passed"  # alive, but the commit has been passed over so far
    IGNORES = "ignores"  # alive, but the commit is ignored


class Liveness:
    """The liveness of one connection. Call `came` for every message, and `look` regularly."""

    def __init__(self, now: float) -> None:
        self._came = now
        self._owed, self._owed_since = Owed.NOTHING, now
        self._delivered = now  # when bytes were last on their way
        self._acknowledged, self._moved, self._outstanding = 0, now, False
        self._probed: float | None = None
        self._alive = now  # when the service last answered a probe
        self._read: float | None = None  # since when the service has had the commit that it passed over

    def came(self, now: float) -> None:
        """A message from the service came."""
        self._came = now
        if self._probed is not None:
            self._probed, self._alive = None, now

    def settled(self, now: float) -> None:
        """A commit was acknowledged or refused: the time for the next commit starts here."""
        self._owed_since, self._read = now, None

    def look(self, now: float, owed: Owed, flow: Flow | None) -> LinkHealth:
        """The health of the link. `flow` is None where the acknowledged bytes are unknown."""
        if owed is not self._owed:
            self._owed, self._owed_since, self._read = owed, now, None
        sign = self._of_flow(now, flow)
        if sign is not LinkHealth.FINE:
            return sign
        if self._probed is not None:
            silent_s = now - max(self._probed, self._delivered)
            return LinkHealth.SILENT if silent_s >= PROBED_S else LinkHealth.FINE
        return self._of_silence(now)

    def _of_flow(self, now: float, flow: Flow | None) -> LinkHealth:
        if flow is None:
            return LinkHealth.FINE
        given, outstanding, trip_s = flow
        acknowledged = given - outstanding
        if acknowledged > self._acknowledged or not self._outstanding:
            self._acknowledged, self._moved = acknowledged, now
        if outstanding > 0:
            self._delivered = now
        self._outstanding = outstanding > 0
        still_s = now - self._moved
        if still_s >= max(STUCK_S, STUCK_TRIPS * trip_s):
            return LinkHealth.STUCK
        return LinkHealth.SLOW if still_s >= max(SLOW_S, SLOW_TRIPS * trip_s) else LinkHealth.FINE

    def _of_silence(self, now: float) -> LinkHealth:
        if self._owed is Owed.ACKNOWLEDGEMENT:
            return self._of_commit(now)
        quiet_from = max(self._came, self._delivered)
        if self._owed is not Owed.NOTHING:
            quiet_from = max(quiet_from, self._owed_since)
        if now - quiet_from < (IDLE_S if self._owed is Owed.NOTHING else OWED_S):
            return LinkHealth.FINE
        self._probed = now
        return LinkHealth.PROBE

    def _of_commit(self, now: float) -> LinkHealth:
        """Other messages are not an acknowledgement, and may be the only ones that come."""
        asked_at = max(self._owed_since, self._delivered)
        if self._read is None and self._alive > asked_at:
            self._read = asked_at  # bytes that are sent from now on do not belong to this commit
        if self._read is None:
            if now - asked_at < PASSED_S:
                return LinkHealth.FINE
        elif now - self._read >= COMMIT_S:
            return LinkHealth.IGNORES
        elif now - self._alive < OWED_S:
            return LinkHealth.PASSED
        self._probed = max(now, asked_at + OWED_S)
        return LinkHealth.PROBE
