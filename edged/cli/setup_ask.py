"""How `edged setup` asks a person: with menus, in plain lines of text, or not at all.

Rules:
1. Menus need a terminal that can move its cursor, and the package questionary. Plain lines need neither: they are for
   `--plain`, for TERM=dumb, and for screen readers. Nothing is said by colour alone.
2. Without a terminal, a question is an error that names the option which answers it.
3. No line is longer than 78 characters, and no question needs more than 20 lines, as on a terminal of 80 x 24.
"""

import getpass
import os
import select
import sys
import termios
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from edged.errors import UsageError

WIDTH = 78
Fit = Callable[[str], str]
"""Says what is wrong with an answer; empty: nothing."""


class Option(NamedTuple):
    """One answer to choose; `value` is what it means."""

    value: str
    text: str


class Asker(Protocol):
    """Asks one question after the other. `flag` is the option of the command line that answers it, too."""

    def choose(self, question: str, options: Sequence[Option], flag: str, default: str = "") -> str: ...
    def confirm(self, question: str, flag: str, *, default: bool = True) -> bool: ...
    def text(self, question: str, flag: str, default: str = "", fit: Fit = lambda _: "") -> str: ...
    def secret(self, question: str, flag: str) -> str: ...

    @property
    def is_person(self) -> bool:
        """Whether somebody can answer."""
        ...


def asker(*, plain: bool) -> Asker:
    """The way to ask that fits this terminal."""
    if not all(each is not None and each.isatty() for each in (sys.stdin, sys.stdout)):  # None: it is closed
        return Nobody()
    if plain or os.environ.get("TERM", "") in ("", "dumb"):
        return Plain()
    try:
        from edged.cli.setup_menus import Menus
    except ImportError:
        return Plain()
    return Menus()


def say(text: str = "") -> None:
    """Print a paragraph. A terminal that is gone is no error: what setup has changed must still be put right."""
    with suppress(OSError):
        print(*(_wrapped(text) or [""]), sep="\n", flush=True)


def wait_for(look: Callable[[], Any], within_s: float, every_s: float = 0.01) -> Any:
    """What `look` returns, once it is not None. None: the time is over, or somebody has pressed Enter."""
    import time

    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if (found := look()) is not None:
            return found
        if entered(every_s):
            return None
    return None


def entered(within_s: float) -> bool:
    """Whether somebody presses Enter within this time."""
    import time

    if sys.stdin is None or not sys.stdin.isatty():
        time.sleep(within_s)
        return False
    if select.select([sys.stdin], [], [], within_s)[0]:
        if not sys.stdin.readline():
            raise KeyboardInterrupt  # Ctrl+D, or the terminal is gone
        return True
    return False


def forget_typed() -> None:
    """Drop what was typed and not read: a foot pedal may be a keyboard."""
    with suppress(OSError, termios.error):
        termios.tcflush(sys.stdin, termios.TCIFLUSH)


class Nobody:
    """Nobody can answer."""

    is_person = False

    def choose(self, question: str, options: Sequence[Option], flag: str, default: str = "") -> str:
        del default
        among = ", ".join(option.value for option in options)
        raise UsageError(f"{_without_terminal(question)} add {flag} (one of {among})")

    def confirm(self, question: str, flag: str, *, default: bool = True) -> bool:
        del default
        raise UsageError(f"{_without_terminal(question)} add {flag}")

    def text(self, question: str, flag: str, default: str = "", fit: Fit = lambda _: "") -> str:
        del default, fit
        raise UsageError(f"{_without_terminal(question)} add {flag}")

    def secret(self, question: str, flag: str) -> str:
        raise UsageError(f"{_without_terminal(question)} add {flag}")


def _without_terminal(question: str) -> str:
    return f"there is no terminal to ask {question!r}:"


class Plain:
    """Lines of text, and numbers for the answers."""

    is_person = True

    def choose(self, question: str, options: Sequence[Option], flag: str, default: str = "") -> str:
        del flag
        say(question)
        for number, option in enumerate(options, start=1):
            _lines(option.text, f"  {number}  ")
        usual = next((n for n, option in enumerate(options, start=1) if option.value == default), 1)
        while True:
            given = input(f"Number [{usual}]: ").strip() or str(usual)
            if given.isascii() and given.isdecimal() and 1 <= int(given[:4]) <= len(options):
                return options[int(given[:4]) - 1].value
            say(f"Type a number from 1 to {len(options)}.")

    def confirm(self, question: str, flag: str, *, default: bool = True) -> bool:
        del flag
        usual = "yes" if default else "no"
        while True:
            given = input(f"{question} yes or no [{usual}]: ").strip().lower() or usual
            if given in ("y", "yes", "n", "no"):
                return given in ("y", "yes")
            say("Type yes or no.")

    def text(self, question: str, flag: str, default: str = "", fit: Fit = lambda _: "") -> str:
        del flag
        while True:
            given = input(f"{question}{f' [{default}]' if default else ''}: ").strip() or default
            if not (wrong := fit(given)):
                return given
            say(wrong)

    def secret(self, question: str, flag: str) -> str:
        del flag
        return getpass.getpass(f"{question} (it is not shown): ").strip()


def _lines(text: str, first: str) -> None:
    print(*_wrapped(text, first), sep="\n")


def _wrapped(text: str, first: str = "") -> list[str]:
    """Lines of `WIDTH`. A path is not broken: it may be copied."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
