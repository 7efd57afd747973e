"""Ends a kiosk within a second of the request, whatever is under way or hangs."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol

# The time from the signal until edged stops waiting for anything. After it, the control socket has another 0.1 s.
GOODBYE_S = 0.8


async def unless(stopping: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work, but abandon it when the end is requested. Returns whether to go on. Raises what the work raises."""
    tasks = asyncio.ensure_future(work), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
        return not stopping.is_set()
    finally:
        for task in tasks:
            task.cancel()


def try_each(*steps: Callable[[], None]) -> None:
    """Run all steps when a bug ends the process. A failed part may fail again here, and must not stop other steps."""
    for step in steps:
        with suppress(Exception):
            step()


class Runs(Protocol):
    """A part that only runs."""

    async def run(self) -> None:
        """Until cancelled."""
        ...


class Parts:
    """The tasks that last as long as the kiosk. If one ends without a request, that is a bug, however it ends."""

    def __init__(
        self, tasks: asyncio.TaskGroup, stopping: asyncio.Event, failed: Callable[[BaseException], None]
    ) -> None:
        """Call within `tasks`. `failed` is called at once, before `tasks` has waited for the other parts and raises."""
        self._group, self._stopping, self._failed = tasks, stopping, failed
        self._owner = asyncio.current_task()
        self._parts: dict[str, asyncio.Task[None]] = {}
        self._released: set[asyncio.Task[None]] = set()
        self._fails = False

    def begin(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Begin a part. `name` is new, or belongs to a part that was let go."""
        part = self._parts[name] = self._group.create_task(self._last(name, work), name=name)
        return part

    def begin_all(self, **parts: Runs) -> None:
        """Begin several parts by their names; `_` stands for a space."""
        for name, part in parts.items():
            self.begin(name.replace("_", " "), part.run)

    def lives(self, name: str) -> bool:
        return name in self._parts and not self._parts[name].done()

    def let_go(self, name: str) -> asyncio.Task[None]:
        """Ask a part to end. Its end then counts as requested."""
        part = self._parts.pop(name)
        self._released.add(part)
        part.add_done_callback(self._released.discard)
        part.cancel()
        return part

    async def wind_up(self) -> None:
        """Ask all parts to end, and wait at most GOODBYE_S."""
        for part in self._parts.values():
            part.cancel()
        await asyncio.wait(self._parts.values(), timeout=GOODBYE_S)

    async def _last(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except asyncio.CancelledError:
            if self._was_asked():
                raise
        except BaseException as error:
            self._fail(error)
            raise
        if not self._was_asked():
            ended = RuntimeError(f"{name} has ended without being asked to")
            self._fail(ended)
            raise ended

    def _was_asked(self) -> bool:
        """Whether this part was asked to end, with all others or alone."""
        all_end = self._stopping.is_set() or self._fails
        cancelled = self._owner is not None and self._owner.cancelling() > 0
        return all_end or cancelled or asyncio.current_task() in self._released

    def _fail(self, error: BaseException) -> None:
        self._fails = True  # the others are about to be cancelled because of it
        self._failed(error)
