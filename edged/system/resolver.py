"""Looks up the addresses of names, without ever blocking the loop or the exit.

Rules:
1. A look-up by the C library can hang for half a minute. So it runs in its own daemon thread (the exit would wait for
   the executor's threads). Nobody waits longer than `DEADLINE_S` for an answer.
2. A second caller shares a fresh look-up. A look-up that hangs is left alone, and another one begins beside it, because
   a lost question is not repeated when the network is back. At most `MOST_HANGING` run at a time. A late answer is
   still kept.
3. Without an answer, the last good one is used for a day; while there is one, nobody waits for long. A wrong address
   does no harm, because the certificate is still checked by name. A caller whose last connection was good at its end
   gets that answer at once.
"""

import asyncio
import encodings.idna  # noqa: F401 Python loads it at the first look-up otherwise, in the middle of a turn
import ipaddress
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from edged.errors import LinkError
from edged.system.routes import in_network

log = logging.getLogger(__name__)

DEADLINE_S = 3.0
PATIENCE_S = 1.0  # if an address is already known
MOST_HANGING = 4  # threads; glibc gives up on its own after 5 to 30 s
KEPT_S = 24 * 3600.0

Lookup = Callable[[str, int], asyncio.Future[list[str]]]


class HostResolver(Protocol):
    async def resolve(self, host: str, port: int, *, known: bool = False) -> list[str]:
        """Return the addresses of `host`, best first, at least one. Raises LinkError (dns_failed, offline).

        `known`: addresses from an earlier call will do, so nobody waits for a look-up.
        """
        ...


def lookup_in_thread(
    host: str, port: int, *, getaddrinfo: Callable[..., Sequence[tuple[Any, ...]]] = socket.getaddrinfo
) -> asyncio.Future[list[str]]:
    """Start a look-up. The future holds the addresses, or an OSError, or a UnicodeError (`host` is not a name)."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def land(addresses: list[str], error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(addresses)

    def work() -> None:
        addresses: list[str] = []
        failed: Exception | None = None
        try:
            found = getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [str(sockaddr[0]) for *_, sockaddr in found]
        except (OSError, UnicodeError) as error:
            failed = error
        with suppress(RuntimeError):  # the loop is closed, so nobody waits any more
            loop.call_soon_threadsafe(land, addresses, failed)

    threading.Thread(target=work, name=f"resolve {host}", daemon=True).start()
    return future


class SystemResolver:
    """The name service of this machine."""

    def __init__(
        self, lookup: Lookup = lookup_in_thread, in_network: Callable[[], bool] = in_network
    ) -> None:
        """`in_network`: whether the machine is in a network at all; it is asked only after a failure."""
        self._lookup, self._in_network = lookup, in_network
        self._fresh: dict[str, asyncio.Future[list[str]]] = {}  # running, and not given up by any caller yet
        self._hanging = 0  # look-ups that have not ended, fresh or not
        self._good: dict[str, tuple[float, list[str]]] = {}  # the time and the addresses, per host

    async def resolve(self, host: str, port: int, *, known: bool = False) -> list[str]:
        if _is_address(host):
            return [host]
        if host == "localhost" or host.endswith(".localhost"):
            return ["127.0.0.1"]
        running = self._fresh.get(host) or self._start(host, port)
        if known and self._known(host):
            return list(self._good[host][1])  # the look-up is for the next call
        if running is None:
            return self._last_good(host, f"{self._hanging} look-ups hang already")
        patience_s = PATIENCE_S if self._known(host) else DEADLINE_S
        await asyncio.wait({running}, timeout=patience_s)
        if not running.done():
            self._forget(host, running)
            return self._last_good(host, f"no answer within {patience_s:.0f} s")
        if (error := running.exception()) is not None:
            return self._last_good(host, str(error))
        if not running.result():
            return self._last_good(host, "no address")
        return list(dict.fromkeys(running.result()))

    def _start(self, host: str, port: int) -> asyncio.Future[list[str]] | None:
        if self._hanging >= MOST_HANGING:
            return None
        self._hanging += 1
        running = self._fresh[host] = self._lookup(host, port)
        now = asyncio.get_running_loop().time

        def landed(future: asyncio.Future[list[str]]) -> None:
            self._hanging -= 1
            self._forget(host, future)
            if not future.cancelled() and future.exception() is None and future.result():
                self._good[host] = (now(), list(dict.fromkeys(future.result())))

        running.add_done_callback(landed)
        return running

    def _forget(self, host: str, running: asyncio.Future[list[str]]) -> None:
        if self._fresh.get(host) is running:
            del self._fresh[host]

    def _known(self, host: str) -> bool:
        at_s, addresses = self._good.get(host, (0.0, []))
        return bool(addresses) and asyncio.get_running_loop().time() - at_s <= KEPT_S

    def _last_good(self, host: str, why: str) -> list[str]:
        if not self._known(host):
            if not self._in_network():
                raise LinkError(f"there is no network, so {host} cannot be looked up", "offline")
            raise LinkError(f"cannot look up {host}: {why}", "dns_failed")
        at_s, addresses = self._good[host]
        age_s = asyncio.get_running_loop().time() - at_s
        log.info("cannot look up %s: %s; using the address from %.0f minutes ago", host, why, age_s / 60)
        return list(addresses)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
