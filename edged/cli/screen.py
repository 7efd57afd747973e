"""Draws on a terminal what changes: a whole screen, or one line. Without a terminal nothing here is used.

Rules:
1. A screen is drawn in one piece over the previous one, so nothing flickers. What is too long for it is cut off.
2. However the block ends, the terminal is as it was before.
"""

import os
import shutil
from collections.abc import Iterable
from types import TracebackType
from typing import TextIO

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"


def is_live(out: TextIO) -> bool:
    """Whether `out` is a terminal on which lines can be drawn again."""
    return out.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


class Screen:
    """The whole terminal, until the end of the block."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __enter__(self) -> "Screen":
        self._write(_ENTER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write(_LEAVE)

    def draw(self, lines: Iterable[str]) -> None:
        """Show these lines, and nothing else."""
        size = shutil.get_terminal_size()
        shown = [line[: size.columns] for line in lines][: size.lines]
        self._write(_HOME + "\r\n".join(line + _REST_OF_LINE for line in shown) + _REST_OF_SCREEN)

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


class LiveLine:
    """The last line of a terminal. Lines that stay are printed above it."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._shown = out, ""

    def show(self, text: str) -> None:
        """Show this in place of what was shown before."""
        shown = text[: shutil.get_terminal_size().columns - 1]
        if shown != self._shown:
            self._shown = shown
            self._write(f"\r{shown}{_REST_OF_LINE}")

    def say(self, text: str) -> None:
        """Print lines that stay."""
        self._write(f"\r{_REST_OF_LINE}{text}\r\n{self._shown}")

    def clear(self) -> None:
        """Leave no line behind."""
        self._shown = ""
        self._write(f"\r{_REST_OF_LINE}")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
