"""Servers that listen in the simulated network."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from instruments.lab.connection import Connection
from instruments.lab.sock import SimSocket

if TYPE_CHECKING:
    from instruments.lab.net import SimNet


class SimServer(asyncio.AbstractServer):
    def __init__(self, net: "SimNet", factory: Callable[[], Any], names: list[tuple[str, int]]) -> None:
        self.factory = factory
        self.sockets: tuple[SimSocket, ...] = tuple(SimSocket(name) for name in names)
        self._net = net
        self._names = names
        self._connections: dict[int, Connection] = {}
        self._idle = asyncio.Event()
        self._closed = False

    def get_loop(self):
        return self._net.loop

    def is_serving(self):
        return not self._closed and all(self._net.listener(*name) is self for name in self._names)

    async def start_serving(self):
        self.listen()

    async def serve_forever(self):
        try:
            await self.wait_closed()
        finally:
            self.close()

    def listen(self) -> None:
        for name in self._names:
            self._net.listen(*name, self)

    def close(self):
        if not self._closed:
            self._closed = True
            self.sockets = ()
            for name in self._names:
                self._net.unlisten(*name, self)
            self._wake()

    async def wait_closed(self):
        """As in Python 3.12: wait until the server is closed and the last connection has gone."""
        await self._idle.wait()

    def close_clients(self):
        for connection in list(self._connections.values()):
            connection.server.close()

    def abort_clients(self):
        for connection in list(self._connections.values()):
            connection.server.abort()

    def attach(self, connection: Connection) -> None:
        self._connections[connection.number] = connection

    def detach(self, connection: Connection) -> None:
        self._connections.pop(connection.number, None)
        self._wake()

    def _wake(self) -> None:
        if self._closed and not self._connections:
            self._idle.set()
