"""Textual's driver for a real terminal, with what a talk key needs. Adapter of Textual.

1. A terminal with kitty's keyboard protocol is asked to report when a key comes up and when it repeats. Such a report
   becomes a key with a name of its own: `released+k`, `repeated+k`. Textual itself would read it as another press.
   The terminal also says what it will report; this becomes the key `reports+releases`.
2. The screen is written to a descriptor of its own, so that the standard error output of C libraries can be silenced
   (c_stderr.py).
3. A terminal that is not one of UTF-8 gets signs that it has, as wide as those that it lacks: else the lines would not
   fit.
4. A terminal that is gone takes no more output. That ends nothing here: the owner learns of it by SIGHUP, or by `gone`.

What Textual calls its parser is not part of its interface. So the version is bounded (pyproject.toml), and without the
parser keys only go down.
"""

import codecs
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, TextIO

from textual import constants, events
from textual.content import Content
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

REPORTS = "reports+releases"
RELEASED, REPEATED = "released", "repeated"
_ASK = "\x1b[=2;2u\x1b[?u"  # report event types, besides what Textual has asked for; and say what is reported
_EVENT_TYPES = 2
_SAYS = re.compile(r"\x1b\[\?(\d+)u")
_KEY = re.compile(r"(\x1b\[[\d:]*;\d*):([123])((?:;[\d:]*)?[u~ABCDEFHPQRS])")
_HOLDABLE = frozenset({"k", "K", "space"})
_module: Any = linux_driver
_Parser: Any = getattr(linux_driver, "XTermParser", None)


def keys_of(
    sequence: str, keys_of_press: Callable[[str], list[events.Key] | None]
) -> list[events.Key] | None:
    """The keys of an escape sequence; None: it is not about keys. `keys_of_press` reads it if it has no event type."""
    if found := _SAYS.fullmatch(sequence):
        name = REPORTS if int(found[1]) & _EVENT_TYPES else "reports+presses"
        return [events.Key(name, None)]
    if (found := _KEY.fullmatch(sequence)) is None:
        return keys_of_press(sequence)
    keys = keys_of_press(found[1] + found[3])
    if keys is None or found[2] == "1":
        return keys
    if found[2] == "3":
        return [events.Key(f"{RELEASED}+{key.key}", None) for key in keys]
    return [events.Key(f"{REPEATED}+{key.key}", None) if key.key in _HOLDABLE else key for key in keys]


if _Parser is not None and hasattr(_Parser, "_parse_extended_key"):

    class _ReleaseParser(_Parser):  # type: ignore[misc]  # it may be anything in another version
        def _parse_extended_key(self, sequence: str) -> list[events.Key] | None:
            return keys_of(sequence, super()._parse_extended_key)

    _module.XTermParser = _ReleaseParser  # the driver looks it up there
    _reads_releases = True
else:
    _reads_releases = False


_SIGNS = {"●": "*", "○": "o", "◌": ".", "✕": "x", "▸": ">", "…": "~", "─": "-", "━": "-", "│": "|", "┃": "|"}
_SIGNS |= dict.fromkeys("▁▂▃▄▅▆▇", " ")  # the ends of the scroll bar


def _instead(error: UnicodeError) -> tuple[str, int]:
    """What to show for signs that the terminal lacks."""
    assert isinstance(error, UnicodeEncodeError)
    lacks = error.object[error.start : error.end]
    return "".join(_SIGNS.get(each, "?" * Content(each).cell_length) for each in lacks), error.end


codecs.register_error("edged_signs", _instead)


class _Lasting:
    """A stream on which a write that fails is the last one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._is_gone = stream, False
        self._encoding = (getattr(stream, "encoding", None) or "utf-8").lower()

    def write(self, text: str) -> int:
        if not self._is_gone:
            if not self._encoding.startswith("utf"):
                text = text.encode(self._encoding, "edged_signs").decode(self._encoding)
            try:
                return self._stream.write(text)
            except (OSError, ValueError):
                self._is_gone = True
        return len(text)

    def flush(self) -> None:
        if not self._is_gone:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._is_gone = True

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()


class TalkDriver(LinuxDriver):
    """Set `out` and `gone` before the app starts."""

    out: ClassVar[TextIO | None] = None
    """The terminal; None: standard error."""
    gone: ClassVar[Callable[[], None]] = lambda: None
    """Called in the input thread when nothing can be read of the terminal any more."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file: Any = _Lasting(self.out or sys.stderr)

    def start_application_mode(self) -> None:
        """Take over the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if _reads_releases and not constants.DISABLE_KITTY_KEY:
            self.write(_ASK)
            self.flush()

    def run_input_thread(self) -> None:
        """Read until the end, or until the terminal is gone."""
        with suppress(OSError):
            super().run_input_thread()
        if not self.exit_event.is_set():
            type(self).gone()
