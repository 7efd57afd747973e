"""Works that belong together: none of them outlives the first one that ends."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

AGAIN_S = 0.25


async def until_first_end(*works: Coroutine[Any, Any, None]) -> None:
    """Do all of these until the first one ends, and raise its error. All of them have ended then."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await _ended(tasks)
        for task in tasks:
            if not task.cancelled():
                task.exception()  # it was one of several, and its error is known


async def _ended(tasks: "Sequence[asyncio.Task[None]]") -> None:
    """Cancel all. `asyncio.wait_for` of Python 3.11 swallows a cancellation that comes together with its result."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)
