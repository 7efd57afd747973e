"""Connections that are being closed: nobody waits for them, except where the next one must not be opened before."""

import asyncio

from edged.dial.ports import Transport


class Goodbyes:
    """Use it on the loop."""

    def __init__(self) -> None:
        self._closing: set[asyncio.Future[None]] = set()

    def say(self, transport: Transport) -> None:
        """Close the connection; returns at once."""
        self.add(asyncio.ensure_future(transport.close()))

    def add(self, goodbye: asyncio.Future[None]) -> None:
        """This closes a connection, too."""
        self._closing.add(goodbye)
        goodbye.add_done_callback(self._closing.discard)

    async def wait(self) -> None:
        """Wait until all are closed; cancelling this wait does not disturb them."""
        if self._closing:
            await asyncio.wait(self._closing)
