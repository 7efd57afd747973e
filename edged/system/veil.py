"""Keeps what is secret out of what leaves the process: the journal, and what is told on the control socket.

Rules:
1. A service may say our own key back to us, in an error or as the reason of a close. So all text goes through here, and
   each known secret in it, as it is or as it is commonly encoded, becomes asterisks.
2. The list is the process's own, as its log is. It is bounded: of keys that change, the last are known.
3. What is too short to be a key is no secret: it would be found in any sentence.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

MASK = "********"
LEAST = 6  # characters
MOST = 64


class Veil:
    """The secrets of one process; any thread."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()
        self._pattern: re.Pattern[str] | None = None

    def conceal(self, secrets: Iterable[str]) -> None:
        """From now on these are secret, too."""
        new = dict.fromkeys(text for text in secrets if len(text) >= LEAST)
        if new.keys() <= set(self._known):
            return
        known = (*(text for text in self._known if text not in new), *new)[-MOST:]
        forms = {form for text in known for form in _forms(text)}
        self._pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))
        self._known = known

    def veiled(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub(MASK, text) if self._pattern is not None else text

    def veiled_in(self, value: Any) -> Any:
        """The same for all texts in what JSON can hold; names of keys are ours."""
        match value:
            case str():
                return self.veiled(value)
            case Mapping():
                return {name: self.veiled_in(each) for name, each in value.items()}
            case list() | tuple():
                return [self.veiled_in(each) for each in value]
            case _:
                return value


def _forms(text: str) -> set[str]:
    encoded = b64encode(text.encode()).decode().rstrip("=")
    return {text, quote(text, safe=""), json.dumps(text)[1:-1], repr(text)[1:-1], encoded}


VEIL = Veil()
