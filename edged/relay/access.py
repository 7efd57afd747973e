"""Decides whether a request may come in, and which dialect it speaks. Pure.

Rules:
1. The relay spends its owner's money on every client. On loopback it therefore serves local programs only. Web pages
   are refused, unless they come from this machine or their origin is allowed.
2. Host: a page can make its own name point to 127.0.0.1 (DNS rebinding), but the browser still sends that name. On
   loopback, Host must be a loopback name.
3. Origin: any page may open a WebSocket to this machine, and the browser says which page it is. Loopback origins and
   allowed origins come in. The origin `null` does not: it may be a file, or a sandboxed frame of any page.
4. Off loopback, every client needs the token, in any place where clients put a key. The token is compared in constant
   time and never passed on.

Not here: TLS (a proxy or the network does that).
"""

import hmac
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from edged.errors import ConfigError
from edged.hosts import asks_for_loopback, is_loopback, name_in
from edged.wire import BETA_HEADER, BETA_PROTOCOL, KEY_PROTOCOL, Dialect

PATHS = ("/", "/v1/realtime", "/openai/v1/realtime")  # of the console, of most clients, of clients for Azure
LEAST_TOKEN = 16  # characters; anybody on the network can try to guess it


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """The rules of access. `bound` is the host on which the relay listens.

    Raises:
        ConfigError: Anybody could come in, or an origin is not valid.
    """

    bound: str = "127.0.0.1"
    token: str = field(default="", repr=False)
    origins: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        problems = []
        if not is_loopback(self.bound) and not self.token:
            problems.append(
                f"relay on {self.bound}: other machines could use its key; set a token (--token-file FILE), "
                "or listen on 127.0.0.1"
            )
        if self.token and (len(self.token) < LEAST_TOKEN or not self.token.isascii()):
            problems.append(
                f"the token is too weak; it needs at least {LEAST_TOKEN} ASCII characters (openssl rand -hex 16)"
            )
        problems += [
            f"origin {origin!r}: not an origin; write it like https://console.example"
            for origin in sorted(self.origins)
            if _origin(origin) is None
        ]
        if problems:
            raise ConfigError(problems)


@dataclass(frozen=True, slots=True)
class Handshake:
    """The content of a handshake. A header that is sent twice is suspicious, so each field has all values."""

    target: str = field(repr=False)  # may contain a token, like the last three fields
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    betas: tuple[str, ...] = ()
    authorizations: tuple[str, ...] = field(default=(), repr=False)
    protocols: tuple[str, ...] = field(default=(), repr=False)
    keys: tuple[str, ...] = field(default=(), repr=False)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def query(self, name: str) -> str:
        """The first value of a query parameter; empty if there is none."""
        return parse_qs(self.target.partition("?")[2]).get(name, [""])[0]


@dataclass(frozen=True, slots=True)
class AccessRefusal:
    """The HTTP answer to a client that may not come in. The text says what is wrong and what would be right."""

    status: int
    text: str


def refusal(handshake: Handshake, policy: AccessPolicy) -> AccessRefusal | None:
    """The refusal of a handshake; None if it may come in."""
    if handshake.path not in PATHS:
        return AccessRefusal(404, f"There is no such path. The relay is at {', '.join(PATHS)}.")
    if is_loopback(policy.bound) and not asks_for_loopback(handshake.hosts):
        return AccessRefusal(
            403, "This relay serves this machine only: Host must be localhost, 127.0.0.1 or [::1]."
        )
    if handshake.origins and not _origin_is_allowed(handshake.origins, policy.origins):
        return AccessRefusal(
            403,
            "Pages of this origin may not use the relay. If the page is yours, start the relay with "
            "--allow-origin and the origin of the page.",
        )
    if policy.token and not _has_token(handshake, policy.token):
        return AccessRefusal(
            401,
            "The relay's token is missing or wrong. Send it as Authorization: Bearer TOKEN, as api-key: TOKEN, "
            f"as ?token=TOKEN, or as the subprotocol {KEY_PROTOCOL}TOKEN.",
        )
    return None


def full(most: int) -> AccessRefusal:
    """The refusal of a client that may come in, when all places are taken."""
    return AccessRefusal(
        503,
        f"The relay is full: it serves {most} clients at a time, because each costs a session with the service. "
        "Try again later, or start the relay with a larger --most-clients.",
    )


def dialect(handshake: Handshake) -> Dialect:
    """The client's dialect: beta if it says so or comes to `/`, as the console does; otherwise GA."""
    said = [value.strip() for each in handshake.betas for value in each.split(",")]
    if BETA_HEADER[1] in said or BETA_PROTOCOL in handshake.protocols or handshake.path == "/":
        return Dialect.BETA
    return Dialect.GA


def _origin_is_allowed(origins: tuple[str, ...], allowed: frozenset[str]) -> bool:
    if len(origins) != 1 or (origin := _origin(origins[0])) is None:
        return False
    if origin in {_origin(each) for each in allowed}:
        return True
    return origin.startswith(("http://", "https://")) and is_loopback(name_in(origin))


def _origin(text: str) -> str | None:
    """The origin as scheme://host[:port] in lower case; None if the text is not an origin, such as `null`."""
    try:
        parts = urlsplit(text.strip().lower())
        netloc, rest = parts.netloc, (parts.path.strip("/"), parts.query, parts.fragment)
    except ValueError:
        return None
    if not parts.scheme or not netloc or "@" in netloc or any(rest):
        return None
    return f"{parts.scheme}://{netloc}"


def _has_token(handshake: Handshake, token: str) -> bool:
    given = [handshake.query("token"), *handshake.keys]
    for value in handshake.authorizations:
        scheme, _, rest = value.strip().partition(" ")
        given.append(rest.strip() if scheme.lower() == "bearer" else "")
    given += [
        each.removeprefix(KEY_PROTOCOL) for each in handshake.protocols if each.startswith(KEY_PROTOCOL)
    ]
    # Compare bytes, because compare_digest takes no text beyond ASCII. Compare all, so that the time reveals nothing.
    wanted = token.encode()
    return sum(hmac.compare_digest(each.encode(errors="replace"), wanted) for each in given) > 0
