"""A text that appears as asterisks wherever it is printed, logged or formatted."""

import re
from typing import NoReturn

MASK = "********"
_NAME = re.compile("(?<!port)key|token|secret|auth|passw|passphrase|pwd|cookie|credential", re.IGNORECASE)


def is_secret(name: str) -> bool:
    """Whether the name of a header or a parameter suggests a secret value (as in edged/system/redactor.py)."""
    return _NAME.search(name) is not None


class Secret:
    """A key or a token; false if empty. Only `reveal()` returns the text, for the code that sends it."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return MASK if self._text else "''"

    def __str__(self) -> str:
        return MASK if self._text else ""

    def __format__(self, spec: str) -> str:
        return str(self)  # the spec is ignored: one like "r" must not raise in a log line

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")  # that would carry the text along
