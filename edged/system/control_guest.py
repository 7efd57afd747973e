"""One client of the control socket: lines in, one after the other, and lines out. Driven by asyncio, without tasks.

Rules:
1. What has come and not been read is a line at most: the next is looked at in another round of the loop, when the one
   before it has been answered. A line longer than that ends the connection with a word.
2. Lines are put into words two rounds of the loop later, and leave in one piece: the sound of a press goes before the
   news of it.
3. A client that leaves `MOST_OUTBOX` unread is dropped. Whoever is let go of has `GOODBYE_S` to be told why; what the
   kernel has taken by then can be read later all the same.
4. Nothing of it is left to the collector of garbage but what asyncio leaves.
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
    """Who is at the other end."""

    pid: int
    uid: int
    gid: int


def peer_of(connection: socket.socket) -> Peer:
    """As the kernel says."""
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(packed))


class Host(Protocol):
    """Whose guest it is; called on the loop."""

    def came(self, guest: "ControlGuest") -> None:
        """It is connected."""
        ...

    def asked(self, guest: "ControlGuest", line: bytes) -> None:
        """A line came; `guest.answered` has the next one come."""
        ...

    def gone(self, guest: "ControlGuest") -> None:
        """Its connection is no more."""
        ...

    def lost(self) -> None:
        """A client did not keep up."""
        ...


class ControlGuest(asyncio.BufferedProtocol):
    peer: Peer

    def __init__(self, host: Host) -> None:
        self.holds = False  # what it has pressed
        self.busy = False  # a line of it is being answered
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
        if not self._leaving:  # else it still has to see that, and nothing it says counts
            self._filled += nbytes
            self._look()

    def eof_received(self) -> bool:
        """What came before the end is answered yet."""
        self._at_end = True
        self._look()
        return not self._leaving

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio's
        self._leaving = True
        self._host.gone(self)

    # -- the server's side ---------------------------------------------------------------------------

    def send(self, line: ControlLine) -> None:
        if not self._outbox:
            # The link's writer has been woken by then, and runs in the first of the two rounds.
            self._loop.call_soon(self._loop.call_soon, self._flush)
        self._outbox.append(line)

    def answered(self) -> None:
        """The line that was asked has its answer."""
        self.busy = False
        self._loop.call_soon(self._look)

    def leave(self, why: str = "", *, is_talking: bool = False) -> None:
        """Say goodbye, within GOODBYE_S. To one that is still talking the end would be an error, and not the word."""
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
        """End it at once."""
        self._leaving = True
        self._transport.abort()

    def _look(self) -> None:
        if not self.busy and not self._leaving:
            self._take()
        self._read_on()

    def _take(self) -> None:
        """The next line, if it is there."""
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
        """Only while there is room for what comes."""
        if self._filled == len(self._room):
            self._transport.pause_reading()
        elif not self._at_end:
            self._transport.resume_reading()

    def _flush(self) -> None:
        outbox, self._outbox = self._outbox, []
        if self._leaving:
            return  # it has been told the last
        said = b"".join([line.encoded for line in outbox])
        if self._transport.get_write_buffer_size() + len(said) > MOST_OUTBOX:
            self._host.lost()
            self.abort()
            return
        self._transport.write(said)
