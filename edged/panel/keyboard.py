"""The space bar as a button, on a terminal.

A terminal tells of keys going down and of the keyboard's repeats, never of keys coming up. So: a space is a
press; while repeats come the button is held; when none came for `RELEASE_S` it is let go. The first repeat
comes late (keyboards wait about half a second), so the first wait is longer, and a short tap lasts that long.
With `tap_toggles` a space presses and the next one releases, for terminals that send no repeats.
"""

import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from edged.errors import DeviceError
from edged.panel.ports import Lost

FIRST_REPEAT_S = 0.6  # X11's and the console's default is 0.5 s or less, Windows' and macOS' too
RELEASE_S = 0.15  # repeats come 25 to 30 times a second
QUIT = ("q", "\x03", "\x04")


class KeyboardButton:
    """The space bar of the terminal `stream`; `quit` is called for q, Ctrl-C and Ctrl-D."""

    def __init__(
        self,
        stream: TextIO = sys.stdin,
        *,
        tap_toggles: bool = False,
        quit: Callable[[], None] | None = None,  # noqa: A002
    ) -> None:
        self._stream, self._tap_toggles, self.quit = stream, tap_toggles, quit
        self._before: list[object] | None = None
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None

    def start(self, edge: Callable[[bool], None], lost: Lost) -> bool:
        """Take the terminal's keys, without echo."""
        try:
            fd = self._stream.fileno()
            self._before = termios.tcgetattr(fd)
            tty.setcbreak(fd)
        except (OSError, ValueError, termios.error) as error:
            raise DeviceError(
                f"the keyboard is no button here: {error}; run in a terminal, or see `button.backend`",
                "button_lost",
            ) from error
        self._wake = os.pipe()
        self._thread = threading.Thread(
            target=self._run, args=(fd, self._wake[0], edge, lost), name="keyboard", daemon=True
        )
        self._thread.start()
        return False

    def stop(self) -> None:
        """Give the terminal back as it was."""
        if self._wake is not None:
            os.write(self._wake[1], b"x")
            if self._thread is not None and self._thread is not threading.current_thread():
                self._thread.join()
            for fd in self._wake:
                os.close(fd)
            self._wake = None
        before, self._before = self._before, None
        if before is not None:
            with suppress(OSError, ValueError, termios.error):  # the terminal may have gone
                termios.tcsetattr(self._stream.fileno(), termios.TCSADRAIN, before)  # type: ignore[arg-type]

    def _run(self, fd: int, wake: int, edge: Callable[[bool], None], lost: Lost) -> None:
        down, patience = False, None
        while True:
            ready, _, _ = select.select([fd, wake], [], [], patience)
            if wake in ready:
                return
            if not ready:
                down, patience = False, None
                edge(False)
                continue
            try:
                keys = os.read(fd, 64).decode(errors="replace")
            except OSError:  # so end those whose other side was closed
                keys = ""
            if not keys:
                lost(DeviceError("the terminal was closed", "button_lost"))
                return
            if self.quit is not None and any(key in keys for key in QUIT):
                self.quit()
            if " " not in keys:
                continue
            if self._tap_toggles:
                down = not down
                edge(down)
            elif down:
                patience = RELEASE_S
            else:
                down, patience = True, FIRST_REPEAT_S
                edge(True)
