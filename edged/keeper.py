"""Keeps one device open: opens it, waits until it is lost, and opens it again. Knows no particular device.

All device calls go through `offload`, so that a call that hangs cannot block the loop. retry.keep decides when to try
again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

from edged.causes import CAUSES
from edged.errors import DeviceError, EdgedError
from edged.retry import Proof, Wake, keep

log = logging.getLogger(__name__)

Lost = Callable[[DeviceError], None]


OPEN_WITHIN_S = 10.0  # a sound server on a busy Pi takes seconds
SHUT_WITHIN_S = 0.7  # the whole daemon has to be gone within a second


class Keeper:
    """`start(lost)` opens the device and `stop()` closes it. Both may block, and both go through `offload`."""

    def __init__(
        self,
        name: str,
        start: Callable[[Lost], None],
        stop: Callable[[], None],
        *,
        offload: Callable[..., Awaitable[None]],
        changed: Callable[[str, bool, str | None], None],
        rng: Random,
    ) -> None:
        """`changed(name, is_up, cause)` is called on the loop at every change."""
        self.up = False
        self.cause: str | None = None  # why the device is missing; None: it is open, or was not needed so far
        self.text = ""  # the same reason in words
        self.retry_now = Wake()
        self._name = name
        self._start, self._stop = start, stop
        self._offload = offload
        self._changed = changed
        self._rng = rng
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._unwanted = asyncio.Event()

    def want(self, wanted: bool) -> None:  # noqa: FBT001 a switch
        """Open the device, or close it until it is wanted again."""
        (self._wanted if wanted else self._unwanted).set()
        (self._unwanted if wanted else self._wanted).clear()

    def replace(self, start: Callable[[Lost], None], stop: Callable[[], None]) -> None:
        """Close the device if it is open, and continue with another device in its place."""
        self._start, self._stop = start, stop
        self._unwanted.set()
        self.retry_now()

    async def run(self) -> None:
        """Run until cancelled; closes the device on the way out."""
        await keep(self._attempt, rng=self._rng, wake=self.retry_now, failed=self._failed)

    async def _attempt(self, proof: Proof) -> None:
        while True:
            while not self._wanted.is_set():  # it may have changed again since the wait ended
                await self._wanted.wait()
            self._unwanted.clear()
            await self._once(proof)

    async def _once(self, proof: Proof) -> None:
        loop = asyncio.get_running_loop()
        start, stop = self._start, self._stop  # a `replace` must not mix the two devices
        lost: asyncio.Future[DeviceError] = loop.create_future()
        is_shut = False

        def open_or_shut() -> None:
            nonlocal is_shut
            try:
                start(on_lost)
            except DeviceError:  # a missing device is tried for days: use one thread per try, not two
                stop()
                is_shut = True
                raise

        def on_lost(error: DeviceError) -> None:
            with suppress(RuntimeError):  # the loop is closed, but the device's thread still runs
                loop.call_soon_threadsafe(lambda: None if lost.done() else lost.set_result(error))

        try:
            await self._offload(open_or_shut, deadline_s=OPEN_WITHIN_S)
            proof()
            self._came_up()
            if self._start is not start:
                return  # it was replaced while it was being opened
            unwanted = asyncio.ensure_future(self._unwanted.wait())
            try:
                await asyncio.wait((lost, unwanted), return_when=asyncio.FIRST_COMPLETED)
            finally:
                unwanted.cancel()
            if lost.done():
                raise lost.result()
        finally:
            self.up = False
            if not is_shut:
                await asyncio.shield(asyncio.ensure_future(self._offload(stop, deadline_s=SHUT_WITHIN_S)))

    def _came_up(self) -> None:
        self.up = True
        if self.cause is not None:
            log.info("%s: back", self._name, extra={"edged": {"event": "device_back", "device": self._name}})
        self.cause = None
        self._changed(self._name, True, None)

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        if error.cause == "device_hung":
            raise error  # this process cannot repeat a call that does not return
        if error.cause != self.cause:
            remedy = CAUSES[error.cause].remedy
            log.warning(
                "%s: lost: %s; next try in %.1f s. %s",
                self._name,
                error,
                wait_s,
                remedy,
                extra={"edged": {"cause": error.cause, "device": self._name, "wait_s": f"{wait_s:.1f}"}},
            )
            self.cause, self.text = error.cause, str(error)
            self._changed(self._name, False, error.cause)
