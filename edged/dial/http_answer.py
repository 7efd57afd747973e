"""What came of an HTTP answer, as far as it came: enough to tell a refusal by, whatever became of the rest. Pure.

The WebSocket library hands an answer over only when it is whole and well made. Gateways send their refusals without a
length and never close, compressed, in HTTP/1.0, longer than they said or shorter: the status and the words are there
all the same.
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus

MOST_HEAD = 64 * 2**10  # bytes; the library takes more, which no service sends
MOST_BODY = 8 * 2**10  # a reason fits; a page has its title at its beginning
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? ([1-5]\d\d)(?: ([^\r\n]*))?\r?\n")
_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[^\r\n]{0,200}\r?\n")
_INFLATED = {"gzip": 31, "x-gzip": 31, "deflate": 47}  # by content coding, what zlib calls it


class HttpAnswer:
    """Feed it what comes; memory is bounded, and so is what is made of it."""

    def __init__(self) -> None:
        self._raw = bytearray()
        self._head: tuple[int, str, Mapping[str, str], int] | None = None

    @classmethod
    def read(cls, status: int, phrase: str, headers: Iterable[tuple[str, str]], body: bytes) -> "HttpAnswer":
        """One that a library has read, and taken out of its chunks."""
        answer = cls()
        found = {name.lower(): value for name, value in headers}
        found.pop("transfer-encoding", None)
        answer._head = (status, phrase, found, 0)
        answer._raw += body[: MOST_BODY + 1]
        return answer

    def feed(self, data: bytes) -> None:
        if (room := MOST_HEAD + MOST_BODY - len(self._raw)) > 0:
            self._raw += data[:room]
        if self._head is None and (end := _END.search(self._raw)) is not None:
            self._head = _head_of(bytes(self._raw[: end.start()]), end.end())

    @property
    def status(self) -> int | None:
        """None: it is no HTTP, or its head is not whole yet."""
        return self._head[0] if self._head else None

    @property
    def refuses(self) -> bool:
        """It is an answer, and not the one that lets us in."""
        return self.status is not None and self.status != HTTPStatus.SWITCHING_PROTOCOLS

    @property
    def phrase(self) -> str:
        """What stands behind the status, where it is not what always does."""
        if self._head is None:
            return ""
        status, phrase = self._head[:2]
        return "" if phrase.casefold() == usual_phrase(status).casefold() else phrase

    @property
    def is_enough(self) -> bool:
        """Nothing that still comes would be read."""
        return self._head is not None and len(self._raw) - self._head[3] >= MOST_BODY

    def header(self, name: str) -> str:
        """The first of this name, in small letters; empty where there is none."""
        return self._head[2].get(name, "") if self._head else ""

    @property
    def body(self) -> bytes:
        """As much as is read of it, without its codings; empty where one of them is not known."""
        if self._head is None:
            return b""
        raw = bytes(self._raw[self._head[3] :])
        if "chunked" in self.header("transfer-encoding").lower():
            raw = _joined(raw)
        elif self.header("content-length").isdecimal():
            raw = raw[: int(self.header("content-length")[:9])]
        coding = self.header("content-encoding").strip().lower()
        if coding in ("", "identity"):
            return raw[:MOST_BODY]
        return _inflated(raw, _INFLATED[coding]) if coding in _INFLATED else b""


def usual_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _head_of(head: bytes, end: int) -> tuple[int, str, Mapping[str, str], int] | None:
    """Status, phrase, headers by their names in small letters, and where the body begins."""
    found = _STATUS.match(head + b"\r\n")
    if found is None:
        return None
    headers: dict[str, str] = {}
    for line in head[found.end() :].decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return int(found[1]), (found[2] or b"").decode("latin-1").strip(), headers, end


def _joined(raw: bytes) -> bytes:
    """The chunks that are there, the last perhaps in part."""
    out, at = b"", 0
    while (found := _CHUNK.match(raw, at)) is not None and (size := int(found[1], 16)):
        out += raw[found.end() : found.end() + size]
        at = found.end() + size
        at += 2 if raw[at : at + 2] == b"\r\n" else 1
    return out


def _inflated(raw: bytes, window: int) -> bytes:
    """Its beginning; never more than is read, however much it would become."""
    for bits in (window, -15):  # deflate has two forms, and services send both
        try:
            return zlib.decompressobj(bits).decompress(raw, MOST_BODY)
        except zlib.error:
            continue
    return b""
