"""How a fault in the configuration is said: where, which key, what is wrong, what would be good.

Nothing here repeats a text as it came: what is shown is short, in quotes, and has no control characters.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

LONGEST_SHOWN = 40  # enough to recognise a value, too little to fill a terminal


class Place(NamedTuple):
    """A position in a file, counted from 1, or the name of another source (line 0)."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


DEFAULT = Place("default")


class Problem(NamedTuple):
    """One fault; `key` is empty when it is none of a key."""

    place: Place
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.key}: {self.text}" if self.key else f"{self.place}: {self.text}"


class Finding(NamedTuple):
    """`keys`: those looked at; the first that was given says where, and the first names the problem."""

    keys: tuple[str, ...]
    text: str


def shown(text: str) -> str:
    """A foreign text in quotes, cut, without control characters. Never for a secret."""
    cut = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
    return '"' + "".join(map(_visible, cut)) + '"'


def name(text: str) -> str:
    """A key's name as it is said in a problem: a name may be a secret that slipped to the wrong side."""
    if text.isascii() and text.replace("_", "").replace("-", "").isalnum() and len(text) <= LONGEST_SHOWN:
        return "sk-…" if text.startswith("sk-") else text
    return shown(text)


def meant(wrong: str, known: Iterable[str]) -> str:
    """` (did you mean x?)`, or nothing when no known word is near."""
    near = nearest(wrong, known)
    return f" (did you mean {near}?)" if near else ""


def nearest(wrong: str, known: Iterable[str]) -> str:
    """The known word that is most like the wrong one; empty when none is."""
    lower = wrong.lower()[:LONGEST_SHOWN]  # difflib's time grows with the square of the length
    return next(iter(get_close_matches(lower, list(known), n=1, cutoff=0.6)), "")


def _visible(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\u{ord(character):04x}"
