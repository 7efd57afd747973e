"""Who holds the virtual button.

Rules:
1. One page at a time holds it, and only that page releases it. If its stream of events ends, the press ends.
2. Presses and releases reach the kiosk one after the other: a release never overtakes its press.
3. A press that the kiosk has refused, or that was not answered, is released all the same: it may have arrived.
4. A release reaches the kiosk, whatever becomes of the request that asked for it.
"""

import asyncio
import logging
from typing import Any

from edged.companion.ports import KioskGoneError, KnownKiosk
from edged.errors import CommandError, EdgedError

log = logging.getLogger(__name__)


class PressHolder:
    """The virtual button of one kiosk."""

    def __init__(self, kiosk: KnownKiosk) -> None:
        self._kiosk, self._turn = kiosk, asyncio.Lock()
        self._holder: object = None
        self._tasks: set[asyncio.Task[dict[str, Any]]] = set()

    @property
    def holder(self) -> object:
        """Who holds it; None: nobody."""
        return self._holder

    async def press(self, who: object) -> dict[str, Any]:
        """`who` presses. Raises CommandError if somebody else does already, or what `KnownKiosk.ask` raises."""
        if self._holder is not None:
            raise CommandError(
                "you hold the button already" if self._holder is who else "another page holds the button"
            )
        self._holder = who
        try:
            async with self._turn:
                if self._holder is not who:  # it has let go meanwhile
                    raise CommandError("the press was over before it began")
                return await self._kiosk.ask("press")
        except (EdgedError, asyncio.CancelledError):
            self.let_go(who)
            raise

    async def release(self, who: object) -> dict[str, Any]:
        """`who` releases. Raises CommandError if `who` does not hold the button."""
        if self._holder is not who:
            raise CommandError("this page does not hold the button")
        self._holder = None
        return await asyncio.shield(self._release())  # it is sent, also if nobody waits for it any more

    def let_go(self, who: object) -> None:
        """`who` has gone. Returns at once; a press of it is released."""
        if self._holder is who:
            self._holder = None
            self._release()

    async def close(self) -> None:
        """Release what is pressed, and wait for that."""
        if self._holder is not None:
            self.let_go(self._holder)
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def _release(self) -> "asyncio.Task[dict[str, Any]]":
        task = asyncio.ensure_future(self._released())
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def _released(self) -> dict[str, Any]:
        async with self._turn:
            return await self._kiosk.ask("release")

    def _done(self, task: "asyncio.Task[dict[str, Any]]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, CommandError | KioskGoneError):
            log.info("the release of the page has not reached the kiosk: %s", error)
