"""One end of a simulated connection, as asyncio's own socket transport behaves.

Its buffer has real limits: above the high one, the protocol is paused until the kernel (pipe.py) has taken enough.
"""

import asyncio
import errno
from collections import deque
from typing import TYPE_CHECKING, Any

from instruments.lab.pipe import Pipe
from instruments.lab.sock import SimSocket, os_error

if TYPE_CHECKING:
    from instruments.lab.connection import Connection


class SimTransport(asyncio.Transport):
    """One end. `side` is "client" or "server"."""

    def __init__(self, connection: "Connection", side: str, pipe: Pipe, back: Pipe, sock: SimSocket) -> None:
        super().__init__()
        self.side = side
        self.socket = sock
        self.gone = False  # reads no more: connection_lost was called, or will be at once
        self.inbox_bytes = 0
        self._connection = connection
        self._out, self._in = pipe, back
        self._net = connection.net
        self._protocol: Any = None
        self._inbox: deque[bytes | None] = deque()  # None: the end of the stream
        self._reading = True
        self._buffer: deque[bytes] = deque()
        self._buffered = 0
        self._high, self._low = 64 * 1024, 16 * 1024
        self._paused = False
        self._closing = False
        self._ended = False  # write_eof was called
        self._finished = False  # the other end is being notified of the end
        self._lost = False  # connection_lost was called

    # -- asyncio's side ------------------------------------------------------------------------------

    def get_extra_info(self, name, default=None):
        match name:
            case "socket":
                return self.socket
            case "sockname":
                return self.socket.getsockname()
            case "peername":
                return self.socket.getpeername()
            case "unacknowledged":
                return lambda: None if self._lost else self._out.outstanding()  # as Linux reports
        return default

    def set_protocol(self, protocol):
        self._protocol = protocol

    def get_protocol(self):
        return self._protocol

    def is_closing(self):
        return self._closing

    def is_reading(self):
        return self._reading and not self._closing

    def pause_reading(self):
        self._reading = False

    def resume_reading(self):
        if not self._reading and not self._closing:
            self._reading = True
            self._net.loop.call_soon(self._read_inbox)

    def set_write_buffer_limits(self, high=None, low=None):
        self._high = high if high is not None else (4 * low if low is not None else 64 * 1024)
        self._low = low if low is not None else self._high // 4
        self._pause_if_full()

    def get_write_buffer_limits(self):
        return self._low, self._high

    def get_write_buffer_size(self):
        return self._buffered

    def can_write_eof(self):
        return True

    def write(self, data):
        if self._ended:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self.gone or not data:
            return
        data = bytes(data)
        if not self._buffer:
            room = self._out.room()
            if room >= len(data):
                self._out.send(data)
                return
            if room:
                self._out.send(data[:room])
                data = data[room:]
        self._buffer.append(data)
        self._buffered += len(data)
        self._out.notify_of_room()
        self._pause_if_full()

    def write_eof(self):
        if self._closing or self._ended:
            return
        self._ended = True
        if not self._buffer:
            self._finish()

    def close(self):
        if self._closing:
            return
        self._closing = True
        if not self._buffer:
            self._leave(None)

    def abort(self):
        self.lose(None)

    # -- the kernel's side ---------------------------------------------------------------------------

    def start(self, protocol: Any) -> None:
        self._protocol = protocol
        protocol.connection_made(self)

    @property
    def waits_for_room(self) -> bool:
        return bool(self._buffer)

    def room_made(self) -> None:
        """Acknowledgements arrived: move on what was buffered."""
        if self.gone:
            return
        while self._buffer and (room := self._out.room()):
            data = self._buffer.popleft()
            if len(data) > room:
                self._buffer.appendleft(data[room:])
                data = data[:room]
            self._buffered -= len(data)
            self._out.send(data)
        if self._buffer:
            self._out.notify_of_room()
        if self._paused and self._buffered <= self._low:
            self._paused = False
            self._protocol.resume_writing()
        if not self._buffer:
            if self._closing:
                self._leave(None)
            elif self._ended:
                self._finish()

    def receive(self, data: bytes) -> None:
        """Bytes reached this end."""
        if self._closing:
            return
        self._net.note("data", self._connection.number, self.side, data)
        if self._reading and not self._inbox:
            self._give(data)
        else:
            self._inbox.append(data)
            self.inbox_bytes += len(data)

    def receive_end(self) -> None:
        if self._closing or self.gone:
            return
        self._net.note("end", self._connection.number, self.side)
        self._inbox.append(None)
        if self._reading:
            self._read_inbox()

    def receive_reset(self) -> None:
        if not self.gone:
            self.lose(os_error(errno.ECONNRESET, ConnectionResetError))

    def lose(self, error: OSError | None) -> None:
        """The connection is over for this end; what it had not yet handed to the kernel is dropped."""
        if self.gone:
            return
        self._closing = True
        self._buffer.clear()
        self._buffered = 0
        self._leave(error)

    def _read_inbox(self) -> None:
        while self._inbox and self._reading and not self._closing:
            data = self._inbox.popleft()
            if data is None:
                if not self._protocol.eof_received():
                    self.close()
            else:
                self.inbox_bytes -= len(data)
                self._give(data)
        self._in.read_again()

    def _give(self, data: bytes) -> None:
        try:
            self._protocol.data_received(data)
        except Exception as error:  # noqa: BLE001 as asyncio's own transports do: reported, and the connection ends
            context = {"message": "data_received failed", "exception": error, "transport": self}
            self._net.loop.call_exception_handler(context)
            self.lose(None)

    def _pause_if_full(self) -> None:
        if not self._paused and self._buffered > self._high:
            self._paused = True
            self._protocol.pause_writing()

    def _leave(self, error: OSError | None) -> None:
        self.gone = True
        if self.inbox_bytes:
            self._in.refuse()
            self.inbox_bytes = 0
        self._inbox.clear()
        self._in.read_again()
        if error is None:
            self._finish()
        self._net.loop.call_soon(self._tell_lost, error)

    def _finish(self) -> None:
        if not self._finished:
            self._finished = True
            self._out.finish()

    def _tell_lost(self, error: OSError | None) -> None:
        if self._lost:
            return
        self._lost = True
        self._net.note("lost_connection", self._connection.number, self.side, repr(error).encode())
        if self._protocol is not None:
            self._protocol.connection_lost(error)
        self._connection.left(self)
