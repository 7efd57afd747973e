"""Opens a TCP connection to the first of several addresses that answers. Order and meaning: eyeballs.py."""

import asyncio
from collections.abc import Sequence

from edged.dial.eyeballs import NEXT_AFTER_S, telling


class Waiting(asyncio.Protocol):
    """Holds a new connection until somebody speaks on it; notices whether the other end was faster."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.spoken_to = False  # or hung up on

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 what was said does not matter
        self.spoken_to = True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 neither does why it ended
        self.spoken_to = True


async def first_connected(addresses: Sequence[str], port: int) -> tuple[str, Waiting]:
    """The address that won and its connection; all others are given up.

    Raises:
        OSError: of all that failed, the one that tells most.
    """
    running: dict[asyncio.Task[Waiting], str] = {}
    to_try, errors = list(addresses), list[OSError]()
    try:
        while to_try or running:
            if to_try:
                address = to_try.pop(0)
                running[asyncio.create_task(_connect(address, port), name=f"connect {address}")] = address
            delay_s = NEXT_AFTER_S if to_try else None
            await asyncio.wait(running, timeout=delay_s, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in running if task.done()]:
                address = running.pop(task)
                try:
                    return address, task.result()
                except OSError as error:
                    errors.append(error)
    finally:
        await _give_up(list(running))
    raise telling(errors)


async def _connect(address: str, port: int) -> Waiting:
    _, waiting = await asyncio.get_running_loop().create_connection(Waiting, address, port)
    return waiting


async def _give_up(losers: list[asyncio.Task[Waiting]]) -> None:
    for task in losers:
        task.cancel()
    for outcome in await asyncio.gather(*losers, return_exceptions=True):
        if isinstance(outcome, Waiting) and outcome.transport is not None:
            outcome.transport.abort()
        elif isinstance(outcome, Exception) and not isinstance(outcome, OSError):
            raise outcome
