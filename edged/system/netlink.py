"""Reads the kernel's messages about links, addresses and routes, and decides whether they are news. Pure.

Rules:
- News is anything that can bring a dead connection back: a link that comes or goes, an address that is new, usable or
  gone, a route of the main table.
- A repeated message is not news. A Wi-Fi driver reports its link at every scan, and the kernel reports an IPv6 address
  at every router advertisement. Waking the reconnect loop each time would make its waits useless.

Layouts: linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h; all in host byte order.
"""

import struct
from collections.abc import Hashable, Iterator

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_LINK = struct.Struct("=BxHiII")  # struct ifinfomsg: family, type, index, flags, change
_ADDRESS = struct.Struct("=BBBBI")  # struct ifaddrmsg: family, prefix length, flags, scope, index
_ROUTE = struct.Struct("=BBBBBBBBI")  # struct rtmsg: family, ..., table (5th), protocol, scope, type, flags
_ATTRIBUTE = struct.Struct("=HH")  # struct rtattr: length, type

NEW_LINK, DEL_LINK, NEW_ADDRESS, DEL_ADDRESS, NEW_ROUTE, DEL_ROUTE = 16, 17, 20, 21, 24, 25
UP, RUNNING, LOWER_UP = 0x1, 0x40, 0x10000  # IFF_*: switched on, has a carrier
DEPRECATED, DAD_FAILED, TENTATIVE = 0x20, 0x08, 0x40  # IFA_F_*: not to be used any more, not usable, not yet
ATTRIBUTE_ADDRESS = 1  # IFA_ADDRESS
MAIN_TABLE, UNICAST, CLONED = 254, 1, 0x200  # RT_TABLE_MAIN, RTN_UNICAST, RTM_F_CLONED
# Far more links and addresses than a kiosk has. Beyond that, everything counts as new again.
MOST_KNOWN = 1000


class Changes:
    """Remembers the links and addresses that were reported so far."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def is_news(self, datagram: bytes) -> bool:
        """Whether a datagram of the kernel contains news. An unreadable message is not news."""
        news = False
        for kind, body in _messages(datagram):
            try:
                news = self._take(kind, body) or news
            except struct.error:
                continue
        return news

    def _take(self, kind: int, body: bytes) -> bool:
        match kind:
            case 16 | 17:
                _, _, index, flags, _ = _LINK.unpack_from(body)
                return self._differs(
                    ("link", index), flags & (UP | RUNNING | LOWER_UP), gone=kind == DEL_LINK
                )
            case 20 | 21:
                family, prefix, flags, _, index = _ADDRESS.unpack_from(body)
                key = (index, family, prefix, _attribute(body[_ADDRESS.size :], ATTRIBUTE_ADDRESS))
                state = flags & (TENTATIVE | DAD_FAILED | DEPRECATED)
                return self._differs(key, state, gone=kind == DEL_ADDRESS)
            case 24 | 25:
                *_, table, _, _, route, flags = _ROUTE.unpack_from(body)
                return table == MAIN_TABLE and route == UNICAST and not flags & CLONED
        return False

    def _differs(self, key: Hashable, state: int, *, gone: bool) -> bool:
        if gone:
            self._known.pop(key, None)
            return True
        if self._known.get(key) == state:
            return False
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = state
        return True


def _messages(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    while len(datagram) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(datagram)
        if not _HEADER.size <= length <= len(datagram):
            return
        yield kind, datagram[_HEADER.size : length]
        datagram = datagram[_aligned(length) :]


def _attribute(attributes: bytes, wanted: int) -> bytes:
    while len(attributes) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(attributes)
        if length < _ATTRIBUTE.size:
            break
        if kind == wanted:
            return attributes[_ATTRIBUTE.size : length]
        attributes = attributes[_aligned(length) :]
    return b""


def _aligned(length: int) -> int:
    return (length + 3) & ~3
