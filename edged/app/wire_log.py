"""Lends the types and sizes of the messages between the kiosk and the service to clients that ask for them.

Rules:
1. Nothing is read of a message while nobody asks, and never more than its type.
2. Sound and other pieces of an answer come many times a second. They are summed by type: at most one event in
   `EVERY_S`, with their number.
3. Other messages are told one by one, up to `ONE_BY_ONE` of them in a second. Beyond that, they are summed, too: a
   service that floods the kiosk must not cost a client its connection.
"""

import asyncio
from collections.abc import Callable

from edged.dial.ports import WireTap
from edged.wire import name_of

EVERY_S = 0.1
ONE_BY_ONE = 20
MOST_KINDS = 32  # waiting sums; the rest is summed under `OTHER`
MOST_KIND = 80  # characters of a type
OTHER = "other"
_IN_PIECES = (".append", ".delta")

_Kind = tuple[bool, str]


class WireLog:
    """`publish` receives each event on the loop (docs/control-socket.md)."""

    def __init__(self, tap: WireTap, publish: Callable[[dict[str, object]], None]) -> None:
        self._tap, self._publish = tap, publish
        self._sums: dict[_Kind, tuple[int, int]] = {}  # messages and bytes
        self._timer: asyncio.TimerHandle | None = None
        self._second, self._alone = 0, 0

    def want(self, wanted: bool) -> None:  # noqa: FBT001 a switch
        """Begin or end to look."""
        self._tap.hear = self._heard if wanted else None
        if not wanted:
            self._sums.clear()

    def _heard(self, up: bool, message: str | bytes) -> None:  # noqa: FBT001 a callback
        size = len(message) if isinstance(message, bytes) or message.isascii() else len(message.encode())
        kind = (up, _plain(name_of(message)))
        if kind[1].endswith(_IN_PIECES) or not self._may_tell():
            self._add(kind, size)
        else:
            self._tell(kind, 1, size)

    def _may_tell(self) -> bool:
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second, self._alone = second, 0
        self._alone += 1
        return self._alone <= ONE_BY_ONE

    def _add(self, kind: _Kind, size: int) -> None:
        if kind not in self._sums and len(self._sums) >= MOST_KINDS:
            kind = (kind[0], OTHER)
        count, before = self._sums.get(kind, (0, 0))
        self._sums[kind] = count + 1, before + size
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._tell_sum)

    def _tell_sum(self) -> None:
        """Tell the sum that has waited longest."""
        self._timer = None
        if not self._sums:
            return
        kind = next(iter(self._sums))
        self._tell(kind, *self._sums.pop(kind))
        if self._sums:
            self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._tell_sum)

    def _tell(self, kind: _Kind, count: int, size: int) -> None:
        up, name = kind
        direction = "up" if up else "down"
        self._publish({"event": "wire", "direction": direction, "kind": name, "bytes": size, "count": count})


def _plain(name: str | None) -> str:
    """The type as one word of bounded length: it may be the service's."""
    if not name:
        return OTHER
    return "".join(
        each if each.isascii() and (each.isalnum() or each in "._-") else "?" for each in name[:MOST_KIND]
    )
