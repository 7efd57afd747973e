"""Reports changes of the network and new sound cards, so that a retry does not wait for its timer after them."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import Protocol

from edged.system.netlink import Changes

log = logging.getLogger(__name__)

COALESCE_S = 0.2  # a new link reports itself, its addresses and its routes one after the other
_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400  # RTMGRP_LINK, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR, IPV6_ROUTE
_DATAGRAM_BYTES = 65_536
_UEVENTS = 0x1 | 0x2  # from the kernel, and from udev after it has set the device's owner and mode
NETLINK_KOBJECT_UEVENT = 15  # linux/netlink.h


class Netwatch(Protocol):
    """`changed` is called on the loop, once for a burst of changes. No call follows `stop`."""

    def start(self, changed: Callable[[], None]) -> None: ...
    def stop(self) -> None: ...


def open_netlink() -> socket.socket:
    """Open a socket for the kernel's messages on links, addresses, routes. Needs no privilege. Raises OSError."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    try:
        sock.setblocking(False)
        sock.bind((0, _GROUPS))
    except OSError:
        sock.close()
        raise
    return sock


def open_uevents() -> socket.socket:
    """Open a socket for messages about new devices. Needs no privilege. Raises OSError."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT)
    try:
        sock.setblocking(False)
        sock.bind((0, _UEVENTS))
    except OSError:
        sock.close()
        raise
    return sock


def is_sound(datagram: bytes) -> bool:
    """Whether a message from the kernel or from udev reports a new sound card."""
    fields = datagram.split(b"\0")
    return b"SUBSYSTEM=sound" in fields and b"ACTION=remove" not in fields


class NetlinkWatch:
    """Linux's own notifications. If a machine has none, that is logged once, and edged retries by timers alone.

    `is_news` judges a datagram. By default it watches the network.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        open_socket: Callable[[], socket.socket] = open_netlink,
        *,
        is_news: Callable[[bytes], bool] | None = None,
        of: str = "the network",
    ) -> None:
        self._loop = loop
        self._open = open_socket
        self._of = of
        self._sock: socket.socket | None = None
        self._changed: Callable[[], None] = lambda: None
        self._is_news = Changes().is_news if is_news is None else is_news
        self._due: asyncio.TimerHandle | None = None

    def start(self, changed: Callable[[], None]) -> None:
        self.stop()
        self._changed = changed
        try:
            self._sock = self._open()
        except (OSError, AttributeError) as error:  # in a sandbox, or not on Linux
            log.warning("cannot watch %s (%s): edged retries by timers alone", self._of, error)
            return
        self._loop.add_reader(self._sock, self._readable)

    def stop(self) -> None:
        if self._sock is not None:
            self._loop.remove_reader(self._sock)
            self._sock.close()
            self._sock = None
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _readable(self) -> None:
        if self._sock is None:
            return
        try:
            news = self._is_news(self._sock.recv(_DATAGRAM_BYTES))
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # it means: more news than the kernel could keep
                log.warning("watching %s has ended (%s): edged retries by timers alone", self._of, error)
                self.stop()
                return
            news = True
        if news and self._due is None:
            self._due = self._loop.call_later(COALESCE_S, self._tell)

    def _tell(self) -> None:
        self._due = None
        self._changed()


class PlugWatch(NetlinkWatch):
    """Reports new sound cards."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, open_socket: Callable[[], socket.socket] = open_uevents
    ) -> None:
        super().__init__(loop, open_socket, is_news=is_sound, of="sound cards")


class NullWatch:
    """Never reports anything."""

    def start(self, changed: Callable[[], None]) -> None:
        pass

    def stop(self) -> None:
        pass
