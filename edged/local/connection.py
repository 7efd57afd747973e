"""A connection that also takes requests with a body, which the WebSocket library refuses.

The service's plain HTTP calls come to the same port. The body is kept aside, and the library is shown the request
without it.
"""

import re
from typing import Any

from websockets.asyncio.server import ServerConnection

MOST_HEAD, MOST_BODY = 2**16, 2**20
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"(\r\n[Cc]ontent-[Ll]ength:[ \t]*)(\d{1,9})(?=[ \t]*\r\n)")


class Connection(ServerConnection):
    """`body` is the request's, whole by the time the library asks what to do with the request."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.body = b""
        self.faults: tuple[Any, ...] = ()  # what this connection is to suffer
        self._came: bytes | None = b""  # before the request is whole; None: it is

    def data_received(self, data: bytes) -> None:
        """Collect the request, then let the library have everything."""
        if self._came is None:
            super().data_received(data)
            return
        self._came += data
        head, end, rest = self._came.partition(_END)
        if not end and len(self._came) < MOST_HEAD:
            return
        found = _LENGTH.search(head + b"\r\n")
        length = min(int(found[2]), MOST_BODY) if found else 0
        if len(rest) < length:
            return
        self.body, rest = rest[:length], rest[length:]
        self._came = None
        super().data_received(_LENGTH.sub(rb"\g<1>0", head + b"\r\n")[:-2] + end + rest)
