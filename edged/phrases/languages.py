"""The tags of languages, such as `de-AT`, and the language in which one is spoken. Pure.

Rules:
1. A tag is one of BCP 47 (RFC 5646, section 2.1) whose first part is a code of ISO 639, such as `de` or `pt-BR`. A
   name such as `German` fits the grammar of the RFC, but no such tag is registered: a code has two or three letters.
2. Capitals make no difference. In the name of a folder, `_` counts as `-` (`plain`).
3. A language for the whole tag comes first, then one for a shorter beginning of it: `de-AT`, then `de`.
"""

import re
from collections.abc import Collection, Iterator

_TAG = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}"  # the language, and what extends it
    r"(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # script, region, variants
    r"(-[a-wyz0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?",  # extensions, and what is private
    re.IGNORECASE,
)


def plain(tag: str) -> str:
    """Return the tag as folders are named."""
    return tag.strip().lower().replace("_", "-")


def is_tag(text: str) -> bool:
    """Whether this is a tag as it stands."""
    return text.isascii() and _TAG.fullmatch(text) is not None


def beginnings(tag: str) -> Iterator[str]:
    """Yield the tag and its shorter beginnings, the longest first."""
    parts = plain(tag).split("-")
    return ("-".join(parts[:n]) for n in range(len(parts), 0, -1))


def spoken_as(tag: str, languages: Collection[str]) -> str | None:
    """Return the one of `languages` in which `tag` is spoken; None: there is none."""
    return next((each for each in beginnings(tag) if each in languages), None)
