"""Finds the language in which a tag such as `de-AT` is spoken. Pure.

Rules:
1. A tag is one of BCP 47, such as `de` or `pt-BR`; capitals make no difference, and `_` counts as `-`.
2. A language for the whole tag comes first, then one for a shorter beginning of it: `de-AT`, then `de`.
"""

import re
from collections.abc import Collection

_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")


def plain(tag: str) -> str:
    """Return the tag as folders are named."""
    return tag.strip().lower().replace("_", "-")


def is_tag(tag: str) -> bool:
    """Whether this may be a tag."""
    return _TAG.fullmatch(plain(tag)) is not None


def spoken_as(tag: str, languages: Collection[str]) -> str | None:
    """Return the one of `languages` in which `tag` is spoken; None: there is none."""
    parts = plain(tag).split("-")
    tries = ("-".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((each for each in tries if each in languages), None)
