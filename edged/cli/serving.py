"""How a verb serves: it says where, once it listens, and goes on until it is told to end."""

import asyncio
import errno
import signal
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Protocol

from edged.errors import AddressError, UsageError

_MAY_BECOME_FREE = (errno.EADDRINUSE, errno.EADDRNOTAVAIL)  # no mistake of the command line


class Server(AbstractAsyncContextManager[Any], Protocol):
    """Listens while it is entered."""

    @property
    def url(self) -> str: ...


async def until_stopped(server: Server, what: str, whereto: str = "") -> None:
    """Serve until SIGTERM or SIGINT. Raises AddressError and UsageError where the address cannot be listened on."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
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
