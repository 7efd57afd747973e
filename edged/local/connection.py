"""A connection that also takes requests with a body, which the WebSocket library refuses.

The service's plain HTTP calls come to the same port. The body is kept aside, and the library is shown the request
without it. What follows such a request is dropped: each is answered on a connection of its own.
"""

import re
from typing import Any

from websockets.asyncio.server import ServerConnection

MOST_HEAD, MOST_BODY = 2**16, 2**20
TOO_LARGE, LENGTH_REQUIRED = 413, 411
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"(\r\ncontent-length:[ \t]*)(\d+)(?=[ \t]*(?:\r\n|$))", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*", re.IGNORECASE)


class Connection(ServerConnection):
    """`body` is the request's, whole by the time the library asks what to do with the request.

    `trouble` is the HTTP status for a body that is not taken.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.body = b""
        self.trouble: int | None = None
        self.faults: tuple[Any, ...] = ()  # what this connection is to suffer
        self._came: bytes | None = b""  # before the request is whole; None: it is

    def data_received(self, data: bytes) -> None:
        """Collect the request, then let the library have everything."""
        if self._came is None:
            super().data_received(data)
            return
        self._came += data
        head, end, rest = self._came.partition(_END)
        if not end:
            if len(self._came) >= MOST_HEAD:
                self._give(self._came)
            return
        found = _LENGTH.search(head)
        length = int(found[2][:10]) if found else 0
        if _CODING.search(head):
            self.trouble = LENGTH_REQUIRED
        elif length > MOST_BODY:
            self.trouble = TOO_LARGE
        elif len(rest) < length:
            return
        if length or self.trouble:
            self.body, rest = rest[:length], b""
            head = _CODING.sub(b"", _LENGTH.sub(rb"\g<1>0", head))
        self._give(head + end + rest)

    def _give(self, data: bytes) -> None:
        self._came = None
        super().data_received(data)
