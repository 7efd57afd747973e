"""The address and the options of a connection, from what a program asks for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from edged.dial.dialects import Attempt, Refusal, refuses
from edged.realtime import urls
from edged.realtime.account import Account, Headers, merged, query_of
from edged.realtime.errors import APIStatusError
from edged.realtime.given import NotGiven
from edged.wire import BETA_HEADER, Dialect

EVIDENCE_S = 3.0  # for the greeting: some services accept the client before their own connection is open
OPEN_S = 10.0  # a gateway whose upstream refuses never answers the handshake
CLOSE_S = 2.0
MAX_MESSAGE_BYTES = 16 * 2**20  # one message may carry a whole retrieved item


class WebsocketConnectionOptions(TypedDict, total=False):
    """Options for opening a connection. Those that are left out keep the default of edged or of `websockets`."""

    timeout: float | None  # seconds for opening it (default 10); None: no limit
    additional_headers: Headers
    max_size: int | None  # bytes in one message (default 16 MiB)
    max_queue: int | None
    compression: str | None  # off by default: it costs time and does not make sound smaller
    ping_interval: float | None
    ping_timeout: float | None
    close_timeout: float | None
    origin: Any
    subprotocols: Any
    extensions: Any
    user_agent_header: str | None
    ssl: Any
    server_hostname: str | None
    proxy: Any  # True uses the proxy of the environment; none by default
    logger: Any


@dataclass(frozen=True, slots=True)
class ConnectionPlan:
    """`options` are keyword arguments of `websockets`; `open_s` None means no limit."""

    url: str
    speaks: Dialect
    headers: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    open_s: float | None = OPEN_S
    accepted: dict[Dialect, Dialect] = field(default_factory=dict)

    @property
    def asks(self) -> Dialect:
        """The dialect to ask for first: the program's own, unless the service is known to refuse it."""
        return self.accepted.get(self.speaks, self.speaks)

    @property
    def greeting_s(self) -> float:
        """How long to wait for the greeting."""
        return EVIDENCE_S if self.open_s is None else min(self.open_s, EVIDENCE_S)

    def came_of(self, asked: Dialect, refusal: Refusal) -> None:
        """Remember the result of a dial that asked for `asked`, for the next connection of this client."""
        if refusal is not Refusal.OTHER:
            if self.asks is asked:
                self.accepted.pop(self.speaks, None)
        elif asked is not self.speaks:
            self.accepted[self.speaks] = asked

    def headers_for(self, asked: Dialect) -> dict[str, str]:
        """The headers of a handshake that asks for `asked`."""
        name, beta = BETA_HEADER
        if asked is Dialect.BETA:
            return merged({name: beta}, self.headers)
        if self.speaks is Dialect.BETA:  # beta was refused, and the program's own beta header would be, too
            return {each: value for each, value in self.headers.items() if each.lower() != name.lower()}
        return dict(self.headers)


class PlannedAttempt:
    """One attempt at a connection, of two dials at most (dial/dialects.py)."""

    def __init__(self, plan: ConnectionPlan) -> None:
        self._plan, self._attempt = plan, Attempt(plan.asks)

    @property
    def asked(self) -> Dialect:
        """The dialect that the next dial asks for."""
        return self._attempt.asked

    def refused(self, refusal: Refusal | APIStatusError) -> bool:
        """Record the result of a dial. True if another dial has to follow at once."""
        if isinstance(refusal, APIStatusError):
            named = refuses(refusal.code, refusal.message, str(refusal.body))
            refusal = Refusal.OF_DIALECT if named else Refusal.OTHER
        self._plan.came_of(self.asked, refusal)
        return self._attempt.refused(refusal, configured=False)


def plan(
    account: Account,
    speaks: Dialect,
    *,
    query: Mapping[str, Any],
    headers: Headers | None,
    options: WebsocketConnectionOptions | None,
) -> ConnectionPlan:
    """Raises InsecureURLError if a key would be sent unencrypted, and ValueError for an invalid address."""
    chosen: dict[str, Any] = dict(options or {})
    open_s = chosen.pop("timeout", chosen.pop("open_timeout", account.timeout_s))
    every = merged(account.headers, headers, chosen.pop("additional_headers", None))
    url = urls.address(account.websocket_base_url, urls.REALTIME, "ws", {**account.query, **query_of(query)})
    protocols = ["a key as a subprotocol" for name in chosen.get("subprotocols") or () if "key" in name]
    urls.check_secrecy(url, [*every, *protocols])
    defaults = {
        "compression": None,
        "max_size": MAX_MESSAGE_BYTES,
        "close_timeout": CLOSE_S,
        "proxy": None,
    }
    return ConnectionPlan(
        url,
        speaks,
        every,
        {**defaults, **chosen},
        OPEN_S if isinstance(open_s, NotGiven) else open_s,
        account.accepted,
    )
