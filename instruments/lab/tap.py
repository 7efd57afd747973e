"""Reads along on the wire: complete WebSocket messages as they reach an end, for an oracle outside the daemon.

Create `Tap(net)` before the run; the daemon and the service do not know about it. It relies on both ends to follow
RFC 6455 (the stock library does), and does not support compression.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from instruments.lab.net import Event, SimNet

HEAD_ENDS = b"\r\n\r\n"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Message(NamedTuple):
    """`side` is the end that received it, "client" or "server"."""

    at_s: float
    connection: int
    side: str
    opcode: int
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode()


class _Stream:
    """The bytes that one end received, cut into messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._in_head = True
        self._opcode = 0
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        self._bytes += data
        if self._in_head:
            end = self._bytes.find(HEAD_ENDS)
            if end < 0:
                return
            del self._bytes[: end + len(HEAD_ENDS)]
            self._in_head = False
        while (frame := self._frame()) is not None:
            final, opcode, payload = frame
            if opcode >= CLOSE:
                yield opcode, payload
                continue
            self._opcode = opcode or self._opcode
            self._parts.append(payload)
            if final:
                yield self._opcode, b"".join(self._parts)
                self._parts.clear()

    def _frame(self) -> tuple[bool, int, bytes] | None:
        seen = self._bytes
        if len(seen) < 2:
            return None
        size, at = seen[1] & 0x7F, 2
        if size >= 126:
            at += 2 if size == 126 else 8
            size = int.from_bytes(seen[2:at])
        masked = seen[1] & 0x80
        end = at + 4 * bool(masked) + size
        if len(seen) < at or len(seen) < end:
            return None
        payload = bytes(seen[end - size : end])
        if masked:
            payload = _unmasked(payload, bytes(seen[at : at + 4]))
        final, opcode = bool(seen[0] & 0x80), seen[0] & 0x0F
        del seen[:end]
        return final, opcode, payload


class Tap:
    """All messages of all connections, in the order of their arrival. With `heard`, each goes there instead."""

    def __init__(self, net: SimNet, heard: Callable[[Message], None] | None = None) -> None:
        self.messages: list[Message] = []
        self._heard = heard or self.messages.append
        self._streams: dict[tuple[int, str], _Stream] = {}
        net.watch(self._see)

    def texts(self, side: str) -> list[Message]:
        """Text messages that reached `side`."""
        return [message for message in self.messages if message.opcode == TEXT and message.side == side]

    def _see(self, event: Event) -> None:
        key = event.connection, event.side
        if event.kind == "data":
            stream = self._streams.setdefault(key, _Stream())
            for opcode, data in stream.feed(event.data):
                self._heard(Message(event.at_s, *key, opcode, data))
        elif event.kind == "lost_connection":
            self._streams.pop(key, None)


def _unmasked(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(mask)).to_bytes(size)
