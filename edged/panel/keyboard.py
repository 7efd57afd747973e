"""The space bar of a terminal as a contact.

A terminal reports when a key goes down and when the keyboard repeats it, but never when the key comes up. So a space is
a press, and repeats mean that the button is held. When no repeat comes for `RELEASE_S`, the button is released. The
first repeat comes late (keyboards wait about half a second), so the first wait is longer, and a short tap lasts that
long. With `tap_toggles`, one space presses and the next one releases. This is for terminals that send no repeats.
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
from edged.panel.ports import Edge, Lost

FIRST_REPEAT_S = 0.6  # the default of X11, the console, Windows and macOS is 0.5 s or less
RELEASE_S = 0.15  # repeats come 25 to 30 times a second
QUIT = ("q", "\x03", "\x04")


class KeyboardContact:
    """The space bar of the terminal `stream`. Calls `quit` for q, Ctrl-C and Ctrl-D."""

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
        self._down = False  # written by the thread

    def start(self, edge: Edge, lost: Lost) -> bool:
        """Take over the keys of the terminal, without echo. Returns False: no key is down yet."""
        try:
            fd = self._stream.fileno()
            self._before = termios.tcgetattr(fd)
            tty.setcbreak(fd)
        except (OSError, ValueError, termios.error) as error:
            raise DeviceError(
                f"the keyboard cannot be the button: {error}; run edged in a terminal, or see `button.backend`",
                "button_lost",
            ) from error
        self._wake = os.pipe()
        self._thread = threading.Thread(
            target=self._run, args=(fd, self._wake[0], edge, lost), name="keyboard", daemon=True
        )
        self._thread.start()
        return False

    def read(self) -> bool:
        """Whether the space bar is down, as far as the terminal tells."""
        return self._down

    def stop(self) -> None:
        """Restore the terminal to its earlier mode."""
        if self._wake is not None:
            os.write(self._wake[1], b"x")
            if self._thread is not None and self._thread is not threading.current_thread():
                self._thread.join()
            for fd in self._wake:
                os.close(fd)
            self._wake = None
        before, self._before = self._before, None
        if before is not None:
            with suppress(OSError, ValueError, termios.error):  # the terminal may no longer exist
                termios.tcsetattr(self._stream.fileno(), termios.TCSADRAIN, before)  # type: ignore[arg-type]

    def _run(self, fd: int, wake: int, edge: Edge, lost: Lost) -> None:
        self._down, patience = False, None
        while True:
            ready, _, _ = select.select([fd, wake], [], [], patience)
            if wake in ready:
                return
            if not ready:
                self._down, patience = False, None
                edge(False)
                continue
            try:
                keys = os.read(fd, 64).decode(errors="replace")
            except OSError:  # a terminal reports this when its other side is closed
                keys = ""
            if not keys:
                lost(DeviceError("the terminal was closed", "button_lost"))
                return
            if self.quit is not None and any(key in keys for key in QUIT):
                self.quit()
            if spaces := keys.count(" "):
                patience = self._spaces(spaces, edge)

    def _spaces(self, count: int, edge: Edge) -> float | None:
        """So many spaces have come, perhaps at once. Returns how long the next one may take; None: any time."""
        if self._tap_toggles:
            for _ in range(count):
                self._down = not self._down
                edge(self._down)
            return None
        if self._down:
            return RELEASE_S
        self._down = True
        edge(True)
        return FIRST_REPEAT_S
