"""Keeps the memory of devices that hang or fail over restarts, and ends the process if only that can free a device.

Rules:
1. The memory (edged/hangs.py) is recalled before any device is opened, and saved at each change. It is a guess: if it
   cannot be read, all devices are tried.
2. A call that never returns holds its device as long as the process lives. So the process ends, as for a bug, and the
   next one avoids the device for a while. It ends only while the kiosk has no other device for that part, nobody is
   served, and the call has had `HELD_S` to return, and only as often as the memory allows.
3. It does not end while the kernel itself holds a thread, or has done so in the last `STUCK_LOOKS` looks. Then no end
   of the process frees the device, but only an unplug, or a restart of the machine.
4. If the memory cannot be saved, the process ends only after `UNSAVED_S`, so that such ends cannot become many.
5. When the time of a failed device is over, `on_due` is called: it may be better than the one in its place.
6. An end that somebody asked for is an action: the next process tries the devices at once.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

from edged.app.adapters import Ports
from edged.errors import DeviceError
from edged.hangs import Hangs

log = logging.getLogger(__name__)

NAME = "hung"
HELD_S = 5.0
LOOK_S = 1.0
STUCK_LOOKS = 4  # a thread that waits for a disk is in the kernel for moments only
STUCK = "the kernel holds the call: only unplugging the device, or a restart of the machine, frees it"
DISK_WITHIN_S = 3.0
UNSAVED_S = 150.0
GOODBYE_S = 0.3


class HungDevices:
    """`run` is a task of its own. Call everything on the loop, except `avoided` and `behind`, for any thread."""

    def __init__(
        self, ports: Ports, *, quiet: Callable[[], bool], lost: Callable[[], Mapping[str, str]]
    ) -> None:
        """`quiet()`: whether nobody is served. `lost()`: the missing parts and their causes."""
        self._ports, self._quiet, self._lost = ports, quiet, lost
        self._hangs = Hangs(ports.boot, ports.rng.random, ports.clock.monotonic_ms)
        self._began_ms = ports.clock.monotonic_ms()
        self._changed = asyncio.Event()
        self._in_kernel: dict[int, int] = {}  # threads, and in how many looks the kernel held them
        self._free_looks = 0  # since a call was left, or since the kernel has held a thread
        self._is_stuck = False
        self._is_saved = True
        self.avoided, self.behind = self._hangs.avoided, self._hangs.behind
        self.on_due: Callable[[], None] = lambda: None
        """Set by the owner."""

    async def recall(self) -> None:
        """Load what an earlier process has saved."""
        with suppress(DeviceError):  # the disk hangs
            facts = await self._ports.disk(self._ports.store.load, NAME, deadline_s=DISK_WITHIN_S)
            self._hangs.recall(facts)
            for what in self._hangs.parts:
                self._tell(what)

    def left(self, what: str, name: str) -> None:
        """A call to a device has not returned."""
        self._free_looks = 0
        self._hangs.left(what, name)
        self._tell(what)
        self._changed.set()

    def returned(self, what: str, name: str) -> None:
        """That call has returned at last."""
        self._hangs.returned(what, name)

    def failed(self, what: str, name: str, why: str) -> None:
        """A device has failed after it had opened, before it had worked for long."""
        if self._hangs.failed(what, name, why):
            self._changed.set()

    def worked(self, what: str, name: str) -> None:
        """A device has worked for long."""
        if self._hangs.worked(what, name):
            self._changed.set()

    def plugged(self) -> None:
        """A card was plugged in, or has restarted."""
        if self._hangs.plugged():
            self._changed.set()

    def act(self) -> None:
        """Somebody has done something that may have helped: all devices may be tried at once."""
        if self._hangs.act():
            self._changed.set()

    def outlook(self, what: str) -> str:
        """What becomes of the hung devices of this part, in words; empty if there is none."""
        if self.is_held(what) and self._is_stuck:
            return STUCK
        return self._hangs.outlook(what)

    def is_held(self, what: str) -> bool:
        """Whether a call of this part has not returned."""
        return what in self._hangs.held

    async def run(self) -> None:
        """Until cancelled: save changes. Raises DeviceError (device_hung) if the process has to end."""
        try:
            while True:
                due_ms = self._hangs.due_in_ms()
                due_s = None if due_ms is None else due_ms / 1000
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S if self._hangs.held else due_s):
                        await self._changed.wait()
                if self._changed.is_set():
                    self._changed.clear()
                    await self._save(DISK_WITHIN_S)
                if due_ms is not None and self._hangs.due_in_ms() != due_ms:
                    self.on_due()
                await self._look()
        except asyncio.CancelledError:
            if self._hangs.act() or self._changed.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(GOODBYE_S):
                        await self._save(GOODBYE_S)
            raise

    def _tell(self, what: str) -> None:
        fields = {"cause": "device_hung", "device": what}
        log.warning("%s: %s", what, self._hangs.outlook(what), extra={"edged": fields})

    async def _look(self) -> None:
        held = self._hangs.held
        seen = self._ports.in_kernel() if held else frozenset()
        self._in_kernel = {thread: self._in_kernel.get(thread, 0) + 1 for thread in seen}
        longest = max(self._in_kernel.values(), default=0)
        self._free_looks = 0 if longest > 1 else self._free_looks + 1
        if longest >= STUCK_LOOKS or self._free_looks >= STUCK_LOOKS:
            self._is_stuck = longest >= STUCK_LOOKS
        lost = self._lost()
        for what, ms in held.items():
            if lost.get(what) == "device_hung" and ms >= HELD_S * 1000 and await self._may_end():
                raise DeviceError(
                    f"edged starts again to free the {what}, because a call to it does not return",
                    "device_hung",
                )

    async def _may_end(self) -> bool:
        if self._free_looks < STUCK_LOOKS or not self._quiet() or not self._hangs.may_end():
            return False
        lived_s = (self._ports.clock.monotonic_ms() - self._began_ms) / 1000
        if not self._is_saved and lived_s < UNSAVED_S:
            return False
        self._hangs.ends()
        await self._save(DISK_WITHIN_S)
        return self._quiet() and (self._is_saved or lived_s >= UNSAVED_S)

    async def _save(self, within_s: float) -> None:
        try:
            why = await self._ports.disk(
                self._ports.store.save, NAME, self._hangs.facts(), deadline_s=within_s
            )
        except DeviceError:
            why = "the disk hangs"
        self._is_saved = not why and bool(self._ports.boot)
