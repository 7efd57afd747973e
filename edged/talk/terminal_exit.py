"""Gives the terminal back, however the program ends, and shows then what was logged meanwhile.

While the screen is drawn, a line of the log would spoil it. So the last lines are kept, and printed at the end.
"""

import io
import os
import sys
import termios
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

from edged.system.exit import ProcessExit

MOST_LINES = 20
# Leave the other screen, show the cursor, wrap lines, and forget the modes of keyboard and mouse.
_PLAIN = "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?7h\x1b[?1004l\x1b[?2004l"


class KeptLog(io.StringIO):
    """A stream that keeps its last lines until `release`, and writes to `out` from then on."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._out, self._is_kept = out, True
        self._lines: deque[str] = deque(maxlen=MOST_LINES)

    def isatty(self) -> bool:
        """Whether a person reads it in the end."""
        return self._out.isatty()

    def write(self, text: str) -> int:
        if self._is_kept:
            self._lines.append(text)
        else:
            with suppress(OSError, ValueError):  # the terminal is gone
                self._out.write(text)
                self._out.flush()
        return len(text)

    def release(self) -> None:
        """Write what was kept, and keep nothing from now on."""
        self._is_kept = False
        while self._lines:
            self.write(self._lines.popleft())


class TerminalExit:
    """The end of the process (system/exit.py), with the terminal as it is now."""

    def __init__(self, keys: TextIO, out: TextIO) -> None:
        self._keys, self._out, self._exit = keys, out, ProcessExit()
        self.log = KeptLog(out)
        self._before: list[Any] | None = None
        with suppress(OSError, ValueError, termios.error):
            self._before = termios.tcgetattr(keys.fileno())

    def restore(self) -> None:
        """Make the terminal what it was, and show what was logged. May be called twice."""
        try:
            if self._before is not None:
                termios.tcsetattr(self._keys.fileno(), termios.TCSANOW, self._before)
        except (OSError, ValueError, termios.error):  # the terminal does not exist any more
            _to_nowhere()
        self.log.release()

    def soon(self, code: int, *last: Callable[[], None]) -> None:
        """See Exit. The screen had no time to end itself."""
        with suppress(OSError, ValueError):
            self._out.write(_PLAIN)
            self._out.flush()
        self.restore()
        self._exit.soon(code, *last)

    def stay(self) -> None:
        """See Exit."""
        self._exit.stay()


def _to_nowhere() -> None:
    """Python writes at its end what it has not written yet, and would complain that it cannot."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
