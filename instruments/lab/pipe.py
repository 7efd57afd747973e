"""One direction of a simulated TCP connection.

Rules, as in Linux:
- A kernel accepts `buffer_bytes` that the other side has not acknowledged. A reader that does not read makes first
  its own kernel full, then the sender's.
- Bytes lost in a hole are sent again 0.2 s, 0.6 s, 1.4 s, ... after the first loss. When the hole has gone, they
  arrive at the next of these times, not at once. After 15 minutes (or TCP_USER_TIMEOUT) the sender gets ETIMEDOUT.
- An acknowledgement can be lost too: then the reader has the bytes and the sender does not know it.
- A sender to an end that is gone gets a reset, if the way back is open.

Left out: windows and congestion (a rate limit replaces both), keep-alive probes, urgent data.
"""

import asyncio
import errno
from collections import deque
from typing import TYPE_CHECKING

from instruments.lab.sock import os_error
from instruments.lab.weather import ENDLESS, Conditions

if TYPE_CHECKING:
    from instruments.lab.connection import Connection
    from instruments.lab.transport import SimTransport

FIRST_RESEND_S, LONGEST_RESEND_S = 0.2, 120.0  # Linux: TCP_RTO_MIN, TCP_RTO_MAX
SLICE_APART_S = 50e-6
DATA, FIN, OPEN = 0, 1, 2  # kinds of segments


def resent_at(lost_at: float, now: float) -> float:
    """The first time from `now` on at which bytes first lost at `lost_at` are sent again."""
    wait, at = FIRST_RESEND_S, lost_at
    while at < now:
        at += wait
        wait = min(wait * 2, LONGEST_RESEND_S)
    return at


class Pipe:
    """One direction of a connection. The sender calls `room`, `send` and `finish`."""

    def __init__(self, connection: "Connection", up: bool) -> None:
        self.up = up
        self.sender: SimTransport
        self.receiver: SimTransport
        self.unacknowledged = 0
        self._connection = connection
        self._net = connection.net
        self._segments: deque[tuple[float, int, bytes]] = deque()
        self._last_at = 0.0  # nothing arrives before this
        self._free_at = 0.0  # when the slowest part of the way has sent everything before
        self._acks: deque[tuple[float, int]] = deque()
        self._lost_at: float | None = None
        self._unheard_at: float | None = None  # since when acknowledgements have been lost
        self._timer: asyncio.TimerHandle | None = None
        self._ack_timer: asyncio.TimerHandle | None = None
        self._give_up: asyncio.TimerHandle | None = None

    @property
    def _now(self) -> float:
        return self._net.loop.time()

    @property
    def _conditions(self) -> Conditions:
        return self._connection.path.conditions

    # -- sending -------------------------------------------------------------------------------------

    def room(self) -> int:
        """How many bytes the kernel accepts now."""
        self._count_acks()
        return max(0, self._conditions.buffer_bytes - self.unacknowledged)

    def outstanding(self) -> int:
        """What SIOCOUTQ reports: bytes in the kernel that the other side has not acknowledged."""
        self._count_acks()
        return self.unacknowledged

    def send(self, data: bytes) -> None:
        self.unacknowledged += len(data)
        most = self._conditions.slice_bytes
        if not most:
            self._enqueue(DATA, data)
            return
        at = 0
        while at < len(data):
            size = self._net.random.randint(1, most)
            self._enqueue(DATA, data[at : at + size])
            at += size
            self._last_at += SLICE_APART_S

    def finish(self, kind: int = FIN) -> None:
        """Send the end of the stream after all bytes (or, before all of them, its opening)."""
        self._enqueue(kind, b"")

    def _enqueue(self, kind: int, data: bytes) -> None:
        now, conditions = self._now, self._conditions
        at = now
        rate = conditions.rate(self.up)
        if rate != ENDLESS:
            at = self._free_at = max(now, self._free_at) + len(data) / rate
        at += conditions.latency_ms / 1000
        if conditions.jitter_ms:
            at += self._net.random.random() * conditions.jitter_ms / 1000
        self._last_at = at = max(at, self._last_at)
        self._segments.append((at, kind, data))
        if self._timer is None and self._lost_at is None:
            self._timer = self._net.loop.call_at(max(now, self._segments[0][0]), self._arrive)

    def notify_of_room(self) -> None:
        """The sender waits for room: notify it when the next acknowledgement arrives."""
        if self._ack_timer is None and self._acks:
            self._ack_timer = self._net.loop.call_at(self._acks[0][0], self._acknowledged)

    def _count_acks(self) -> None:
        now = self._now
        while self._acks and self._acks[0][0] <= now:
            self.unacknowledged -= self._acks.popleft()[1]

    def _acknowledged(self) -> None:
        self._ack_timer = None
        self.sender.room_made()

    # -- arriving ------------------------------------------------------------------------------------

    def _arrive(self) -> None:
        self._timer = None
        if self._connection.blocked(self.up):
            self._lose()
            return
        self._lost_at = None
        self._stop_giving_up()
        now, segments = self._now, self._segments
        while (
            segments and segments[0][0] <= now and self.receiver.inbox_bytes < self._conditions.buffer_bytes
        ):
            _, kind, data = segments.popleft()
            if kind == DATA:
                if segments and segments[0][0] <= now and segments[0][1] == DATA:
                    data = self._join(data, now)
                self._acknowledge(len(data))
                if self.receiver.gone:
                    self.refuse()
                else:
                    self.receiver.receive(data)
            elif kind == FIN:
                self.receiver.receive_end()
            else:
                self._connection.accept()
        if self._timer is None and segments and segments[0][0] > now:
            self._timer = self._net.loop.call_at(segments[0][0], self._arrive)

    def _join(self, data: bytes, now: float) -> bytes:
        """Join all bytes that are there, as one read returns them."""
        pieces = [data]
        while self._segments and self._segments[0][0] <= now and self._segments[0][1] == DATA:
            pieces.append(self._segments.popleft()[2])
        return b"".join(pieces)

    def _acknowledge(self, size: int) -> None:
        if self._connection.blocked(not self.up):
            if self._unheard_at is None:
                self._unheard_at = self._now
                self._start_giving_up()
            self._acks.append((ENDLESS, size))
            return
        self._acks.append((self._now + self._conditions.latency_ms / 1000, size))
        if self.sender.waits_for_room:
            self.notify_of_room()

    def refuse(self) -> None:
        """Bytes arrive at an end that is gone, or that goes without reading them: the sender gets a reset."""
        if not self._connection.blocked(not self.up):
            self._net.loop.call_later(self._conditions.latency_ms / 1000, self.sender.receive_reset)

    def read_again(self) -> None:
        """The receiver has room again."""
        if self._timer is None and self._lost_at is None and self._segments:
            self._timer = self._net.loop.call_at(max(self._now, self._segments[0][0]), self._arrive)

    # -- holes ---------------------------------------------------------------------------------------

    def _lose(self) -> None:
        if self._lost_at is None:
            self._lost_at = self._now
            self._net.felt["lost"] += 1
            self._net.note("lost", self._connection.number, self.receiver.side)
        self._start_giving_up()

    def healed(self) -> None:
        """The way may be open again, for bytes or for acknowledgements."""
        now, conditions = self._now, self._conditions
        if self._lost_at is not None and self._timer is None and not self._connection.blocked(self.up):
            at = resent_at(self._lost_at, now) + conditions.latency_ms / 1000
            self._timer = self._net.loop.call_at(at, self._arrive)
            self._reschedule(at, conditions.rate(self.up))
        if self._unheard_at is not None and not self._connection.blocked(not self.up):
            at = resent_at(self._unheard_at, now) + 2 * conditions.latency_ms / 1000
            self._acks = deque((min(due, at), size) for due, size in self._acks)
            self._unheard_at = None
            self._stop_giving_up()
            if self.sender.waits_for_room:
                self.notify_of_room()

    def _reschedule(self, at: float, rate: float) -> None:
        """Send everything that waits again, from `at` on."""
        waiting, self._segments = self._segments, deque()
        for due, kind, data in waiting:
            at += len(data) / rate
            self._segments.append((max(due, at), kind, data))
        self._last_at, self._free_at = max(self._last_at, at), max(self._free_at, at)

    def _start_giving_up(self) -> None:
        if self._give_up is None and not self.sender.gone:
            self._give_up = self._net.loop.call_later(self.sender.socket.give_up_s, self._time_out)

    def _stop_giving_up(self) -> None:
        if self._give_up is not None and self._unheard_at is None and self._lost_at is None:
            self._give_up.cancel()
            self._give_up = None

    def _time_out(self) -> None:
        self._give_up = None
        if self._lost_at is not None or self._unheard_at is not None:
            self._net.felt["timed_out"] += 1
            self.sender.lose(os_error(errno.ETIMEDOUT, TimeoutError))

    def drop(self) -> None:
        """Let nothing more arrive."""
        for timer in (self._timer, self._ack_timer, self._give_up):
            if timer is not None:
                timer.cancel()
        self._timer = self._ack_timer = self._give_up = None
        self._lost_at = self._unheard_at = None
        self._segments.clear()
        self._acks.clear()  # what was on its way stays unacknowledged
