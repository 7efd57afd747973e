"""Tells whether an answer asks something back, by the question mark at its end. Pure.

Rules:
1. A question mark of any script counts, also with other marks, quotes, brackets or pictures around it.
2. Greek ends a question with a semicolon. Armenian puts its mark inside the last sentence.
3. A language that has no question mark (Thai, Lao, Khmer) asks nothing here, and so does an answer without a text.
"""

import unicodedata

_MARKS = frozenset(
    "?"
    "\u037e"  # Greek
    "\u061f"  # Arabic, and the scripts that use its marks
    "\u1367"  # Ethiopic
    "\u1945"  # Limbu
    "\u203d\u2047\u2048\u2049"  # with another mark
    "\u2cfa\u2cfb"  # Coptic
    "\u2e2e\u2e54"  # reversed, medieval
    "\ua60f\ua6f7"  # of West Africa
    "\ufe16\ufe56\uff1f"  # the forms of East Asia
    "\U00011143"  # Chakma
    "\u2753\u2754"  # pictures
)
_ARMENIAN = "\u055e"
_ARMENIAN_STOPS = "\u0589:"
_GREEK_SEMICOLON = ";"


def asks_back(text: str) -> bool:
    """Whether the text ends with a question."""
    end = text.rstrip()
    while end and not end[-1].isalnum() and not unicodedata.category(end[-1]).startswith("M"):
        if end[-1] in _MARKS or (end[-1] == _GREEK_SEMICOLON and _is_greek(end)):
            return True
        end = end[:-1]
    return _ARMENIAN in _last_sentence(end)


def _is_greek(text: str) -> bool:
    """Whether the last letter of the text is Greek."""
    letter = next((each for each in reversed(text) if each.isalpha()), None)
    return letter is not None and unicodedata.name(letter, "").startswith("GREEK")


def _last_sentence(text: str) -> str:
    for stop in _ARMENIAN_STOPS:
        text = text.rpartition(stop)[2]
    return text
