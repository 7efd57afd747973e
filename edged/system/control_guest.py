"""One client of the control socket: reads one line after the other, and writes lines. asyncio drives it without tasks.

Rules:
1. At most one line is read ahead. The next line is looked at in another round of the loop, after the previous one has
   its answer. A longer line ends the connection with an error message.
2. Output is encoded two rounds of the loop later, and is written in one piece. So the sound of a press is sent before
   the news of the press.
3. A client that leaves `MOST_OUTBOX` unread is disconnected. A client that edged disconnects with a reason has
   `GOODBYE_S` to receive it. It can still read what the kernel has taken by then.
4. A client leaves no garbage for the collector, except what asyncio leaves.
"""

import asyncio
import socket
import struct
from typing import NamedTuple, Protocol, cast

from edged.system.control_lines import MOST_LINE, ControlLine

MOST_OUTBOX = 64 * 1024
GOODBYE_S = 0.1
_CREDENTIALS = struct.Struct("3i")


class Peer(NamedTuple):
    """The process at the other end."""

    pid: int
    uid: int
    gid: int


def peer_of(connection: socket.socket) -> Peer:
    """Return the peer, as the kernel reports it."""
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(packed))


class Host(Protocol):
    """The server of the guest; called on the loop."""

    def came(self, guest: "ControlGuest") -> None:
        """The guest is connected."""
        ...

    def asked(self, guest: "ControlGuest", line: bytes) -> None:
        """A line has arrived. The next one follows after `guest.answered`."""
        ...

    def gone(self, guest: "ControlGuest") -> None:
        """The guest's connection is closed."""
        ...

    def lost(self) -> None:
        """A client did not keep up with its output."""
        ...


class ControlGuest(asyncio.BufferedProtocol):
    peer: Peer

    def __init__(self, host: Host) -> None:
        self.holds = False  # it has pressed and not released
        self.wants: set[str] = set()  # the streams that it has asked for: levels, wire
        self.busy = False  # one of its lines is being answered
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._room = bytearray(MOST_LINE)
        self._filled = 0
        self._at_end = self._leaving = False
        self._outbox: list[ControlLine] = []

    # -- asyncio's side ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.peer = peer_of(transport.get_extra_info("socket"))
        self._host.came(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 asyncio's
        return memoryview(self._room)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        if not self._leaving:  # the client may not have noticed yet; its further lines are ignored
            self._filled += nbytes
            self._look()

    def eof_received(self) -> bool:
        """Lines that came before the end are still answered."""
        self._at_end = True
        self._look()
        return not self._leaving

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio's
        self._leaving = True
        self._host.gone(self)

    # -- the server's side ---------------------------------------------------------------------------

    def send(self, line: ControlLine) -> None:
        if not self._outbox:
            # The link's writer has already been woken, and runs in the first of the two rounds.
            self._loop.call_soon(self._loop.call_soon, self._flush)
        self._outbox.append(line)

    def answered(self) -> None:
        """The current line has its answer; look at the next one."""
        self.busy = False
        self._loop.call_soon(self._look)

    def leave(self, why: str = "", *, is_talking: bool = False) -> None:
        """Disconnect within GOODBYE_S. `is_talking`: the client still sends, so close only our side.

        Otherwise the client would see an error instead of the reason.
        """
        if self._leaving:
            return
        if why:
            self._outbox.append(ControlLine({"type": "error", "error": why}))
        self._flush()
        self._leaving = True
        self._loop.call_later(GOODBYE_S, self._transport.abort)
        if is_talking:
            self._filled = 0
            self._transport.write_eof()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Close the connection at once."""
        self._leaving = True
        self._transport.abort()

    def _look(self) -> None:
        if not self.busy and not self._leaving:
            self._take()
        self._read_on()

    def _take(self) -> None:
        """Take the next line, if it is complete."""
        end = self._room.find(b"\n", 0, self._filled) + 1
        if end:
            self.busy = True
            line = bytes(self._room[:end])
            self._room[: self._filled - end] = self._room[end : self._filled]
            self._filled -= end
            self._host.asked(self, line)
        elif self._filled == len(self._room):
            self.leave(f"a line is at most {MOST_LINE} bytes", is_talking=True)
        elif self._at_end:
            self.leave()

    def _read_on(self) -> None:
        """Read on only while there is room for more."""
        if self._filled == len(self._room):
            self._transport.pause_reading()
        elif not self._at_end:
            self._transport.resume_reading()

    def _flush(self) -> None:
        outbox, self._outbox = self._outbox, []
        if self._leaving:
            return  # the last message has been sent
        said = b"".join([line.encoded for line in outbox])
        if self._transport.get_write_buffer_size() + len(said) > MOST_OUTBOX:
            self._host.lost()
            self.abort()
            return
        self._transport.write(said)
