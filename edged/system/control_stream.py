"""The client's side of the control socket for a program with a loop: events as they come, and commands in between.

1. Connecting is that of control_client.py, with its checks and its remedies.
2. A command returns at once. Its answer comes through `messages` like everything else, in the order of the daemon.
3. A daemon that sends a line of more than `MOST_LINE` bytes, or nothing of JSON, counts as gone.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from edged.errors import CommandError
from edged.system.control_client import ConnectionClosedError, ControlClient

MOST_LINE = 2**20  # a snapshot has a few thousand


class ControlStream:
    """One connection; use it on the loop. `snapshot` is the state at the time of connecting."""

    def __init__(self, path: str, snapshot: dict[str, Any], rest: bytes) -> None:
        """`connect` makes it."""
        self.path, self.snapshot, self.release = path, snapshot, ""
        self._rest, self._number = rest, 0
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    @classmethod
    async def connect(cls, *paths: str | Path) -> "ControlStream":
        """Connect to the first of the paths that accepts a connection. Raises CommandError with a remedy."""

        def connected() -> tuple[ControlClient, Any, bytes]:
            with ControlClient(*paths) as client:
                return client, *client.hand_over()

        client, taken, rest = await asyncio.to_thread(connected)
        stream = cls(str(client.path), client.snapshot, rest)
        stream.release = client.release
        stream._reader, stream._writer = await asyncio.open_unix_connection(sock=taken, limit=MOST_LINE)
        return stream

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Yield each message. Raises CommandError when the connection ends."""
        while True:
            line = await self._line()
            try:
                message = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise CommandError(f"edged at {self.path} sends something else than JSON") from error
            if not isinstance(message, dict):
                raise CommandError(f"edged at {self.path} sends something else than objects")
            if message.get("type") == "error":
                raise CommandError(str(message.get("error")))
            yield message

    def command(self, name: str, **more: object) -> int:
        """Send a command; returns its id. A connection that is gone shows that in `messages`."""
        self._number += 1
        self._writer.write(json.dumps({"id": self._number, "command": name, **more}).encode() + b"\n")
        return self._number

    async def close(self, within_s: float = 0.5) -> None:
        """Send what waits, and close."""
        try:
            async with asyncio.timeout(within_s):
                await self._writer.drain()
        except (OSError, TimeoutError):
            pass
        self._writer.close()

    async def _line(self) -> bytes:
        while b"\n" not in self._rest:
            if len(self._rest) > MOST_LINE:
                raise CommandError(f"edged at {self.path} sends a line that is too long")
            try:
                piece = await self._reader.read(65_536)
            except OSError as error:
                raise ConnectionClosedError(self.path) from error
            if not piece:
                raise ConnectionClosedError(self.path)
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line
