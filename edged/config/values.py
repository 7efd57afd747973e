"""Converts a written text into the value of its key.

Rules:
- A number is written in plain decimal digits. `012`, `1:30`, `0x1f`, `1_000` and `.inf` mean one thing to YAML 1.1
  and another to most people, so they are refused; the problem says what YAML would read.
- A text that YAML reads as something else (`on`, `5`, `~`) needs quotes. A choice does not: its words are
  known, and `backend: null` can only mean the backend.
- A switch accepts true, false, yes, no, on and off, because they can mean nothing else.
- Text from the environment and from --set has no quotes; the kind of the key decides how it is read.
- No problem repeats the text of a secret.
"""

import math
import re
from typing import NoReturn

import yaml

from edged.config.document import NOTHING, Listed, Refused, Scalar, Table, Tree
from edged.config.keys import Key, Kind
from edged.config.part import MOST_NAMES
from edged.config.problem import meant, shown
from edged.config.secret import MASK, Secret

_SWITCHES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_NUMBER_LIKE = re.compile(r"[-+.]?[0-9][0-9a-fxA-FX_:.]*|[-+]?\.(inf|nan)", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"0[0-9]{1,17}")
_MOST_DIGITS = 18  # more is outside every bound, and Python refuses to convert thousands of digits
_LONGEST_SECRET = 4096
_MANY_LINES = "instructions"  # the only text that may have line breaks


class UnfitError(Exception):
    """The value does not fit; the message says why, and what would fit."""


class TooNewError(UnfitError):
    """This release of edged does not know the version."""


def value(key: Key, tree: Tree) -> object:
    """The value of a key.

    Raises:
        UnfitError: the value does not fit; the message is empty if it has been reported already.
    """
    if isinstance(tree, Refused):
        raise UnfitError
    if isinstance(tree, Listed) and key.kind is Kind.NAMES:
        return _names(key, tree)
    if not isinstance(tree, Scalar):
        raise UnfitError(
            f"must be {key.kind.value}, not a {'group of keys' if isinstance(tree, Table) else 'list'}"
        )
    match key.kind:
        case Kind.VERSION:
            return _version(key, tree)
        case Kind.CHOICE:
            return _choice(key, tree)
        case Kind.WHOLE | Kind.NUMBER:
            return _number(key, tree)
        case Kind.SWITCH:
            return _switch(tree)
        case Kind.SECRET | Kind.SECRETS:
            return secret(tree)
        case Kind.TEXT | Kind.TEXTS | Kind.NAMES | Kind.PARTS:
            return text(
                tree, key.low, 1000 if key.kind is Kind.TEXTS else key.high, lines=key.path[-1] == _MANY_LINES
            )


def text(scalar: Scalar, shortest: float, longest: float, *, lines: bool = False) -> str:
    """A text of `shortest` to `longest` characters."""
    if scalar.reading == NOTHING:
        raise UnfitError('no value (leave the line out, or write "")')
    if scalar.reading:
        quoted = shown(scalar.text)
        raise UnfitError(f"without quotes YAML reads {quoted} as {scalar.reading} (write it with quotes)")
    _characters(scalar.text, lines=lines)
    if len(scalar.text) < shortest:
        raise UnfitError("is empty (leave the line out for the default)")
    if len(scalar.text) > longest:
        raise UnfitError(f"has {len(scalar.text)} characters (at most {longest:.0f})")
    return scalar.text


def _names(key: Key, listed: Listed) -> tuple[str, ...]:
    """A list of texts, in order of preference."""
    if not 0 < len(listed.items) <= MOST_NAMES:
        raise UnfitError(f"has {len(listed.items)} entries (write a list of 1 to {MOST_NAMES}, or one name)")
    found = []
    for item in listed.items:
        if isinstance(item, Refused):
            raise UnfitError
        if not isinstance(item, Scalar):
            raise UnfitError("every entry of the list must be text")
        found.append(text(item, key.low, key.high))
    return tuple(found)


def secret(scalar: Scalar) -> Secret:
    """A secret; the problem does not repeat it."""
    if scalar.reading == NOTHING:
        raise UnfitError('no value (leave the line out, or write "")')
    if scalar.reading:
        raise UnfitError(f"without quotes YAML reads it as {scalar.reading} (write it with quotes)")
    if scalar.text == MASK:
        raise UnfitError(
            "is the row of asterisks that edged shows instead of a secret (write the secret itself)"
        )
    if not (scalar.text.isascii() and scalar.text.isprintable()):
        raise UnfitError(
            "has characters that no secret has (remove line breaks, control characters and letters beyond ASCII)"
        )
    if len(scalar.text) > _LONGEST_SECRET:
        raise UnfitError(f"has {len(scalar.text)} characters (at most {_LONGEST_SECRET})")
    return Secret(scalar.text)


def _characters(written: str, *, lines: bool) -> None:
    for character in written:
        if "\ud800" <= character <= "\udfff":
            raise UnfitError(
                "has half of a character (a \\u escape of D800 to DFFF: use \\U with eight digits)"
            )
        if character in "\n\t" and lines:
            continue
        if character < " " or "\x7f" <= character <= "\x9f" or character in "\u2028\u2029":
            raise UnfitError(f"has the control character U+{ord(character):04X} (remove it)")


def _version(key: Key, scalar: Scalar) -> int:
    wanted = f"(write version: {key.high:.0f})"
    if not (scalar.plain and _WHOLE.fullmatch(scalar.text)):
        raise UnfitError(f"must be a whole number {wanted}")
    if len(scalar.text) > _MOST_DIGITS or int(scalar.text) > key.high:
        newest = f"this edged reads up to version {key.high:.0f}"
        raise TooNewError(f"is too new: {newest} (update edged, or use a file of version {key.high:.0f})")
    if int(scalar.text) < 1:
        raise UnfitError(f"this version does not exist {wanted}")
    return int(scalar.text)


def _choice(key: Key, scalar: Scalar) -> str:
    if scalar.text in key.choices:
        return scalar.text
    if key.switch is not None and scalar.text.lower() in _SWITCHES:
        return key.switch[_SWITCHES[scalar.text.lower()]]
    among = ", ".join(key.choices)
    if scalar.reading == NOTHING:
        raise UnfitError(f"no value (write one of {among})")
    note = f"; without quotes YAML reads it as {scalar.reading}" if scalar.reading else ""
    hint = meant(scalar.text, key.choices) or f" (write one of {among}{note})"
    raise UnfitError(f"{shown(scalar.text)} is not a possible value{hint}")


def _number(key: Key, scalar: Scalar) -> float | None:
    written = scalar.text
    if key.optional and scalar.reading == NOTHING:
        return None
    if not (_WHOLE if key.kind is Kind.WHOLE else _NUMBER).fullmatch(written):
        _no_number(key, scalar)
    if not scalar.plain:
        raise UnfitError(f"{shown(written)} in quotes is text (remove the quotes)")
    if len(written) > _MOST_DIGITS:
        raise UnfitError(f"has too many digits ({_bounds(key)})")
    number: float = int(written) if key.kind is Kind.WHOLE else float(written)
    if not key.low <= number <= key.high:
        side = "more than" if number > key.high else "less than"
        bound = key.high if number > key.high else key.low
        raise UnfitError(f"{written} is {side} {bound:g} ({_bounds(key)})")
    return number


def _no_number(key: Key, scalar: Scalar) -> NoReturn:
    written = scalar.text
    if scalar.reading == NOTHING:
        raise UnfitError(f"no value ({_bounds(key)})")
    if scalar.plain and _NUMBER.fullmatch(written):
        raise UnfitError(f"{shown(written)} is not a whole number ({_bounds(key)})")
    right = ""
    if scalar.plain and _LEADING_ZERO.fullmatch(written):
        right = f"write {int(written)}; "  # YAML reads 08 as text, and 010 as 8
    if scalar.plain and (other := _surprise(written)):
        raise UnfitError(
            f"YAML reads {shown(written)} as {other} ({right or 'write plain digits; '}{_bounds(key)})"
        )
    raise UnfitError(f"{shown(written)} is not {key.kind.value} ({right}{_bounds(key)})")


def _surprise(written: str) -> str:
    """How YAML 1.1 reads a text that looks like a number but is not one for us; empty: not as a number."""
    if len(written) > _MOST_DIGITS or not _NUMBER_LIKE.fullmatch(written):
        return ""
    try:
        found = yaml.safe_load(written)
    except (yaml.YAMLError, ValueError, OverflowError):
        return ""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return ""
    return f"{found:.18g}" if math.isfinite(found) else "a special value"


def _bounds(key: Key) -> str:
    good = f"; {key.good}" if key.good else ""
    return f"{key.low:g} to {key.high:g}{good}"


def _switch(scalar: Scalar) -> bool:
    if scalar.reading == NOTHING:
        raise UnfitError("no value (write true or false)")
    switch = _SWITCHES.get(scalar.text.lower())
    if switch is None:
        raise UnfitError(f"must be true or false, not {shown(scalar.text)}")
    if not scalar.plain:
        raise UnfitError(f"{shown(scalar.text)} in quotes is text (remove the quotes)")
    return switch
