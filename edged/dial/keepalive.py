"""Decides when to send a ping, and when a missing pong means a dead connection. Pure: the time is an argument.

Rules:
1. Any bytes that come are a sign of life: on a slow connection the pong queues behind all the sound before it.
2. A ping queues behind all the sound that was given to the socket before it. The time for its pong starts when the ping
   was delivered. Until then it is enough that the other end acknowledges more and more.
3. Where the acknowledged bytes are unknown, the pong gets more time.

Not here: whether the service behind the connection lives, and a link that hangs while somebody talks (liveness.py).
"""

from enum import Enum

from edged.dial.ports import Flow

PING_EVERY_S, PONG_WITHIN_S = 5.0, 2.5  # an idle half-open connection is noticed within 7.5 s
PONG_UNSEEN_S = 20.0  # a full socket buffer on the slowest usable link: 128 KiB at 6 kB/s
LOOK_S = 0.5  # between two looks while the ping is on its way


class KeepaliveStep(Enum):
    FINE = "fine"
    PING = "ping"  # send one now, or `put_off`
    DEAD = "dead"


class Keepalive:
    """The keepalive of one connection. Call `heard` for all bytes that come, and `look` at `look_at`."""

    def __init__(self, now: float) -> None:
        self.look_at = now + PING_EVERY_S
        self._asked = False  # a ping was sent and its pong has not come
        self._before = 0  # bytes given to the socket before the ping
        self._acknowledged = 0
        self._moved = now  # when more was last acknowledged, or when the ping was delivered
        self._delivered = False

    def heard(self, now: float) -> None:
        """Bytes came."""
        self._asked = False
        self.look_at = now + PING_EVERY_S

    def put_off(self, now: float) -> None:
        """The ping cannot be sent now."""
        self._asked = False
        self.look_at = now + LOOK_S

    def look(self, now: float, flow: Flow | None) -> KeepaliveStep:
        """What to do now. `flow` is None where the acknowledged bytes are unknown."""
        if now < self.look_at:
            return KeepaliveStep.FINE
        acknowledged = flow.given - flow.outstanding if flow is not None else 0
        if not self._asked:
            self._asked, self._moved = True, now
            self._before, self._acknowledged = (flow.given if flow is not None else 0), acknowledged
            self._delivered = acknowledged >= self._before
            self.look_at = now + (PONG_UNSEEN_S if flow is None else self._patience_s())
            return KeepaliveStep.PING
        if flow is not None and not self._delivered and acknowledged > self._acknowledged:
            self._acknowledged, self._moved = acknowledged, now
            self._delivered = acknowledged >= self._before
        elif now >= self._moved + PONG_WITHIN_S:
            return KeepaliveStep.DEAD
        self.look_at = min(now + self._patience_s(), self._moved + PONG_WITHIN_S)
        return KeepaliveStep.FINE

    def _patience_s(self) -> float:
        return PONG_WITHIN_S if self._delivered else LOOK_S
