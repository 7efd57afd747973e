"""Clients of the control socket in virtual time, good ones and bad ones, each behind a transport of its own."""

import asyncio
import json
import socket

from edged.system.control_guest import ControlGuest

EVERY_S = 0.007_3  # never in step with the microphone
FLOOD = b"".join(
    json.dumps(line).encode() + b"\n"
    for line in (
        {"id": 1, "command": "status"},
        {"id": 2, "command": "dance"},
        {"id": 3, "command": "levels"},
        {"id": 4, "command": "wire"},
        {"id": 5, "command": "levels", "on": False},
    )
)


class ClientTransport(asyncio.Transport):
    """The daemon's side of a connection. With `reads=False`, nobody takes what the daemon writes."""

    def __init__(self, server, *, reads=True):
        super().__init__()
        self.got, self.waiting, self.is_open, self.reads = 0, 0, True, reads
        self._ends = socket.socketpair()  # the kernel says who the client is
        self._may_read = True
        self.guest = ControlGuest(server)
        self.guest.connection_made(self)

    def say(self, data):
        """The client sends; what the daemon does not take now is lost."""
        while data and self.is_open and self._may_read:
            room = self.guest.get_buffer(-1)
            piece = data[: len(room)]
            room[: len(piece)] = piece
            data = data[len(piece) :]
            self.guest.buffer_updated(len(piece))

    def get_extra_info(self, name, default=None):
        return self._ends[0] if name == "socket" else default

    def get_write_buffer_size(self):
        return self.waiting

    def write(self, data):
        self.got += len(data)
        if not self.reads:
            self.waiting += len(data)

    def write_eof(self):
        pass

    def pause_reading(self):
        self._may_read = False

    def resume_reading(self):
        self._may_read = True

    def close(self):
        self.abort()

    def abort(self):
        if self.is_open:
            self.is_open = False
            for end in self._ends:
                end.close()
            asyncio.get_running_loop().call_soon(self.guest.connection_lost, None)


async def floods(server):
    """Asks without end."""
    client = ClientTransport(server)
    while True:
        client.say(FLOOD)
        await asyncio.sleep(EVERY_S)


async def never_reads(server):
    """Asks, does not read what comes, is disconnected for that, and comes again."""
    while True:
        client = ClientTransport(server, reads=False)
        while client.is_open:
            client.say(FLOOD)
            await asyncio.sleep(EVERY_S)


async def hangs(server):
    """Has asked for the levels and the wire, stops within its next line, and neither reads nor writes again."""
    client = ClientTransport(server, reads=False)
    client.say(FLOOD[:-60])
    await asyncio.Event().wait()


async def is_killed(server):
    """Ends within a line, again and again."""
    while True:
        client = ClientTransport(server)
        client.say(b'{"id": 1, "command": "levels"}\n{"id": 2, "comm')
        await asyncio.sleep(EVERY_S)
        client.abort()
        await asyncio.sleep(EVERY_S)


async def listens(server):
    """Reads everything, with the levels and the wire."""
    client = ClientTransport(server)
    client.say(b'{"id": 1, "command": "levels"}\n')
    await asyncio.sleep(EVERY_S)
    client.say(b'{"id": 2, "command": "wire"}\n')
    await asyncio.Event().wait()


async def says_too_much(server):
    """Sends a line that is longer than a line may be."""
    while True:
        ClientTransport(server).say(b"x" * 10_000)
        await asyncio.sleep(EVERY_S)
