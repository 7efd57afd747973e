"""An asyncio loop in virtual time: whenever nothing is ready, the clock jumps to the next timer.

Rules:
- Computing takes no time. Only timers move the clock, so an hour of waiting costs what its events cost.
- One seed gives one course of events. `random`, `os.urandom` (and so `secrets`, `uuid`, `SystemRandom`) and the
  clocks of `time` follow the run. Sets of tasks and futures keep one order. There are two exceptions:
  `time.perf_counter` stays real, for measuring, and an unseeded `random.Random()` stays random.
- The loop refuses at once what would break these rules: threads, executors, file descriptors, `time.sleep`.
- No failure is silent. The run fails if an exception reaches only the loop's handler, comes out of a finaliser, or
  ends a task that was left over: each of them would end the daemon (edged/system/door.py).
- A loop that can never go on raises `Deadlock`. A loop that turns without moving the clock raises `Livelock`.

Not here: what happens between two ends of a connection (net.py).
"""

import asyncio
import random
import sys
import threading
import weakref
from asyncio import events
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from instruments.lab.world import Forbidden, world

T = TypeVar("T")

WALL_AT_START = 1_767_225_600.0  # 2026-01-01 00:00:00 UTC: any fixed date is good
TURNS_AT_ONE_TIME = 50_000  # a storm of real work stays far below this
CLOCK_RESOLUTION_S = 1e-6  # larger than the rounding error of a float that counts 100,000 hours


class Deadlock(BaseException):
    """All tasks sleep and nothing will ever wake them; the text says where each one waits."""


class Livelock(BaseException):
    """Callbacks run without end and the clock stands still."""


class OutOfTime(BaseException):
    """The virtual time granted to the run is over."""


class Unhandled(Exception):  # noqa: N818 it holds errors, and is not one itself
    """Exceptions that nobody awaited; `contexts` are the contexts from the loop's exception handler."""

    def __init__(self, contexts: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(_words(context) for context in contexts))
        self.contexts = contexts


class _Task(asyncio.Task):
    """A task whose hash is its number, so that the order of a set of tasks does not depend on addresses."""

    def __init__(self, number: int, coro: Any, **kwargs: Any) -> None:
        self.number = number
        super().__init__(coro, **kwargs)

    def __hash__(self) -> int:
        return self.number


class _Future(asyncio.Future):
    """A future whose hash is its number, for the same reason."""

    def __init__(self, number: int, **kwargs: Any) -> None:
        self.number = number
        super().__init__(**kwargs)

    def __hash__(self) -> int:
        return self.number


class _Jump:
    """Replaces the selector: it moves the clock and does not wait for a file descriptor."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout != 0:
            self._loop.jump()
        else:
            self._loop.turn()
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """A loop with the rules of this module. `net` answers every connection; `random` is the run's own generator."""

    def __init__(self, *, net: Any = None, seed: int = 0, limit_s: float | None = None) -> None:
        super().__init__()
        self._clock_resolution = CLOCK_RESOLUTION_S
        self._selector = _Jump(self)
        self._now = 0.0
        self._limit_s = float("inf") if limit_s is None else limit_s
        self._turns = 0
        self._numbers = 0
        self._born: weakref.WeakSet[_Task] = weakref.WeakSet()
        self._signals: dict[int, tuple[Callable[..., object], tuple[Any, ...]]] = {}
        self.wall_offset_s = WALL_AT_START  # what an NTP step changes
        self.random = random.Random(seed)
        self.unhandled: list[dict[str, Any]] = []
        self.set_debug(False)
        self.set_task_factory(self._new_task)
        self.set_exception_handler(lambda _, context: self.unhandled.append(context))
        self.net = net
        if net is not None:
            net.attach(self)

    # -- time ----------------------------------------------------------------------------------------

    def time(self) -> float:
        return self._now

    def wall(self) -> float:
        """Seconds since 1970, as this machine's wall clock has them."""
        return self.wall_offset_s + self._now

    def wall_ns(self) -> int:
        return round(self.wall() * 1e9)

    def time_ns(self) -> int:
        return round(self._now * 1e9)

    def jump(self) -> None:
        """Nothing is ready: go to the next timer."""
        if not self._scheduled:
            raise Deadlock("everything sleeps forever:\n" + "\n".join(map(where, self.tasks())))
        when = self._scheduled[0].when()
        if when > self._limit_s:
            raise OutOfTime(f"{self._limit_s} s are over:\n" + "\n".join(map(where, self.tasks())))
        if when > self._now:
            self._now = when
            self._turns = 0

    def turn(self) -> None:
        """Something is ready: the clock stands still."""
        self._turns += 1
        if self._turns > TURNS_AT_ONE_TIME:
            raise Livelock(f"no end at {self._now} s:\n" + "\n".join(map(where, self.tasks())))

    # -- order ---------------------------------------------------------------------------------------

    def _new_task(self, _: object, coro: Any, **kwargs: Any) -> _Task:
        self._numbers += 1
        task = _Task(self._numbers, coro, loop=self, **kwargs)
        self._born.add(task)
        return task

    def create_future(self) -> _Future:
        self._numbers += 1
        return _Future(self._numbers, loop=self)

    def tasks(self) -> list[_Task]:
        """All tasks that are not done, the oldest first."""
        return sorted((task for task in self._born if not task.done()), key=lambda task: task.number)

    def failed_tasks(self) -> list[_Task]:
        """Tasks that ended with an exception that nobody has retrieved, the oldest first."""
        failed = [task for task in self._born if task.done() and task._log_traceback]
        return sorted(failed, key=lambda task: task.number)

    # -- the network ---------------------------------------------------------------------------------

    async def create_connection(self, protocol_factory, host=None, port=None, **kwargs):
        return await self._network().create_connection(protocol_factory, host, port, **kwargs)

    async def create_server(self, protocol_factory, host=None, port=None, **kwargs):
        return await self._network().create_server(protocol_factory, host, port, **kwargs)

    async def getaddrinfo(self, host, port, *, family=0, type=0, proto=0, flags=0):  # noqa: A002 asyncio's name
        return await self._network().names.getaddrinfo(host, port, family=family)

    def _network(self) -> Any:
        if self.net is None:
            raise Forbidden("this run has no network: run(…, net=SimNet())")
        return self.net

    # -- signals -------------------------------------------------------------------------------------

    def add_signal_handler(self, sig, callback, *args):
        self._signals[sig] = (callback, args)

    def remove_signal_handler(self, sig):
        return self._signals.pop(sig, None) is not None

    def deliver_signal(self, sig: int) -> None:
        """Do what `kill` does; the signal must have a handler."""
        callback, args = self._signals[sig]
        self.call_soon(callback, *args)

    # -- what is refused ------------------------------------------------------------------------------

    def run_in_executor(self, executor, func, *args):
        raise Forbidden(f"an executor in virtual time: {func!r}")

    def add_reader(self, fd, callback, *args):
        raise Forbidden(f"a file descriptor in virtual time: {callback!r}")

    def add_writer(self, fd, callback, *args):
        raise Forbidden(f"a file descriptor in virtual time: {callback!r}")

    def _write_to_self(self) -> None:
        """call_soon_threadsafe calls this. There is one thread, so there is nothing to wake."""
        if threading.get_ident() != self._thread_id and self._thread_id is not None:
            raise Forbidden("another thread calls into virtual time")

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no file descriptors, so there are no events."""

    def finish(self) -> None:
        """Cancel all remaining tasks, the oldest first, and close."""
        try:
            left = self.tasks()
            for task in left:
                task.cancel()
            if left:
                ends = self.run_until_complete(asyncio.gather(*left, return_exceptions=True))
                self.unhandled += [
                    {"message": f"{task.get_name()} failed when it was cancelled", "exception": end}
                    for task, end in zip(left, ends, strict=True)
                    if isinstance(end, BaseException) and not isinstance(end, asyncio.CancelledError)
                ]
            self.run_until_complete(self.shutdown_asyncgens())
        finally:
            self.close()


def run(main: Coroutine[Any, Any, T], *, net: Any = None, seed: int = 0, limit_s: float | None = None) -> T:
    """Run `main` to its end in virtual time and return its result.

    Remaining tasks are cancelled. Raises what `main` raises; otherwise Unhandled for exceptions that nobody awaited.
    `limit_s` is virtual seconds.
    """
    if net is None:
        from instruments.lab.net import SimNet

        net = SimNet()
    loop = VirtualLoop(net=net, seed=seed, limit_s=limit_s)
    with world(loop), _finalisers(loop):
        try:
            result = loop.run_until_complete(main)
        finally:
            loop.finish()
    for task in loop.failed_tasks():
        loop.unhandled.append({"message": f"{task.get_name()} failed", "exception": task.exception()})
    if loop.unhandled:
        raise Unhandled(loop.unhandled) from loop.unhandled[0].get("exception")
    return result


@contextmanager
def _finalisers(loop: VirtualLoop) -> Iterator[None]:
    """Collect what finalisers raise, for the loop to report."""
    before = sys.unraisablehook

    def hook(what: Any) -> None:
        loop.unhandled.append({"message": f"a finaliser: {what.object!r}", "exception": what.exc_value})

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def where(task: asyncio.Task) -> str:
    """The task's name and the innermost line at which it waits."""
    inner: Any = task.get_coro()
    line = "not started"
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "gi_frame", None)
        if frame is not None:
            line = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
        inner = getattr(inner, "cr_await", None) or getattr(inner, "gi_yieldfrom", None)
    return f"  {task.get_name()}: {line}"


def _words(context: dict[str, Any]) -> str:
    exception = context.get("exception")
    return f"{context.get('message')}" + (f": {exception!r}" if exception is not None else "")


def virtual() -> VirtualLoop:
    """The running loop, which must be a virtual one."""
    loop = events.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop
