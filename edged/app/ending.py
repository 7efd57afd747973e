"""The end of a kiosk: whatever is under way or hangs, it comes within a second of being asked for."""

import asyncio
from collections.abc import Collection, Coroutine
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


async def wind_up(parts: Collection[asyncio.Task[Any]]) -> None:
    """Ask all of them to end, and wait no longer than may be."""
    for part in parts:
        part.cancel()
    await asyncio.wait(parts, timeout=GOODBYE_S)
