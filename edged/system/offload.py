"""Runs device calls off the loop. They may block, and some never return."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn, Protocol, TypeVar

from edged.errors import DeviceError, EdgedError

T = TypeVar("T")

_NAMES = ("device ", "aside ")  # how the names of the threads here begin


class Offload(Protocol):
    async def __call__(self, call: Callable[..., T], /, *args: Any, deadline_s: float) -> T:
        """Run `call(*args)` in another thread and wait for it. Returns its result, or raises its exception.

        Raises:
            DeviceError: (device_hung) it has not returned after `deadline_s`. It may still return later, and nobody
                will notice; so the owner of the device ends the process.

        If the wait is cancelled, it ends at once and the call continues alone. A bug in it is raised on the loop.
        """
        ...


class ThreadOffload:
    """Uses one daemon thread per call. So a call that hangs delays neither the next call nor the exit."""

    async def __call__(self, call: Callable[..., T], /, *args: Any, deadline_s: float) -> T:
        loop = asyncio.get_running_loop()
        returned: asyncio.Future[T] = loop.create_future()
        too_late = False

        def land(set_it: Callable[[Any], None], value: object) -> None:
            if not returned.done():
                set_it(value)
            elif isinstance(value, BaseException) and not too_late:
                left_alone(value)

        def work() -> None:
            set_it: Callable[[Any], None] = returned.set_result
            value: object
            try:
                value = call(*args)
            except BaseException as error:  # noqa: BLE001 raised again at the caller
                set_it, value = returned.set_exception, error
            with suppress(RuntimeError):  # the loop is closed, so nobody waits any more
                loop.call_soon_threadsafe(land, set_it, value)

        name = getattr(call, "__qualname__", repr(call))
        threading.Thread(target=work, name=f"{_NAMES[0]}{name}", daemon=True).start()
        try:
            await asyncio.wait({returned}, timeout=deadline_s)
            if returned.done():
                return returned.result()
            too_late = True
            raise DeviceError(f"{name} has not returned after {deadline_s:g} s", "device_hung")
        finally:
            returned.cancel()


def left_alone(error: BaseException) -> None:
    """Handle an exception of a call whose wait was cancelled: ignore expected errors, and raise all others."""
    if not isinstance(error, EdgedError):
        raise error


class OneAtATime:
    """Runs calls to one thing, such as a disk, one after another.

    While a call hangs, no other call is started, because each one would leave a thread behind. It works like an
    Offload, with two differences: `deadline_s` includes the wait for the previous call, and after a call that has not
    returned in time, further calls fail at once (device_hung) until it returns.
    """

    def __init__(self, offload: Offload) -> None:
        self._offload = offload
        self._free = asyncio.Event()
        self._free.set()
        self._hangs = False

    async def __call__(self, call: Callable[..., T], /, *args: Any, deadline_s: float) -> T:
        loop = asyncio.get_running_loop()
        by_s = loop.time() + deadline_s
        await self._turn(deadline_s)
        self._free.clear()

        def work() -> T:
            try:
                return call(*args)
            finally:
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(self._ended)

        work.__qualname__ = getattr(call, "__qualname__", repr(call))
        try:
            return await self._offload(work, deadline_s=by_s - loop.time())
        except DeviceError as error:
            self._hangs = error.cause == "device_hung" and not self._free.is_set()
            raise

    async def _turn(self, within_s: float) -> None:
        if not self._hangs:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    while not self._free.is_set() and not self._hangs:
                        await self._free.wait()
        if not self._free.is_set():
            raise DeviceError("the previous call has not returned", "device_hung")

    def _ended(self) -> None:
        self._hangs = False
        self._free.set()


class Bounded(Protocol):
    def __call__(self, call: Callable[..., T], /, *args: Any, within_s: float) -> T:
        """Run `call(*args)` and wait for it. Returns its result, or raises its exception.

        Raises:
            DeviceError: (device_hung) it has not returned within `within_s`.
        """
        ...


class Aside:
    """Makes calls in a thread of its own, for a caller that may wait for a while, but not forever. One call at a time.

    A call that hangs delays further calls, which then fail without beginning. It holds one thread, and no more.
    """

    def __init__(self) -> None:
        self._one = threading.Lock()

    def __call__(self, call: Callable[..., T], /, *args: Any, within_s: float) -> T:
        name = getattr(call, "__qualname__", repr(call))
        late = DeviceError(f"{name} has not returned after {within_s:g} s", "device_hung")
        if not self._one.acquire(timeout=within_s):
            raise late
        came: list[Callable[[], T]] = []

        def work() -> None:
            try:
                value = call(*args)
            except BaseException as error:  # noqa: BLE001 raised again at the caller
                came.append(partial(_raised, error))
            else:
                came.append(lambda: value)
            finally:
                self._one.release()

        thread = threading.Thread(target=work, name=f"{_NAMES[1]}{name}", daemon=True)
        thread.start()
        thread.join(within_s)
        if not came:
            raise late
        return came[0]()


def _raised(error: BaseException) -> NoReturn:
    raise error


def at_once(call: Callable[..., T], /, *args: Any, within_s: float) -> T:  # noqa: ARG001 it is not bounded
    """A `Bounded` that makes each call itself."""
    return call(*args)


def calls_left() -> bool:
    """Whether a call has not returned yet."""
    return any(thread.name.startswith(_NAMES) for thread in threading.enumerate())


def hung_call(error: BaseException) -> str:
    """Return which hung device call caused `error` or a part of it; empty if none did."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(hung_call, error.exceptions)), "")
    return str(error) if isinstance(error, DeviceError) and error.cause == "device_hung" else ""
