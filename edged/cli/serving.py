"""Runs a verb that serves: it prints its address once it listens, and runs until a signal stops it."""

import asyncio
import errno
import signal
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Protocol

from edged.errors import AddressError, UsageError

# The address may be available later: not a mistake on the command line.
_MAY_BECOME_FREE = (errno.EADDRINUSE, errno.EADDRNOTAVAIL)


class Server(AbstractAsyncContextManager[Any], Protocol):
    """Listens while its context is entered."""

    @property
    def url(self) -> str: ...


async def until_stopped(server: Server, what: str, whereto: str = "") -> None:
    """Serve until SIGTERM, SIGINT, or SIGHUP (the terminal is closed), unless nohup has it ignored.

    Raises AddressError or UsageError if `server` cannot listen on its address.
    """
    stopped = asyncio.Event()
    kept = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    for number in (signal.SIGTERM, signal.SIGINT, *(() if kept else (signal.SIGHUP,))):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(server)
        except OSError as error:
            words = f"cannot listen: {error.strerror or error}; choose another --host or --port"
            kind = AddressError if error.errno in _MAY_BECOME_FREE else UsageError
            raise kind(words) from error
        print(f"{what} {server.url}{whereto}", flush=True)
        await stopped.wait()
