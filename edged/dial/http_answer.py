"""Reads as much of an HTTP answer as has come: enough to understand a refusal without its end. Pure.

The WebSocket library returns only complete, well-formed answers. Some gateways send a refusal without a length and
never close, or compressed, or in HTTP/1.0, or with a wrong length. Its status and its words can be read nevertheless.
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus

MOST_HEAD = 64 * 2**10  # bytes; the library accepts more, but no service sends more
MOST_BODY = 8 * 2**10  # bytes; enough for a reason, and for the title of a page
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? ([1-5]\d\d)(?: ([^\r\n]*))?\r?\n")
_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[^\r\n]{0,200}\r?\n")
_INFLATED = {"gzip": 31, "x-gzip": 31, "deflate": 47}  # zlib's number for each content coding


class HttpAnswer:
    """Call `feed` with the bytes that come. Its memory is bounded, also after decompression."""

    def __init__(self) -> None:
        self._raw = bytearray()
        self._head: tuple[int, str, Mapping[str, str], int] | None = None

    @classmethod
    def read(cls, status: int, phrase: str, headers: Iterable[tuple[str, str]], body: bytes) -> "HttpAnswer":
        """An answer that a library has read already, with its chunks joined."""
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
        """None where it is not HTTP, or its head is not complete yet."""
        return self._head[0] if self._head else None

    @property
    def refuses(self) -> bool:
        """Whether it is an answer that does not accept the connection."""
        return self.status is not None and self.status != HTTPStatus.SWITCHING_PROTOCOLS

    @property
    def phrase(self) -> str:
        """The reason phrase; empty where it is the usual one for the status."""
        if self._head is None:
            return ""
        status, phrase = self._head[:2]
        return "" if phrase.casefold() == usual_phrase(status).casefold() else phrase

    @property
    def is_enough(self) -> bool:
        """Whether the body has reached `MOST_BODY`: further bytes would not be read."""
        return self._head is not None and len(self._raw) - self._head[3] >= MOST_BODY

    def header(self, name: str) -> str:
        """The first header of this name, which is in lower case; empty where there is none."""
        return self._head[2].get(name, "") if self._head else ""

    @property
    def body(self) -> bytes:
        """At most `MOST_BODY` bytes of the decoded body; empty where its content coding is unknown."""
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
    """Status, phrase, headers by their names in lower case, and the offset of the body."""
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
    """The chunks that have come, joined; the last one may be incomplete."""
    out, at = b"", 0
    while (found := _CHUNK.match(raw, at)) is not None and (size := int(found[1], 16)):
        out += raw[found.end() : found.end() + size]
        at = found.end() + size
        at += 2 if raw[at : at + 2] == b"\r\n" else 1
    return out


def _inflated(raw: bytes, window: int) -> bytes:
    """The decompressed beginning, at most `MOST_BODY` bytes, however large the whole would be."""
    for bits in (window, -15):  # deflate has two forms, and services use both
        try:
            return zlib.decompressobj(bits).decompress(raw, MOST_BODY)
        except zlib.error:
            continue
    return b""
