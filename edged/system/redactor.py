"""Masks secrets in everything that leaves the process: the journal, the control socket, the status for systemd.

Rules:
1. A service may send our own key back, in any field, as a name or as a value. So all text goes through here. Each known
   secret, plain or in a common encoding, becomes asterisks. Upper and lower case make no difference.
2. A value whose name says that it is secret (`x-api-key: abc`, `"token": "abc"`, `?password=abc`) is secret, however
   short. So is the part of an address before the @.
3. There is one list of secrets per process, as there is one log. It is bounded: if keys change, it holds the latest
   ones.
4. Without such a name, a text that is too short to be a key is not secret: it would be found in any sentence.
5. The names that edged's own code writes (own_names.py) stay as they are, even if one of them is also a secret. So does
   a value that is such a name (`OwnName`), also in a member that is called `key`.
"""

import html
import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from edged.causes import CAUSES
from edged.system.own_names import OwnName, is_ours

MASK = "********"
LEAST = 6  # characters
MOST = 64
CLOSE = 24  # characters between a name and its value
_LEAST_BASE64 = 7  # the certain part of the shortest secret when it is encoded inside a longer text
# Portkey is the name of a service, not of a key.
_WORDS = "(?<!port)key|token|secret|auth|passw|passphrase|pwd|cookie|credential"
_SECRET_NAME = re.compile(_WORDS, re.IGNORECASE)  # as edged/config/secret.py has it
_HEADER_PART = re.compile(
    r"(?:[a-z]*key|token|secret|auth|authorization|password|passwd|passphrase|pwd|cookie|credentials?)",
    re.IGNORECASE,
)
# A name, the text between, and the value: a header line, JSON, a repr, a query.
_PAIR = re.compile(
    rf"""
    (?P<head>
        (?<![\w-])(?P<name>[\w-]{{0,64}}?(?:{_WORDS})[\w-]{{0,64}})
        (?P<quote>\\?["'])? (?P<by>\s{{0,4}}[:=]\s{{0,4}}|(?<=["']),\s{{0,4}}) (?:b(?=["']))?
    )
    (?:
        (?P<text>\\?"(?:[^"\\]|\\[^"])*\\?"? | '(?:[^'\\]|\\.)*'?)
        | \[(?:[^\[\]]|\[[^\[\]]*\]?)*\]? | \((?:[^()]|\([^()]*\)?)*\)? | \{{(?:[^{{}}]|\{{[^{{}}]*\}}?)*\}}?
        | (?:(?:bearer|basic|digest|token)\s+)?(?:[^\s,;&"'}}\])\\]|\\(?![rn]))+
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_COOKIE = re.compile(r"(?i)((?<![\w.-])(?:set-)?cookie\s*:\s*)[^\r\n'\"]+")
_USER = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://)[^/\s?#\"'@]+@")


def is_secret(name: str) -> bool:
    """Whether a name says that its value is secret."""
    return _SECRET_NAME.search(name) is not None


class Redactor:
    """The secrets of one process. Any thread may call it."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}  # each secret with its encodings
        self._beside: dict[tuple[str, str], re.Pattern[str]] = {}  # by name and value
        self._forms: tuple[str, ...] = ()  # all encodings, the longest first, in lower case
        # wire/words.py knows what was said to and by the service. It sets these two, which remove that from a text:
        self.filter_own: Callable[[str], str] = str  # from edged's own text, such as that of a bug
        self.filter_service: Callable[[str], str] = str  # from the service's text
        self.quotes = False
        """Whether what was said is left in the texts, because the configuration asks for transcripts in the journal."""

    def add(self, secrets: Iterable[str]) -> None:
        """Add these secrets, from now on."""
        new = dict.fromkeys(text for text in secrets if len(text) >= LEAST)
        if new.keys() <= self._known.keys():
            return
        known = {text: forms for text, forms in self._known.items() if text not in new}
        known |= {text: frozenset(form.lower() for form in _forms(text)) for text in new}
        known = dict(list(known.items())[-MOST:])
        self._forms = tuple(
            sorted({form for forms in known.values() for form in forms}, key=len, reverse=True)
        )
        self._known = known

    def add_beside(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Mask each value near its name from now on, however short it is and whatever stands between them."""
        for name, value in pairs:
            if value and (name, value) not in self._beside:
                words = "[-_ ]?".join(map(re.escape, re.split("[-_ ]", name)))
                pattern = rf"((?<![^\W_]){words}(?![^\W_]).{{1,{CLOSE}}}?)(?<!\w){re.escape(value)}(?!\w)"
                self._beside[name, value] = re.compile(pattern, re.IGNORECASE | re.DOTALL)
        self._beside = dict(list(self._beside.items())[-MOST:])

    def redacted(self, text: str) -> str:
        """Return the text without secrets."""
        lower = text.lower()
        if found := [form for form in self._forms if form in lower]:
            text = re.sub("|".join(map(re.escape, found)), _masked, text, flags=re.IGNORECASE)
        if "://" in text:
            text = _USER.sub(rf"\1{MASK}@", text)
        for pattern in self._beside.values():
            text = pattern.sub(rf"\1{MASK}", text)
        if is_secret(text):
            text = _PAIR.sub(_unnamed, _COOKIE.sub(rf"\1{MASK}", text))
        return text

    def redacted_in(self, value: Any) -> Any:
        """The same for any JSON value, including its names. A value with a secret's name is masked whole."""
        return self._redacted_in(value, hidden=False)

    def _redacted_in(self, value: Any, *, hidden: bool) -> Any:
        match value:
            case OwnName():
                return str(value)
            case str():
                return MASK if hidden and value else self._named(value)
            case Mapping():
                return {
                    self._named(name) if isinstance(name, str) else name: self._redacted_in(
                        each, hidden=hidden or (isinstance(name, str) and is_secret(name))
                    )
                    for name, each in value.items()
                }
            case list() | tuple():
                return [self._redacted_in(each, hidden=hidden) for each in value]
            case _:
                return value

    def _named(self, text: str) -> str:
        return text if is_ours(text) else self.redacted(text)


def _masked(found: re.Match[str]) -> str:
    """Mask the match, unless it is part of one of our own names, such as a cause."""
    line, start, end = found.string, *found.span()
    while start and (line[start - 1].isalnum() or line[start - 1] == "_"):
        start -= 1
    while end < len(line) and (line[end].isalnum() or line[end] == "_"):
        end += 1
    return found[0] if (start, end) != found.span() and is_ours(line[start:end]) else MASK


def _unnamed(found: re.Match[str]) -> str:
    """Mask the value of a pair, unless it is one of our own lines (`key_refused: …`) or a number of tokens."""
    name, whole = found["name"], found[0]
    value = whole[len(found["head"]) :]
    if value[0] == "{" and is_ours(name):  # the details of a token count
        return found["head"] + _PAIR.sub(_unnamed, value)
    if found["quote"] is None and found["by"].strip() == ":":
        if (
            name in CAUSES
            or name.startswith("EDGED_")
            or found.string[found.start() - 1 : found.start()] == "."
        ):
            return whole
        if not ("-" in name or any(_HEADER_PART.fullmatch(part) for part in name.split("_"))):
            return whole
        if name.isalpha() and value.isalpha() and found.string[found.end() : found.end() + 1] == " ":
            return whole  # prose: "the key: check it"
    if value.isdecimal() and "tokens" in name.lower():
        return whole
    mark = found["text"][:1] if found["text"] is not None and found["text"][:1] in "\"'" else ""
    return f"{found['head']}{mark}{MASK}{mark}"


def _forms(text: str) -> Iterator[str]:
    """Yield a secret as it is, and as libraries, logs and gateways write it."""
    raw = text.encode(errors="surrogatepass")
    for plain in {text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)}:
        yield plain
        yield from (quote(plain, safe="", errors="replace"), quote(plain, safe="/", errors="replace"))
        yield quote_plus(plain, errors="replace")
        yield from (json.dumps(plain)[1:-1], json.dumps(plain).replace("/", "\\/")[1:-1])
        yield from (repr(plain)[1:-1], json.dumps(json.dumps(plain))[3:-3], html.escape(plain))
    yield from (re.sub(r"\W", mark, text) for mark in "_-")  # as part of a name
    yield from (raw.decode("latin-1"), repr(raw)[2:-1], raw.hex())
    yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[str]:
    """Yield the base64 of the text alone, and the part that is the same inside a longer text, such as `user:key`."""
    yield b64encode(raw).decode().rstrip("=")
    for before in range(3):
        coded = b64encode(bytes(before) + raw).decode()
        sure = coded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        if len(sure) >= _LEAST_BASE64:
            yield sure
            yield sure.replace("+", "-").replace("/", "_")


REDACTOR = Redactor()
