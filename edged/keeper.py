"""Keeps one device open: opens it, waits until it is lost, and opens it again. Knows no particular device.

Rules:
1. All device calls go through `offload`, each in a thread of its own. So a call that hangs blocks neither the loop nor
   any other call. retry.keep decides when to try again.
2. A device that is wanted and not open after `SLOW_S` counts as missing until it is open (device_slow). So nobody
   speaks to a device that cannot hear yet.
3. A call that does not return in its time hangs (device_hung). While an opening may still succeed, the keeper goes on
   waiting for it. After that, or as soon as another device could be tried instead, the call is *left*: whatever it
   still does counts for nothing, and its device is closed when it returns. Meanwhile a fresh `Life` is tried.
4. At most `MOST_LEFT` calls are left, because each one holds a thread. After that, nothing is tried until one returns.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from edged.causes import CAUSES
from edged.errors import DeviceError, EdgedError
from edged.retry import Proof, Wake, keep

log = logging.getLogger(__name__)

Lost = Callable[[DeviceError], None]


SLOW_S = 2.0  # most devices open within half a second
OPEN_WITHIN_S = 10.0  # a sound server on a busy Pi takes seconds
OPEN_LEFT_S = 30.0  # a USB device that answers none of six requests takes so long
SHUT_WITHIN_S = 5.0
GOODBYE_S = 0.7  # the whole daemon has to be gone within a second
WORKED_S = 600.0  # some devices hang again and again, after minutes
MOST_LEFT = 2
FOR_EVER_S = 1e9


@dataclass(frozen=True, slots=True)
class Life:
    """How a device is opened and closed. All but `start` and `stop` are called on the loop and return at once."""

    start: Callable[[Lost], None]
    """Open the device; may block."""
    stop: Callable[[], None]
    """Close the device; may block."""
    device: Callable[[], str] = lambda: ""
    """The device that `start` is waiting for, or that is open; empty if there is only one."""
    others: Callable[[], bool] = lambda: False
    """Whether another try could open another device in place of that one."""
    leave: Callable[[], None] = lambda: None
    """A call of this life is left: nothing that it still does may have an effect."""
    returned: Callable[[], None] = lambda: None
    """The call that was left has returned, and the device is closed."""
    worked: Callable[[], None] = lambda: None
    """The device has been open for `WORKED_S`, or for that long once more."""
    failed: Callable[[DeviceError], None] = lambda _: None
    """The device was lost after it had opened, and is closed."""


class Keeper:
    """Keeps the device of `life` open."""

    def __init__(
        self,
        name: str,
        life: Life,
        *,
        offload: Callable[..., Awaitable[None]],
        changed: Callable[[str, bool, str | None], None],
        rng: Random,
        afresh: Callable[[], Life | None] = lambda: None,
    ) -> None:
        """`changed(name, is_up, cause)` is called on the loop at every change.

        `afresh()` makes a life for another try after a call of the last one was left, and again after it has returned.
        None: another try has to wait for that.
        """
        self.up = False
        self.cause: str | None = None  # why the device is missing; None: it is open, or was not needed so far
        self.text = ""  # the same reason in words
        self.retry_now = Wake()
        self._name = name
        self._life: Life | None = life
        self._afresh = afresh
        self._offload = offload
        self._changed = changed
        self._rng = rng
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._unwanted = asyncio.Event()
        self._left: set[asyncio.Task[None]] = set()

    def want(self, wanted: bool) -> None:  # noqa: FBT001 a switch
        """Open the device, or close it until it is wanted again."""
        (self._wanted if wanted else self._unwanted).set()
        (self._unwanted if wanted else self._wanted).clear()

    def replace(self, life: Life) -> None:
        """Close the device if it is open, and continue with another device in its place."""
        self._life = life
        self._unwanted.set()
        self.retry_now()

    async def run(self) -> None:
        """Run until cancelled; closes the device on the way out."""
        try:
            await keep(self._attempt, rng=self._rng, wake=self.retry_now, failed=self._failed)
        finally:
            for each in self._left:
                each.cancel()

    async def _attempt(self, proof: Proof) -> None:
        while True:
            while not self._wanted.is_set():  # it may have changed again since the wait ended
                await self._wanted.wait()
            self._unwanted.clear()
            await self._once(proof)

    async def _once(self, proof: Proof) -> None:
        loop = asyncio.get_running_loop()
        life = self._life  # a `replace` must not mix the two devices
        if life is None or len(self._left) >= MOST_LEFT:
            raise DeviceError(self.text, "device_hung")
        lost: asyncio.Future[DeviceError] = loop.create_future()

        def open_or_shut() -> None:
            try:
                life.start(on_lost)
            except DeviceError:  # a missing device is tried for days: use one thread per try, not two
                life.stop()
                raise

        def on_lost(error: DeviceError) -> None:
            with suppress(RuntimeError):  # the loop is closed, but the device's thread still runs
                loop.call_soon_threadsafe(lambda: None if lost.done() else lost.set_result(error))

        opening, why = self._begin(open_or_shut), None
        try:
            await self._opened(opening, life)
            proof()
            self._came_up()
            if self._life is life:  # it may have been replaced while it was being opened
                why = await self._end(life, lost)
        except asyncio.CancelledError:
            shut = asyncio.ensure_future(self._shut_after(opening, life))
            await asyncio.wait({shut}, timeout=GOODBYE_S)
            raise
        finally:
            self.up = False
        await self._shut(life, why)
        if why is not None:
            life.failed(why)
            raise why

    async def _opened(self, opening: "asyncio.Future[None]", life: Life) -> None:
        """Wait until the device is open. Raises what the opening raises, or DeviceError (device_hung): it was left."""
        await asyncio.wait({opening}, timeout=SLOW_S)
        if not opening.done():
            if self.cause is None:
                self._missing(DeviceError(f"{self._named(life)} takes long to open", "device_slow"))
            await self._wait(opening, life, OPEN_WITHIN_S - SLOW_S)
        if not opening.done() and self._life is life:
            self._missing(self._hung(life, "opening", OPEN_WITHIN_S))
            if not life.others():
                await self._wait(opening, life, OPEN_LEFT_S - OPEN_WITHIN_S, until_news=True)
        if not opening.done():
            error = self._hung(life, "opening", OPEN_WITHIN_S)
            self._leave(life, self._shut_after(opening, life))
            raise error
        opening.result()

    async def _end(self, life: Life, lost: "asyncio.Future[DeviceError]") -> DeviceError | None:
        """Wait until the device is lost, and return why; or until it is not wanted, or replaced."""
        unwanted = asyncio.ensure_future(self._unwanted.wait())
        try:
            while not (lost.done() or unwanted.done()):
                done, _ = await asyncio.wait(
                    (lost, unwanted), timeout=WORKED_S, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    life.worked()
        finally:
            unwanted.cancel()
        self.up = False
        if not lost.done():
            return None
        if lost.result().cause == "device_hung":
            self._missing(lost.result())  # closing it may take long, too
        return lost.result()

    async def _shut(self, life: Life, why: DeviceError | None) -> None:
        """Close the device, which was lost because of `why`. Raises DeviceError (device_hung) if the call is left."""
        closing = self._begin(life.stop)
        await asyncio.wait({closing}, timeout=SLOW_S)
        if not closing.done():
            if why is not None:
                self._missing(why)
            elif self._wanted.is_set():
                self._missing(DeviceError(f"{self._named(life)} takes long to close", "device_slow"))
            await self._wait(closing, life, SHUT_WITHIN_S - SLOW_S)
        if not closing.done():
            error = self._hung(life, "closing", SHUT_WITHIN_S)
            self._missing(error)
            self._leave(life, closing)
            raise error
        closing.result()

    async def _shut_after(self, opening: "asyncio.Future[None]", life: Life) -> None:
        """Wait for an opening, however long it takes, and close the device."""
        try:
            await opening
        except DeviceError:
            return  # it is closed
        await self._begin(life.stop)

    async def _wait(
        self, call: "asyncio.Future[None]", life: Life, seconds: float, *, until_news: bool = False
    ) -> None:
        """Wait for the return of a call, until the device is replaced, or at most `seconds`."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        while not call.done() and self._life is life and loop.time() < ends_at:
            self.retry_now.forget()
            news = asyncio.ensure_future(self.retry_now.wait(ends_at - loop.time()))
            try:
                await asyncio.wait({call, news}, return_when=asyncio.FIRST_COMPLETED)
                if news.done() and until_news:
                    return
            finally:
                news.cancel()

    def _begin(self, call: Callable[[], None]) -> "asyncio.Future[None]":
        return asyncio.ensure_future(self._offload(call, deadline_s=FOR_EVER_S))

    def _leave(self, life: Life, rest: Awaitable[None]) -> None:
        """Leave a call that does not return. `rest`: the call, and what has to follow it."""
        life.leave()

        async def returned() -> None:
            with suppress(DeviceError):
                await rest
            life.returned()
            self._left.discard(left)
            if self._life is None:
                self._life = self._afresh()
            self.retry_now()

        left = asyncio.ensure_future(returned())
        self._left.add(left)
        if self._life is life:
            self._life = self._afresh()

    # -- what the rest of the kiosk learns -----------------------------------------------------------

    def _named(self, life: Life) -> str:
        device = life.device()
        return f"{self._name} {device!r}" if device else f"the {self._name}"

    def _hung(self, life: Life, doing: str, after_s: float) -> DeviceError:
        text = f"{self._named(life)} does not answer: {doing} it has not returned after {after_s:g} s"
        return DeviceError(text, "device_hung")

    def _came_up(self) -> None:
        self.up = True
        if self.cause is not None:
            log.info("%s: back", self._name, extra={"edged": {"event": "device_back", "device": self._name}})
        self.cause = None
        self._changed(self._name, True, None)

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        if error.cause == "device_hung":
            self._missing(error)  # the next try may be for another device
        else:
            self._missing(error, f"; next try in {wait_s:.1f} s", wait_s=f"{wait_s:.1f}")

    def _missing(self, error: EdgedError, more: str = "", **fields: str) -> None:
        """The device is missing because of `error`: tell everybody, unless they know."""
        self.text = str(error)
        if error.cause == self.cause:
            return
        self.cause = error.cause
        remedy = CAUSES[error.cause].remedy
        fields |= {"cause": error.cause, "device": self._name}
        log.warning("%s: lost: %s%s. %s", self._name, error, more, remedy, extra={"edged": fields})
        self._changed(self._name, False, error.cause)
