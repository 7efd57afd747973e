"""Reports a fault in the configuration: its place, its key, what is wrong, and what would be right.

A foreign text is never repeated as it is: it is shown in quotes, cut short and without control characters.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

LONGEST_SHOWN = 40  # enough to recognise a value, too few to fill a terminal


class Place(NamedTuple):
    """A position in a file, counted from 1, or the name of another source (line 0)."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


DEFAULT = Place("default")


class Problem(NamedTuple):
    """One fault; `key` is empty if the fault concerns no key."""

    place: Place
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.key}: {self.text}" if self.key else f"{self.place}: {self.text}"


class Finding(NamedTuple):
    """A fault in several keys together. The first key names it; the first key that is set gives its place."""

    keys: tuple[str, ...]
    text: str


def shown(text: str) -> str:
    """A foreign text in quotes, cut short, without control characters. Never use it for a secret."""
    cut = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
    return '"' + "".join(map(_visible, cut)) + '"'


def name(text: str) -> str:
    """A key's name for a problem, masked if it may be a secret that was written where the name belongs."""
    if text.isascii() and text.replace("_", "").replace("-", "").isalnum() and len(text) <= LONGEST_SHOWN:
        return "sk-…" if text.startswith("sk-") else text
    return shown(text)


def meant(wrong: str, known: Iterable[str]) -> str:
    """` (did you mean x?)`, or nothing if no known word is similar."""
    near = nearest(wrong, known)
    return f" (did you mean {near}?)" if near else ""


def nearest(wrong: str, known: Iterable[str], *, alike: float = 0.6) -> str:
    """The known word that is most similar to the wrong one; empty if none is. `alike`: how much, up to 1."""
    lower = wrong.lower()[:LONGEST_SHOWN]  # the time of difflib grows with the square of the length
    return next(iter(get_close_matches(lower, list(known), n=1, cutoff=alike)), "")


def _visible(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\u{ord(character):04x}"
