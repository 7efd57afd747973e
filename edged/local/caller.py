"""Reads what a request says about its client, in every place where clients put it. Pure.

A web page can reach everything that its visitor's machine can reach, so it can reach this service too. The browser
then says where the page comes from, in `Origin`. A page from this machine is treated like a program on this machine.
All other pages are foreign.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from edged.hosts import is_loopback
from edged.wire import BETA_HEADER, BETA_PROTOCOL, KEY_PROTOCOL, Dialect

_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Caller:
    """One request. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, list[str]]

    @classmethod
    def of(cls, method: str, target: str, headers: Iterable[tuple[str, str]]) -> "Caller":
        """Raises ValueError if the target cannot be parsed as a URL."""
        address = urlsplit(target)
        found: dict[str, list[str]] = {}
        for name, value in headers:
            found.setdefault(name.lower(), []).append(value)
        return cls(method, address.path, parse_qs(address.query), found)

    @property
    def opens(self) -> bool:
        """Whether it asks for a WebSocket."""
        return self.method == "GET" and "upgrade" in self.headers

    @property
    def protocols(self) -> list[str]:
        """The subprotocols that the client offers."""
        offered = ",".join(self.headers.get("sec-websocket-protocol", []))
        return [name.strip() for name in offered.split(",") if name.strip()]

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys in the request; some clients send a wrong key beside the right one."""
        return keys_of(
            {name: values[0] for name, values in self.headers.items()},
            self.protocols,
            {name: values[0] for name, values in self.query.items()},
        )

    @property
    def transcribes(self) -> bool:
        """Whether it asks for a session that only transcribes."""
        return self.query.get("intent") == ["transcription"]

    @property
    def is_page(self) -> bool:
        """Whether the key is a subprotocol. Web pages have no other way, and cannot see an HTTP status."""
        return any(name.startswith(KEY_PROTOCOL) for name in self.protocols)

    @property
    def is_foreign(self) -> bool:
        return not all(_is_here(origin) for origin in self.headers.get("origin", []))

    @property
    def dialect(self) -> Dialect:
        name, value = BETA_HEADER
        beta = value in [each.strip() for each in self.headers.get(name.lower(), [])]
        return Dialect.BETA if beta or BETA_PROTOCOL in self.protocols else Dialect.GA


def keys_of(headers: Mapping[str, str], protocols: list[str], query: Mapping[str, str]) -> tuple[str, ...]:
    """The keys in a request, in every place where a client may put one. Header names are in lower case."""
    authorization = headers.get("authorization", "").strip()
    if authorization.lower().startswith(_BEARER):
        authorization = authorization[len(_BEARER) :]
    found = [
        authorization.strip(),
        headers.get("api-key", ""),
        headers.get("x-portkey-api-key", ""),
        query.get("api-key", ""),
        *(name.removeprefix(KEY_PROTOCOL) for name in protocols if name.startswith(KEY_PROTOCOL)),
    ]
    return tuple(key for key in found if key)


def _is_here(origin: str) -> bool:
    """Whether a page comes from this machine. One with the origin `null` may come from anywhere."""
    try:
        host = urlsplit(origin).hostname or ""
        # Browsers resolve names under .localhost to this machine only.
        return is_loopback(host) or host.endswith(".localhost")
    except ValueError:
        return False
