"""Builds the address of a connection or a call from a base URL, and protects keys on the way. Pure.

Rules:
1. A path is added to the path of the base URL; the query of the base URL is kept and extended.
2. http and ws are the same scheme, and so are https and wss.
3. Anything that looks like a key leaves this machine encrypted or not at all.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from edged.hosts import is_loopback
from edged.realtime.errors import InsecureURLError

REALTIME = "realtime"
SESSIONS = "realtime/sessions"
CLIENT_SECRETS = "realtime/client_secrets"

_SCHEMES = {
    "ws": {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"},
    "http": {"http": "http", "https": "https", "ws": "http", "wss": "https"},
}
_OF_A_KEY = re.compile(r"authorization|key|secret|token|cookie|config")


def address(base: str, path: str, kind: Literal["ws", "http"], query: Mapping[str, str] | None = None) -> str:
    """The address of `path` below `base`, for a WebSocket or an HTTP call; an empty `path` is `base` itself.

    Raises:
        ValueError: `base` is not a valid address.
    """
    split = urlsplit(base)
    scheme = _SCHEMES[kind].get(split.scheme)
    if scheme is None or not split.hostname:
        raise ValueError(f"{base!r} is not a valid address; write it like https://host/v1")
    parameters = {**dict(parse_qsl(split.query, keep_blank_values=True)), **(query or {})}
    below = f"{split.path.rstrip('/')}/{path}" if path else split.path
    return urlunsplit((scheme, split.netloc, below, urlencode(parameters, quote_via=quote), ""))


def check_secrecy(url: str, headers: Iterable[str]) -> None:
    """Check that the connection is encrypted, stays on this machine, or carries no key.

    Raises:
        InsecureURLError: Somebody on the way could read a key.
    """
    split = urlsplit(url)
    if split.scheme in ("wss", "https") or is_loopback(split.hostname or ""):
        return
    names = [*headers, *(name for name, _ in parse_qsl(split.query))]
    found = sorted({name for name in names if _OF_A_KEY.search(name.lower().replace("portkey", ""))})
    if split.username or split.password:
        found.append("the password in the address")
    if found:
        secure = "wss" if split.scheme == "ws" else "https"
        raise InsecureURLError(
            f"{split.scheme}://{split.hostname} would send {', '.join(found)} unencrypted; use {secure}://"
        )
