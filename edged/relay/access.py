"""May this request come in, and which dialect does it speak? Pure.

Rules:
1. The relay spends its owner's money for whoever gets in. On loopback that is who can run a program on this
   machine; pages in a browser are kept out unless they come from this machine or were allowed by name.
2. Host: a page that got its own name to mean 127.0.0.1 (DNS rebinding) still sends that name. On loopback the
   host has to be a loopback one.
3. Origin: any page may open a WebSocket to this machine, and the browser says which page it is. Loopback and
   allowed origins come in; `null` (files, sandboxed frames of any page) does not.
4. Off loopback a token is asked of everybody; it may come wherever clients put their key. It is compared in
   constant time and goes nowhere.

Not here: TLS (the network's business, or a proxy's).
"""

import hmac
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from edged.errors import ConfigError
from edged.hosts import asks_for_loopback, is_loopback, name_in
from edged.wire import BETA_HEADER, BETA_PROTOCOL, KEY_PROTOCOL, Dialect

PATHS = ("/", "/v1/realtime")
LEAST_TOKEN = 16  # characters; it can be guessed at over the network


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Who may come in. `bound` is the host that is listened on.

    Raises:
        ConfigError: it would let in anybody.
    """

    bound: str = "127.0.0.1"
    token: str = field(default="", repr=False)
    origins: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        problems = []
        if not is_loopback(self.bound) and not self.token:
            problems.append(
                f"relay on {self.bound}: others than this machine could use its key; name a file with a token "
                "(--token-file), or listen on 127.0.0.1"
            )
        if self.token and (len(self.token) < LEAST_TOKEN or not self.token.isascii()):
            problems.append(
                f"the token is too weak; {LEAST_TOKEN} ASCII characters at least, such as from: openssl rand -hex 16"
            )
        problems += [
            f"origin {origin!r}: not an origin; good: https://console.example"
            for origin in sorted(self.origins)
            if _origin(origin) is None
        ]
        if problems:
            raise ConfigError(problems)


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a handshake says. All headers of a name are there: two of them are suspicious."""

    target: str = field(repr=False)  # may hold a token, as may the two at the end
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    betas: tuple[str, ...] = ()
    authorizations: tuple[str, ...] = field(default=(), repr=False)
    protocols: tuple[str, ...] = field(default=(), repr=False)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def query(self, name: str) -> str:
        """The first value of a query parameter; empty where there is none."""
        return parse_qs(self.target.partition("?")[2]).get(name, [""])[0]


@dataclass(frozen=True, slots=True)
class AccessRefusal:
    """The HTTP answer to one who may not come in: what is wrong, and what would be right."""

    status: int
    text: str


def refusal(handshake: Handshake, policy: AccessPolicy) -> AccessRefusal | None:
    """Why `handshake` may not come in; None: it may."""
    if handshake.path not in PATHS:
        return AccessRefusal(404, f"There is nothing here. The relay is at {' and '.join(PATHS)}.")
    if is_loopback(policy.bound) and not asks_for_loopback(handshake.hosts):
        return AccessRefusal(
            403, "This relay serves this machine only: the host has to be localhost, 127.0.0.1 or [::1]."
        )
    if handshake.origins and not _origin_is_allowed(handshake.origins, policy.origins):
        return AccessRefusal(
            403,
            "Pages of this origin may not use the relay. If it is yours, start the relay with "
            "--allow-origin and the origin of the page.",
        )
    if policy.token and not _has_token(handshake, policy.token):
        return AccessRefusal(
            401,
            "The relay's token is missing or wrong. Send it as Authorization: Bearer TOKEN, as ?token=TOKEN, "
            f"or as subprotocol {KEY_PROTOCOL}TOKEN.",
        )
    return None


def full(most: int) -> AccessRefusal:
    """For one who may come in, and finds no place."""
    return AccessRefusal(
        503,
        f"The relay serves {most} clients at a time, for each costs a session with the service, and they are here. "
        "Try again later; --most-clients of the relay lets in more.",
    )


def dialect(handshake: Handshake) -> Dialect:
    """What the client speaks: beta when it says so, or says nothing at `/` as the console does."""
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
    """As scheme://host[:port] in lower case; None for what is no origin, `null` for one."""
    try:
        parts = urlsplit(text.strip().lower())
        netloc, rest = parts.netloc, (parts.path.strip("/"), parts.query, parts.fragment)
    except ValueError:
        return None
    if not parts.scheme or not netloc or "@" in netloc or any(rest):
        return None
    return f"{parts.scheme}://{netloc}"


def _has_token(handshake: Handshake, token: str) -> bool:
    given = [handshake.query("token")]
    for value in handshake.authorizations:
        scheme, _, rest = value.strip().partition(" ")
        given.append(rest.strip() if scheme.lower() == "bearer" else "")
    given += [
        each.removeprefix(KEY_PROTOCOL) for each in handshake.protocols if each.startswith(KEY_PROTOCOL)
    ]
    # Bytes, for text that is not ASCII cannot be compared; all of them, so that the time tells nothing.
    wanted = token.encode()
    return sum(hmac.compare_digest(each.encode(errors="replace"), wanted) for each in given) > 0
