"""A daemon that runs elsewhere on this machine, through its control socket.

Rules:
1. Who may open the socket may see and press; nobody else gets this far (system/control.py).
2. A press belongs to the connection. If this program ends without a release, the daemon releases it.
3. A daemon that restarts is found again; meanwhile nothing is known of it.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from edged.errors import EXIT_OK, CommandError
from edged.system.control_stream import ControlStream
from edged.talk.ports import Hear

AGAIN_S = 1.0
MOST_ASKED = 64  # commands without an answer yet; a person gives one at a time


class AttachedKiosk:
    """The daemon at the first of these paths that answers."""

    def __init__(self, *paths: str) -> None:
        self._paths = paths
        self._stream: ControlStream | None = None
        self._stopping = asyncio.Event()
        self._asked: dict[int, str] = {}

    async def connect(self) -> None:
        """Connect for the first time. Raises CommandError with a remedy."""
        self._stream = await ControlStream.connect(*self._paths)

    @property
    def path(self) -> str:
        """The socket in use."""
        return self._stream.path if self._stream is not None else self._paths[0]

    async def run(self, hear: Hear) -> int:
        """See TalkPartner."""
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                following = asyncio.ensure_future(self._follow(hear))
                await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
                following.cancel()
                with suppress(asyncio.CancelledError, CommandError):
                    await following
                await self._leave()
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_S):
                        await self._stopping.wait()
        finally:
            stopping.cancel()
        return EXIT_OK

    def command(self, name: str) -> None:
        """See TalkPartner. While there is no daemon, nothing happens."""
        if self._stream is not None and len(self._asked) < MOST_ASKED:
            self._asked[self._stream.command(name)] = name

    def stop(self) -> None:
        """See TalkPartner."""
        self._stopping.set()

    async def _follow(self, hear: Hear) -> None:
        try:
            if self._stream is None:
                self._stream = await ControlStream.connect(*self._paths)
            stream = self._stream
            hear({**stream.snapshot, "event": "snapshot"})
            stream.command("levels")
            async for message in stream.messages():
                if message.get("type") == "event":
                    hear(message)
                elif message.get("type") == "answer":
                    self._answered(message, hear)
        except CommandError as error:
            hear({"event": "lost", "text": str(error)})

    def _answered(self, message: Mapping[str, Any], hear: Hear) -> None:
        name = self._asked.pop(message.get("id") or 0, "")
        if not name:
            return
        state = message.get("state") or {}
        outcome = state.get("outcome") or {"done": True}
        if not message.get("ok"):
            hear({"event": "refused", "cause": "", "text": message.get("error", ""), "remedy": ""})
        elif not outcome["done"] and name == "press":
            hear({**outcome, "event": "refused"})
        if "muted" in state:
            hear({**state, "event": "snapshot"})

    async def _leave(self) -> None:
        stream, self._stream = self._stream, None
        self._asked.clear()
        if stream is not None:
            await stream.close()
