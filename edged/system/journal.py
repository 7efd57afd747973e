"""The log: one line a change, on standard error, where journald reads it.

Without a terminal each line begins with its priority as `<N>` (sd-daemon(3)); journald adds the time. What a
server or a device has said is made `safe` before it gets into a line.
"""

import logging
import re
import sys
from typing import TextIO

_PRIORITY = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
_SECRET = re.compile(r"(?i)((?:authorization|api-key|x-portkey-\S*)\s*:\s*(?:bearer\s+)?)\S+")
_KEY_PROTOCOL = re.compile(r"openai-insecure-api-key\.\S+")


def safe(text: str, limit: int = 200) -> str:
    """Foreign text for the inside of a line: one line, no control characters, at most `limit` characters."""
    plain = "".join(char if char.isprintable() else " " for char in text[: limit * 4])
    plain = " ".join(plain.split())
    if len(plain) > limit:
        plain = plain[: limit - 1] + "…"
    return plain.lstrip("<")


class _Formatter(logging.Formatter):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__("%(message)s")
        self._terminal = terminal

    def format(self, record: logging.LogRecord) -> str:
        text = _KEY_PROTOCOL.sub(
            "openai-insecure-api-key.********", _SECRET.sub(r"\1********", super().format(record))
        )
        priority = next(
            n for level, n in _PRIORITY.items() if record.levelno >= level or level == logging.DEBUG
        )
        if self._terminal:
            return f"{self.formatTime(record, '%H:%M:%S')}.{record.msecs:03.0f} {record.levelname.lower():8} {text}"
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines() or [""])


def setup(level: str, stream: TextIO | None = None) -> None:
    """Log from `level` (debug, info, warning, error) on to `stream`; again replaces what was set up before."""
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(terminal=stream.isatty()))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # The library says much per frame at debug; edged's own words on a connection are enough.
    logging.getLogger("websockets").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
