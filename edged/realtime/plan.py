"""The address and the options of a connection, from what a program asks for. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict
from urllib.parse import parse_qsl, urlsplit

from edged.dial.dialects import Attempt, Refusal, refuses
from edged.dial.endpoint import fresh_value
from edged.realtime import urls
from edged.realtime.account import Account, Headers, merged, query_of
from edged.realtime.errors import APIStatusError
from edged.realtime.given import NotGiven
from edged.realtime.service import Service
from edged.wire import BETA_HEADER, PLAIN, Dialect, Shape

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
    service: Service | None = None
    model: str = ""

    @property
    def asks(self) -> Dialect:
        """The dialect to ask for first: the service's or else the program's, unless the service refuses it."""
        known = None if self.service is None else self.service.dialect
        return self.accepted.get(self.speaks, known or self.speaks)

    @property
    def shape(self) -> Shape:
        """How the service differs from its dialect."""
        return PLAIN if self.service is None else self.service.shape

    def address(self, fresh: Callable[[], str] = fresh_value) -> str:
        """The address to dial now. `fresh()` gives a value that no other connection has."""
        names = () if self.service is None else self.service.fresh_query
        given = dict(parse_qsl(urlsplit(self.url).query))
        values = {name: fresh() for name in names if name not in given}
        return urls.address(self.url, "", "ws", values) if values else self.url

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
    """The plan of one connection.

    Raises:
        InsecureURLError: A key would be sent unencrypted.
        ValueError: The address is invalid, or the service needs a model and none is named.
    """
    chosen: dict[str, Any] = dict(options or {})
    open_s = chosen.pop("timeout", chosen.pop("open_timeout", account.timeout_s))
    every = merged(account.headers, headers, chosen.pop("additional_headers", None))
    service = account.service
    asked = {**account.query, **query_of(query)}
    model = asked.get("model", "")
    if service is not None:
        model = asked.pop("model", "") or service.model
        if service.needs_model and not model:
            raise ValueError(f"the service {service.name} needs model=: {service.needs_model}")
        named = {service.model_as: model} if model and service.model_as else {}
        asked = {**service.query, **named, **asked}
    below = urls.REALTIME if service is None else ""
    url = urls.address(account.websocket_base_url, below, "ws", asked)
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
        service,
        model,
    )
