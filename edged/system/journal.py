"""The log: one line a change. To the journal itself where standard error is its, else as lines on standard error.

Rules:
1. A line is one line: what a server or a device has said stands inside it, never at its beginning, and can begin no
   other and no field. The stack of a bug follows it indented.
2. Fields of our own ride along as `extra={"edged": {"cause": …, "state": …}}` and become EDGED_CAUSE, EDGED_STATE;
   the id of the message follows from `event` or `cause` (notices.py, causes.py).
3. Writing never waits: what the journal does not take at once is lost and counted.
4. The same again and again is told a few times, and then counted (news.py): nobody outside decides how much is written.
5. No secret and nothing that was said stands in it (redactor.py): not in a line, a stack, nor the name of a field. Of
   what libraries say by themselves only warnings and errors are written, at any level, and pass as a service's words
   do: they quote the messages they carry.

On standard error without a terminal each line begins with its priority as `<N>` (sd-daemon(3)).
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
LONGEST_LINE = 1000
HIDDEN = "EDGED_HIDDEN"  # the name of a field whose own is secret
_PRIORITY = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
_SECRET = re.compile(r"(?i)(x-portkey-\S*\s*:\s*)\S+")
# Errors whose words are the far end's.
_QUOTING = re.compile(r"\b((?:websockets|edged\.errors|edged\.relay\.ports)\.[\w.]+: )(.*)")
OURS = frozenset({"edged", WARNINGS, "root", "__main__"})
_NO_NAME = re.compile(r"[^A-Z0-9_]")
_KEY_PROTOCOL = re.compile(r"openai-insecure-api-key\.\S+")


def safe(text: str, limit: int = 200) -> str:
    """Foreign text for the inside of a line: one line, no control characters, at most `limit` characters."""
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
    """The line, and below it the stack of what went wrong, indented."""

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
    """What is written of a record: its line, then indented lines of its stack."""
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
            raise  # a bug, which has its own way out
        text = f"{record.msg} (its arguments do not fit)"  # logging would write them to standard error, as they are
    return _masked(text) if _is_ours(record) else REDACTOR.filter_service(_masked(text))


def _is_ours(record: logging.LogRecord) -> bool:
    """One that cannot be put into words is a bug then; else the library's own affair."""
    return record.name.partition(".")[0] in OURS


def _stack_line(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip(" "))]
    text = _QUOTING.sub(lambda found: found[1] + REDACTOR.filter_service(found[2]), _masked(line))
    return indent + _one_line(REDACTOR.filter_own(text), LONGEST_LINE)


class _StreamHandler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 logging's name
        if _is_ours(record) and not _is_of_stream(sys.exception()):
            raise  # noqa: PLE0704 what emit has caught: no words for it, or a handler of a signal that failed meanwhile
        super().handleError(record)


def _is_of_stream(error: BaseException | None) -> bool:
    """Whether it is what the library's own handler has of its stream: closed, full, gone."""
    trace = error.__traceback__ if error else None
    while trace and trace.tb_next:
        trace = trace.tb_next
    in_handler = trace is not None and trace.tb_frame.f_code.co_name in {"emit", "flush"}
    return in_handler and isinstance(error, OSError | ValueError)


class JournalHandler(logging.Handler):
    """Writes to the journal by its native protocol, at `path`."""

    def __init__(self, path: str = NATIVE) -> None:
        """Raises OSError where nobody takes entries at `path`."""
        super().__init__()
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
        """One entry; any thread, never waits."""
        try:
            data = encode(fields_of(record, self.lost))
        except Exception:  # whatever a record holds may fail as it is put into words
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
        """The journal was started anew: its socket is another one under the old name.

        The first entry for one that is gone fails with ECONNREFUSED, each one after it with ENOTCONN.
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


def fields_of(record: logging.LogRecord, lost: int = 0) -> list[tuple[str, str]]:
    """All fields of an entry; `lost` entries before it did not get through."""
    own_fields = given(record)
    fields = [
        ("MESSAGE", text_of(record)),
        ("PRIORITY", str(_priority(record.levelno))),
        ("SYSLOG_IDENTIFIER", IDENTIFIER),
        ("SYSLOG_PID", str(record.process)),
        ("LOGGER", _one_line(_masked(record.name), 100)),
        ("THREAD", _one_line(_masked(record.threadName or ""), 100)),
    ]
    known = message_id(str(own_fields.get("event", "")), str(own_fields.get("cause", "")))
    if known:
        fields.append(("MESSAGE_ID", known))
    if lost:
        fields.append(("EDGED_LOST", str(lost)))
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
    """Leaves out what libraries say of their work: messages, with all that is in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or _is_ours(record)


def is_journal(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether what is written to `stream` goes to the journal: $JOURNAL_STREAM names its device and inode."""
    try:
        of = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return env.get("JOURNAL_STREAM") == f"{of.st_dev}:{of.st_ino}"


def setup(
    level: str,
    stream: TextIO | None = None,
    *,
    env: Mapping[str, str] | None = None,
    native: str = NATIVE,
    now_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
) -> None:
    """Log from `level` (debug, info, warning, error) on; again replaces what was set up before.

    Lines go to `stream`, or, where that is the journal's, entries to the socket `native`.
    """
    stream = sys.stderr if stream is None else stream
    handler = _handler(stream, os.environ if env is None else env, native)
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
    # The library says much per frame at debug; edged's own words on a connection are enough.
    logging.getLogger("websockets").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def set_level(level: str) -> None:
    """Log from another level on."""
    logging.getLogger().setLevel(level.upper())


def _handler(stream: TextIO, env: Mapping[str, str], native: str) -> logging.Handler:
    if is_journal(stream, env):
        try:
            return JournalHandler(native)
        except OSError:
            pass  # a journal without its socket: lines on its stream arrive all the same
    handler = _StreamHandler(stream)
    handler.setFormatter(_Formatter(terminal=stream.isatty()))
    return handler
