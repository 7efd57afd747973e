"""The log: one line per change. Writes entries to the journal if standard error goes there, else lines.

Rules:
1. An entry is one line. Text from a server or a device stands inside the line, never at its beginning, so it cannot
   begin another line or field. The stack of a bug follows, indented.
2. edged's own fields come as `extra={"edged": {"cause": …, "state": …}}` and become EDGED_CAUSE, EDGED_STATE. `event`
   or `cause` decides the id of the message (notices.py, causes.py).
3. Writing never waits. An entry that the journal does not take at once is lost and counted.
4. A repeated line is written a few times and then counted (news.py). So nobody outside decides how much is written.
5. No secret and no speech is written (redactor.py): not in a line, not in a stack, not in a field's name. Of the lines
   that libraries log, only warnings and errors are written, whatever the level. They are filtered like a service's
   words, because libraries quote the messages that they carry.

On standard error without a terminal, each line begins with its priority as `<N>` (sd-daemon(3)).
"""

import logging
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from edged.system.entry import encode, own
from edged.system.hooks import WARNINGS, hook
from edged.system.news import NewsFilter, given
from edged.system.notices import message_id
from edged.system.own_names import is_ours
from edged.system.redactor import MASK, REDACTOR

NATIVE = "/run/systemd/journal/socket"
IDENTIFIER = "edged"
COMPANION = "edged-companion"
LONGEST_LINE = 1000
QUOTES = "EDGED_QUOTES"  # in each entry that may quote somebody; `edged report` leaves its text out
HIDDEN = "EDGED_HIDDEN"  # replaces a field's name that is secret
_PRIORITY = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
_SECRET = re.compile(r"(?i)(x-portkey-\S*\s*:\s*)\S+")
# Errors whose text comes from the far end.
_QUOTING = re.compile(r"\b((?:websockets|edged\.errors|edged\.relay\.ports)\.[\w.]+: )(.*)")
OURS = frozenset({"edged", WARNINGS, "root", "__main__"})
_NO_NAME = re.compile(r"[^A-Z0-9_]")
_KEY_PROTOCOL = re.compile(r"openai-insecure-api-key\.\S+")


def safe(text: str, limit: int = 200) -> str:
    """Make foreign text fit inside a line: one line, no control characters, at most `limit` characters."""
    return _one_line(text, limit).lstrip("<")


def _one_line(text: str, limit: int) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text[: limit * 4])
    plain = " ".join(plain.split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def _masked(text: str) -> str:
    text = _KEY_PROTOCOL.sub("openai-insecure-api-key.********", _SECRET.sub(r"\1********", text))
    return REDACTOR.redacted(text)


def _priority(level: int) -> int:
    return next(n for least, n in _PRIORITY.items() if level >= least or least == logging.DEBUG)


class _Formatter(logging.Formatter):
    """Formats the line, and below it the indented stack of an error."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def format(self, record: logging.LogRecord) -> str:
        lines = text_of(record).split("\n")
        if self._terminal:
            time_of_day = f"{self.formatTime(record, '%H:%M:%S')}.{record.msecs:03.0f}"
            return f"{time_of_day} {record.levelname.lower():8} " + "\n".join(lines)
        return "\n".join(f"<{_priority(record.levelno)}>{line}" for line in lines)


def text_of(record: logging.LogRecord) -> str:
    """Return the text to write for a record: its line, and then the indented lines of its stack."""
    text = _one_line(_message(record), LONGEST_LINE)
    if record.exc_info:
        stack = logging.Formatter().formatException(record.exc_info)
        text += "".join("\n    " + _stack_line(line) for line in stack.splitlines())
    return text


def _message(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except (TypeError, ValueError, KeyError):
        if _is_ours(record):
            raise  # a bug; door.py handles it
        text = f"{record.msg} (its arguments do not fit)"  # logging would print them to standard error as they are
    return _masked(text) if _is_ours(record) else REDACTOR.filter_service(_masked(text))


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether edged wrote the record. If it cannot be formatted, that is a bug; for a library's record it is not."""
    return record.name.partition(".")[0] in OURS


def _stack_line(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip(" "))]
    text = _QUOTING.sub(lambda found: found[1] + REDACTOR.filter_service(found[2]), _masked(line))
    return indent + _one_line(REDACTOR.filter_own(text), LONGEST_LINE)


class _StreamHandler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 logging's name
        if _is_ours(record) and not _is_of_stream(sys.exception()):
            raise  # noqa: PLE0704 the exception that emit caught: formatting failed, or a signal handler did meanwhile
        super().handleError(record)


def _is_of_stream(error: BaseException | None) -> bool:
    """Whether the error comes from the stream of the library's own handler: it is closed, full or gone."""
    trace = error.__traceback__ if error else None
    while trace and trace.tb_next:
        trace = trace.tb_next
    in_handler = trace is not None and trace.tb_frame.f_code.co_name in {"emit", "flush"}
    return in_handler and isinstance(error, OSError | ValueError)


class JournalHandler(logging.Handler):
    """Writes to the journal with its native protocol, at `path`."""

    def __init__(self, path: str = NATIVE, identifier: str = IDENTIFIER) -> None:
        """Raises OSError if nothing receives entries at `path`."""
        super().__init__()
        self._identifier = identifier
        self.lost = 0
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def emit(self, record: logging.LogRecord) -> None:
        """Send one entry. Any thread may call it; it never waits."""
        try:
            data = encode(fields_of(record, self.lost, self._identifier))
        except Exception:  # any value in a record may fail when it is formatted
            if _is_ours(record):
                raise
            self.handleError(record)
            return
        try:
            self._socket.send(data)
            self.lost = 0
        except BlockingIOError:
            self.lost += 1
        except OSError:
            self._again(data)

    def _again(self, data: bytes) -> None:
        """The journal was restarted, and has a new socket at the old path.

        The first entry sent to the old socket fails with ECONNREFUSED, each later one with ENOTCONN.
        """
        try:
            self._socket.connect(self._path)
            self._socket.send(data)
            self.lost = 0
        except OSError:
            self.lost += 1

    def close(self) -> None:
        self._socket.close()
        super().close()


def fields_of(
    record: logging.LogRecord, lost: int = 0, identifier: str = IDENTIFIER
) -> list[tuple[str, str]]:
    """Return all fields of an entry. `lost` is the number of entries before it that were not delivered."""
    own_fields = given(record)
    fields = [
        ("MESSAGE", text_of(record)),
        ("PRIORITY", str(_priority(record.levelno))),
        ("SYSLOG_IDENTIFIER", identifier),
        ("SYSLOG_PID", str(record.process)),
        ("LOGGER", _one_line(_masked(record.name), 100)),
        ("THREAD", _one_line(_masked(record.threadName or ""), 100)),
    ]
    known = message_id(str(own_fields.get("event", "")), str(own_fields.get("cause", "")))
    if known:
        fields.append(("MESSAGE_ID", known))
    if lost:
        fields.append(("EDGED_LOST", str(lost)))
    if REDACTOR.quotes:
        fields.append((QUOTES, "yes"))
    return fields + [
        (_field_name(key), safe(value if is_ours(value) else _masked(value), LONGEST_LINE))
        for key, value in REDACTOR.redacted_in(dict(own(own_fields))).items()
    ]


def _field_name(redacted: str) -> str:
    if is_ours(redacted):
        return redacted
    name = _NO_NAME.sub("_", redacted)
    return HIDDEN if MASK in redacted + REDACTOR.redacted(name) else name[:64]


class _Ours(logging.Filter):
    """Leaves out what libraries say about their work: it contains messages with all their content."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or _is_ours(record)


def is_journal(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether `stream` goes to the journal: $JOURNAL_STREAM names the device and inode of the journal's stream."""
    try:
        of = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or not a file
        return False
    return env.get("JOURNAL_STREAM") == f"{of.st_dev}:{of.st_ino}"


def setup(
    level: str,
    stream: TextIO | None = None,
    *,
    env: Mapping[str, str] | None = None,
    native: str = NATIVE,
    identifier: str = IDENTIFIER,
    now_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
) -> None:
    """Log from `level` on (debug, info, warning, error). Another call replaces the earlier setup.

    Lines go to `stream`. If `stream` is the journal's, entries go to the socket `native` instead, as those of
    `identifier`.
    """
    stream = sys.stderr if stream is None else stream
    handler = _handler(stream, os.environ if env is None else env, native, identifier)
    handler.addFilter(_Ours())
    handler.addFilter(NewsFilter(now_ms))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        if isinstance(old, JournalHandler):
            old.close()
    root.addHandler(handler)
    set_level(level)
    hook()
    # At debug level the library logs much for each frame; edged's own lines about a connection are enough.
    logging.getLogger("websockets").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def set_level(level: str) -> None:
    """Log from another level on."""
    logging.getLogger().setLevel(level.upper())


def _handler(stream: TextIO, env: Mapping[str, str], native: str, identifier: str) -> logging.Handler:
    if is_journal(stream, env):
        try:
            return JournalHandler(native, identifier)
        except OSError:
            pass  # the journal has no socket here, but lines on its stream still arrive
    handler = _StreamHandler(stream)
    handler.setFormatter(_Formatter(terminal=stream.isatty()))
    return handler
