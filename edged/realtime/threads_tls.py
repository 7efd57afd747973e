"""TLS sockets that threads share: one reads, others write."""

import math
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


def shareable(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context. One thread may read from each of its sockets while others write.

    OpenSSL does not allow that: a TLS session that two threads enter at once can lose what was written. So the threads
    take turns, and wait for the network outside them. A context with a class of its own for its sockets keeps it.
    """
    turn = threading.Lock()  # never held while a thread waits, so all sockets may have the same

    class Shareable(ssl.SSLSocket):
        def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
            return self._in_turn(partial(super().recv, buflen, flags), select.POLLIN)

        def send(self, data: Any, flags: int = 0) -> int:
            return self._in_turn(partial(super().send, data, flags), select.POLLOUT)

        def _in_turn(self, call: Callable[[], Result], awaited: int) -> Result:
            began = time.monotonic()
            while True:
                with turn:
                    timeout = self.gettimeout()
                    self.setblocking(False)
                    try:
                        return call()
                    except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError) as error:
                        if timeout == 0:
                            raise
                        event = _event(error) or awaited
                    finally:
                        self.settimeout(timeout)
                left = None if timeout is None else max(0.0, began + timeout - time.monotonic())
                if not _is_ready(self, event, left):
                    raise TimeoutError("the other side did not read or write in time")

    if context.sslsocket_class is ssl.SSLSocket:
        context.sslsocket_class = Shareable
    return context


def _event(error: OSError) -> int:
    """The event of `poll` that a TLS session waits for; 0 for a socket whose TLS has ended."""
    if isinstance(error, ssl.SSLWantReadError):
        return select.POLLIN
    return select.POLLOUT if isinstance(error, ssl.SSLWantWriteError) else 0


def _is_ready(connected: socket.socket, event: int, within_s: float | None) -> bool:
    """Wait for an event of `poll`, which an end or an error is, too. False: it did not come in time."""
    poller = select.poll()
    poller.register(connected, event)
    return bool(poller.poll(None if within_s is None else math.ceil(within_s * 1000)))
