"""What somebody meant who has misspelt a verb, an option or a command. Pure."""

import argparse
from collections.abc import Iterable, Sequence

_LIKE = 0.6


def meant(word: str, among: Iterable[str]) -> str:
    """Words for the end of a message that name the nearest one; empty: none is near."""
    import difflib

    names = list(among)
    near = difflib.get_close_matches(word, names, n=1, cutoff=_LIKE) or [
        name for name in names if len(word) > 1 and name.startswith(word)
    ]
    return f" (did you mean {near[0]}?)" if near else ""


def options_meant(parser: argparse.ArgumentParser, words: Sequence[str]) -> str:
    """The same for options that a parser does not know."""
    import re

    options = re.findall(r"(?<![\w-])--?\w[\w-]*", parser.format_usage())
    found = (
        meant(word.partition("=")[0], options) for word in words if word.startswith("-") and len(word) > 1
    )
    return next(filter(None, found), "")


def parser_of(top: argparse.ArgumentParser, verbs: Iterable[str]) -> argparse.ArgumentParser:
    """The parser of this verb, and of the one below it, as far as there are such."""
    found = top
    for verb in verbs:
        below = verbs_of(found)
        if verb not in below:
            break
        found = below[verb]
    return found


def verbs_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The verbs below a parser."""
    below = getattr(parser, "below", None)
    return dict(below.choices) if below is not None else {}
