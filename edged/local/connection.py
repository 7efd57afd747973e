"""A connection that also accepts requests with a body, which the WebSocket library refuses.

The service's plain HTTP calls use the same port. The connection keeps the body aside and gives the library the
request without it. It drops everything after such a request: each call needs a connection of its own.
"""

import re
from typing import Any

from websockets.asyncio.server import ServerConnection

MOST_HEAD, MOST_BODY = 2**16, 2**20
BAD_REQUEST, LENGTH_REQUIRED, TOO_LARGE = 400, 411, 413
_LINE, _END = b"\r\n", b"\r\n\r\n"
_NAME = b"content-length"
_LENGTH = re.compile(rb"\r\n([ \t]*content-length[ \t]*):[ \t]*([^\r\n]*?)[ \t]*(?=\r\n|$)", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)
_UPGRADE = re.compile(rb"\AGET [^\r\n]*(?:\r\n[^\r\n]*)*?\r\nupgrade:", re.IGNORECASE)


class ClientConnection(ServerConnection):
    """`body` is complete by the time the library asks what to do with the request.

    `trouble` is the HTTP status for a body that is refused.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.body = b""
        self.trouble: int | None = None
        self.faults: tuple[Any, ...] = ()  # the faults of this connection
        self.entry: Any = None  # what its request leads to
        self._came: bytes | None = b""  # the incomplete request; None once it is complete
        self._goes_on = True  # it becomes a WebSocket

    def data_received(self, data: bytes) -> None:
        """Collect the request, then pass on what belongs to a WebSocket."""
        if self._came is None:
            if self._goes_on:
                super().data_received(data)
            return
        self._came += data
        head, end, rest = self._came.partition(_END)
        if not end:
            if len(self._came) >= MOST_HEAD:
                self._give(self._came)
            return
        length = self._length(head)
        if self.trouble is None and len(rest) < length:
            return
        self._goes_on = self.trouble is None and _UPGRADE.match(head) is not None
        self.body, rest = rest[:length], rest[length:]
        head = _LENGTH.sub(b"", head) if self.trouble is None else head.partition(_LINE)[0]
        self._give(head + end + (rest if self._goes_on else b""))

    def _length(self, head: bytes) -> int:
        """The length of the body; 0 if there is none, or if it is refused (`trouble`)."""
        given = {(found[1].lower(), found[2]) for found in _LENGTH.finditer(head)} or {(_NAME, b"0")}
        name, value = min(given)
        length = int(value[:10]) if value.isdigit() else -1
        if _CODING.search(head):
            self.trouble = LENGTH_REQUIRED
        elif len(given) > 1 or name != _NAME or length < 0:
            self.trouble = BAD_REQUEST
        elif length > MOST_BODY:
            self.trouble = TOO_LARGE
        return 0 if self.trouble else length

    def _give(self, data: bytes) -> None:
        self._came = None
        super().data_received(data)
