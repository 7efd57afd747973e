"""Extracts the words from the body of a refusal, in the formats of services, gateways and firewalls. Pure.

It reads errors as JSON (OpenAI, Azure, Google, Portkey, LiteLLM, FastAPI, Cloudflare's API, problem+json), as XML, as
plain text, and as a web page, of which only the title counts. The result is the service's text and must not be shown
as it is: it has to pass wire/words.py first.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from edged.dial.http_answer import MOST_BODY, HttpAnswer

FIREWALL = "firewall page"  # the type of a firewall's answer
MOST_WORDS = 1000  # characters of a message; usually it is a sentence or two
MOST_CODE = 64
_MOST_LEAVES = 8  # texts that are taken from a JSON document with none of the names below
_MOST_DEPTH = 4
_BETWEEN = (
    "error",
    "errors",
    "detail",
    "details",
    "fault",
    "response",
    "message",
    "inner_error",
    "innererror",
)
_MESSAGES = (
    "message", "error_description", "detail", "msg", "errormessage", "error_message", "error_msg", "faultstring",
    "description", "reason", "title", "error", "errors",
)  # fmt: skip
_CODES = ("code", "error_code", "errorcode", "status_code", "errcode")
_NOTHING = frozenset({"", "none", "null", "undefined"})
_PAIR = re.compile(r'"(\w{1,40})"\s{0,9}:\s{0,9}"((?:[^"\\]|\\.){1,2000})', re.DOTALL)
_ELEMENT = re.compile(r"<(code|message)>([^<]{1,2000})", re.IGNORECASE)
# Texts that firewalls have in their pages, whatever the title says.
_OF_FIREWALLS = re.compile(
    r"challenge-platform|_?cf[_-]chl|edgesuite\.net|incapsula|imperva|datadome|captcha|sucuri|support id|cf-error-code",
    re.IGNORECASE,
)
_TITLES = tuple(
    re.compile(rf"<{name}\b[^>]{{0,500}}>(.{{1,2000}}?)(?:</{name}|\Z)", re.IGNORECASE | re.DOTALL)
    for name in ("title", "h1", "h2")
)
_UNSEEN = re.compile(
    r"<(script|style|head)\b.{0,9000}?(?:</\1\s{0,9}>|\Z)|<!--.{0,9000}?(?:-->|\Z)", re.IGNORECASE | re.DOTALL
)
_CHALLENGE = re.compile(
    r'\berror="?(?P<code>\w{1,64})"?(?:.{0,200}?\berror_description="(?P<message>[^"]{1,300})")?',
    re.IGNORECASE,
)
_LAST = re.compile(r"[^\s<>\"]+\Z")
_TAG = re.compile(r"<[^>]{0,2000}(?:>|\Z)")


@dataclass(frozen=True, slots=True)
class ServiceWords:
    """A service's own words: the code and the type of an error, and its message."""

    message: str = ""
    code: str = ""
    type: str = ""

    def __bool__(self) -> bool:
        return bool(self.message or self.code or self.type)

    @property
    def text(self) -> str:
        """The message, followed by the code where the message does not contain it."""
        name = self.code or ("" if self.message else self.type)
        if not name or name.isdecimal() or name in self.message:
            return self.message
        return f"{self.message} ({name})" if self.message else name


def words_of(answer: HttpAnswer, *, whole: bool = True) -> ServiceWords:
    """The words of an answer: from its body, else from its headers, else from the reason phrase."""
    body = answer.body
    said = said_in(body, answer.header("content-type"), cut=not whole or len(body) >= MOST_BODY)
    if not said.message and (found := _CHALLENGE.search(answer.header("www-authenticate"))) is not None:
        said = ServiceWords(found["message"] or "", said.code or found["code"] or "", said.type)
    if not said.message and not said.code:
        said = ServiceWords(answer.phrase, "", said.type)
    return ServiceWords(said.message, said.code, FIREWALL) if answer.header("cf-mitigated") else said


def said_in(body: bytes, content_type: str = "", *, cut: bool = False) -> ServiceWords:
    """The words of a body. `cut`: the body is incomplete."""
    text = _decoded(body, content_type).strip()
    if cut:
        text = _LAST.sub("", text)  # the filter could not recognise half a key
    if not text:
        return ServiceWords()
    if text[0] in "{[":
        return _of_json(text)
    if text[0] == "<":
        return _of_markup(text)
    return ServiceWords(_short(text))


def _decoded(body: bytes, content_type: str) -> str:
    charset = content_type.lower()
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or "utf-16" in charset:
        return body.decode("utf-16", errors="replace")
    latin = "iso-8859-1" in charset or "windows-1252" in charset
    return body.decode("cp1252" if latin else "utf-8-sig", errors="replace")


def _of_json(text: str) -> ServiceWords:
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        pairs: dict[str, str] = {}
        for name, value in _PAIR.findall(text):  # the JSON is cut off or malformed
            pairs.setdefault(name.lower(), _unescaped(value))
        return _of_fields(pairs) if pairs else ServiceWords(_short(text))
    found = _errors(document)
    return found or ServiceWords(_short("; ".join(_leaves(document))))


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _errors(value: Any, depth: int = 0) -> ServiceWords:
    """The innermost message, and the innermost code and type on the way to it."""
    if isinstance(value, list):
        value = next((each for each in value if isinstance(each, dict | str)), None)
    if isinstance(value, str):
        return ServiceWords(_short(value))
    if not isinstance(value, dict) or depth > _MOST_DEPTH:
        return ServiceWords()
    fields = {str(name).lower(): inner for name, inner in value.items()}
    outer = _of_fields(fields)
    for name in _BETWEEN:
        if isinstance(fields.get(name), dict | list) and (inner := _errors(fields[name], depth + 1)):
            return ServiceWords(
                inner.message or outer.message, inner.code or outer.code, inner.type or outer.type
            )
    return outer


def _of_fields(fields: dict[str, Any]) -> ServiceWords:
    message = next((value for name in _MESSAGES if (value := _text(fields.get(name)))), "")
    code = next((value for name in _CODES if (value := _text(fields.get(name), MOST_CODE))), "")
    other = _text(fields.get("error"), MOST_CODE)
    if not code and other and other != message and " " not in other:
        code = other  # OAuth's format: a name in `error`, and a description in another field
    if code and " " in code and other and other not in (code, message):
        message, code = f"{code}: {message}", ""
    status = _text(fields.get("status"), MOST_CODE)
    kind = _text(fields.get("type"), MOST_CODE) or ("" if status.isdecimal() else status)
    return ServiceWords(message, code, "" if "/" in kind else kind)  # problem+json has a URL as its type


def _text(value: Any, most: int = MOST_WORDS) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    return "" if text.casefold() in _NOTHING else _short(text, most)


def _leaves(document: Any) -> Iterable[str]:
    """The first texts in a JSON document, whatever their names."""

    def each(value: Any, depth: int) -> Iterator[str]:
        if isinstance(value, str) and value.strip():
            yield value
        elif depth <= _MOST_DEPTH and isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from each(inner, depth + 1)

    return [text for text, _ in zip(each(document, 0), range(_MOST_LEAVES), strict=False)]


def _of_markup(text: str) -> ServiceWords:
    elements = {name.lower(): html.unescape(value).strip() for name, value in _ELEMENT.findall(text)}
    if "message" in elements:
        return ServiceWords(_short(elements["message"]), _short(elements.get("code", ""), MOST_CODE))
    kind = FIREWALL if _OF_FIREWALLS.search(text) else ""
    for title in _TITLES:
        if (found := title.search(text)) is not None and (words := _bare(found[1])):
            return ServiceWords(_short(words), type=kind)
    return ServiceWords(_short(_bare(_UNSEEN.sub(" ", text))), type=kind)


def _bare(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def _short(text: str, most: int = MOST_WORDS) -> str:
    """The text on one line, cut after a whole word where it is long: the filter could not recognise half a key."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[:most].rpartition(" ")[0]
