"""The machine's ports in virtual time, driven by the loop and the net; edged/system has the real ones."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any

from edged.errors import DeviceError
from edged.system.netwatch import COALESCE_S
from edged.system.offload import left_alone
from edged.system.resolver import SystemResolver
from instruments.lab.loop import VirtualLoop
from instruments.lab.net import SimNet


class SimClock:
    """The loop's time; the wall clock can be set, as NTP does."""

    def __init__(self, loop: VirtualLoop, zone: tzinfo = UTC) -> None:
        self._loop, self.zone = loop, zone

    def monotonic_ms(self) -> int:
        # plus half a microsecond, because a float stores 0.3 s as a little less
        return int(self._loop.time() * 1000 + 0.0005)

    def wall(self) -> float:
        return self._loop.wall()

    def local(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), self.zone).replace(tzinfo=None)

    def set(self, local: datetime) -> None:
        """Set the clock, so that it shows this local time now."""
        self.step(local.replace(tzinfo=self.zone).timestamp() - self.wall())

    def step(self, seconds: float) -> None:
        self._loop.wall_offset_s += seconds


class SimResolver(SystemResolver):
    """edged's own resolver. The net's name service can fail (`dns_fails`) or be slow (`dns_delay_ms`)."""

    def __init__(self, net: SimNet) -> None:
        super().__init__(lambda host, port: asyncio.ensure_future(net.names.lookup(host)))


class SimJacks:
    """The socket of a headset, which a test moves."""

    def __init__(self) -> None:
        self.is_in = False
        self.looks = 0
        self.changed: Callable[[dict[str, bool]], None] | None = None
        """None: nobody watches the socket."""

    def start(self, changed: Callable[[dict[str, bool]], None]) -> None:
        self.changed = changed
        changed({"hw:0 Headphone Jack": self.is_in})

    def look_again(self) -> None:
        self.looks += 1

    def stop(self) -> None:
        self.changed = None

    def plug(self, is_in: bool) -> None:
        self.is_in = is_in
        if self.changed is not None:
            self.changed({"hw:0 Headphone Jack": is_in})


class SimNetwatch:
    """Reports a new address or route of the net, with the delay of the real watch."""

    def __init__(self, net: SimNet) -> None:
        self._net = net
        self._end: Callable[[], None] | None = None
        self._due: asyncio.TimerHandle | None = None

    def start(self, changed: Callable[[], None]) -> None:
        self.stop()

        def tell() -> None:
            self._due = None
            changed()

        def soon() -> None:
            if self._due is None:
                self._due = self._net.loop.call_later(COALESCE_S, tell)

        self._end = self._net.on_change(soon)

    def stop(self) -> None:
        if self._end is not None:
            self._end()
            self._end = None
        if self._due is not None:
            self._due.cancel()
            self._due = None


class SimExit:
    """Records what would have ended the process, and does at once what is still to be done."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, str]] = []

    def __call__(self, code: int, why: str) -> None:
        self.calls.append((code, why))

    def soon(self, code: int, *last: Callable[[], None]) -> None:
        self(code, "")
        for call in last:
            call()

    def stay(self) -> None:
        """The process is gone, and the test goes on."""


class Blocked(Exception):  # noqa: N818 it is no error
    """A simulated call raises it in place of blocking. The call is made again when `until` is done."""

    def __init__(self, until: "asyncio.Future[None]") -> None:
        super().__init__()
        self.until = until


class SimOffload:
    """Makes calls on the loop after `delay_s`, even if their caller has stopped waiting.

    With `hangs` it makes no call, and the deadline passes. `hung` counts the calls that did not return; in reality each
    of them is a thread. `blocked` counts the calls that have not returned yet.
    """

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.hangs = False
        self.hung = self.blocked = 0

    async def __call__(self, call: Callable[..., Any], /, *args: Any, deadline_s: float) -> Any:
        if self.hangs or self.delay_s > deadline_s:
            self.hung += 1
            await asyncio.sleep(deadline_s)
            raise DeviceError(f"{call!r} has not returned after {deadline_s:g} s", "device_hung")
        if not self.delay_s:
            return await self._unblocked(call, args, deadline_s)
        loop = asyncio.get_running_loop()
        returned = loop.create_future()

        def land() -> None:
            set_it, value = returned.set_result, None
            try:
                value = call(*args)
            except Exception as error:  # noqa: BLE001 raised again at the caller
                set_it, value = returned.set_exception, error
            if not returned.done():
                set_it(value)
            elif isinstance(value, Exception):
                left_alone(value)

        loop.call_later(self.delay_s, land)
        try:
            return await returned
        finally:
            returned.cancel()

    async def _unblocked(self, call: Callable[..., Any], args: tuple[Any, ...], deadline_s: float) -> Any:
        while True:
            try:
                return call(*args)
            except Blocked as blocked:
                self.blocked += 1
                await asyncio.wait({blocked.until}, timeout=deadline_s)
                if not blocked.until.done():
                    raise DeviceError(
                        f"{call!r} has not returned after {deadline_s:g} s", "device_hung"
                    ) from blocked
                self.blocked -= 1
