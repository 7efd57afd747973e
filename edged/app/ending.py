"""The end of a kiosk: whatever is under way or hangs, it comes within a second of being asked for."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

GOODBYE_S = 0.8  # from the signal until nothing is waited for any more; what controls us has 0.1 s after it


async def unless(stopping: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work, or leave it as soon as the end is asked for; whether life goes on. Raises what the work does."""
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
    """At the end of a process that a bug ends: what has failed may fail here again, and the next step is owed too."""
    for step in steps:
        with suppress(Exception):
            step()


class Parts:
    """The tasks that last as long as the kiosk; one that ends and was not asked to is a bug, however it ends."""

    def __init__(
        self, tasks: asyncio.TaskGroup, stopping: asyncio.Event, failed: Callable[[BaseException], None]
    ) -> None:
        """Call within `tasks`. `failed` is told at once, before what `tasks` waits for until it raises."""
        self._group, self._stopping, self._failed = tasks, stopping, failed
        self._owner = asyncio.current_task()
        self._parts: dict[str, asyncio.Task[None]] = {}
        self._released: set[asyncio.Task[None]] = set()
        self._fails = False

    def begin(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Begin a part; `name` is its only one, or takes the place of one that was let go."""
        part = self._parts[name] = self._group.create_task(self._last(name, work), name=name)
        return part

    def lives(self, name: str) -> bool:
        return name in self._parts and not self._parts[name].done()

    def let_go(self, name: str) -> asyncio.Task[None]:
        """It has to end, and is asked to."""
        part = self._parts.pop(name)
        self._released.add(part)
        part.add_done_callback(self._released.discard)
        part.cancel()
        return part

    async def wind_up(self) -> None:
        """Ask all of them to end, and wait no longer than may be."""
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
            ended = RuntimeError(f"{name} has ended, and nobody asked it to")
            self._fail(ended)
            raise ended

    def _was_asked(self) -> bool:
        """To end: with all others, or alone."""
        all_end = self._stopping.is_set() or self._fails
        cancelled = self._owner is not None and self._owner.cancelling() > 0
        return all_end or cancelled or asyncio.current_task() in self._released

    def _fail(self, error: BaseException) -> None:
        self._fails = True  # the others are about to be cancelled for it
        self._failed(error)
