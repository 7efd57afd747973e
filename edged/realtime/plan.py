"""Where a connection goes and how, out of what a program asked. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from edged.dial.dialects import Attempt, Refusal, refuses
from edged.realtime import urls
from edged.realtime.account import Account, Headers, merged, query_of
from edged.realtime.errors import APIStatusError
from edged.realtime.given import NotGiven
from edged.wire import BETA_HEADER, Dialect

EVIDENCE_S = 3.0  # for the greeting: some services open the client's side before their own
OPEN_S = 10.0  # a gateway whose upstream refuses leaves the handshake unanswered for ever
CLOSE_S = 2.0
MAX_MESSAGE_BYTES = 16 * 2**20  # a whole retrieved item may come in one message


class WebsocketConnectionOptions(TypedDict, total=False):
    """How the connection is made; what is not here keeps the default of `websockets` or of edged."""

    timeout: float | None  # seconds until it has to be open (10); None: no limit
    additional_headers: Headers
    max_size: int | None  # bytes of one message (16 MiB)
    max_queue: int | None
    compression: str | None  # none by default: it costs time and gains nothing on sound
    ping_interval: float | None
    ping_timeout: float | None
    close_timeout: float | None
    origin: Any
    subprotocols: Any
    extensions: Any
    user_agent_header: str | None
    ssl: Any
    server_hostname: str | None
    proxy: Any  # True takes what the environment names; none by default
    logger: Any


@dataclass(frozen=True, slots=True)
class ConnectionPlan:
    """`options` are keyword arguments of `websockets`; `open_s` None: no limit."""

    url: str
    speaks: Dialect
    headers: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    open_s: float | None = OPEN_S
    accepted: dict[Dialect, Dialect] = field(default_factory=dict)

    @property
    def asks(self) -> Dialect:
        """What to ask the service for first: the program's own dialect, unless that is known to be refused."""
        return self.accepted.get(self.speaks, self.speaks)

    @property
    def greeting_s(self) -> float:
        """How long the greeting is waited for."""
        return EVIDENCE_S if self.open_s is None else min(self.open_s, EVIDENCE_S)

    def came_of(self, asked: Dialect, refusal: Refusal) -> None:
        """Keep what a dial that asked for `asked` has shown, for the next connection of this client."""
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
        if self.speaks is Dialect.BETA:  # it was refused: the program's own header would be, too
            return {each: value for each, value in self.headers.items() if each.lower() != name.lower()}
        return dict(self.headers)


class PlannedAttempt:
    """One attempt at a connection, of two dials at most (dial/dialects.py)."""

    def __init__(self, plan: ConnectionPlan) -> None:
        self._plan, self._attempt = plan, Attempt(plan.asks)

    @property
    def asked(self) -> Dialect:
        """What the next dial asks for."""
        return self._attempt.asked

    def refused(self, refusal: Refusal | APIStatusError) -> bool:
        """What came of a dial, by its greeting or by its answer; True: another is to follow at once."""
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
    """Raises: InsecureURLError when a key would travel in the open, ValueError when something is no address."""
    chosen: dict[str, Any] = dict(options or {})
    open_s = chosen.pop("timeout", chosen.pop("open_timeout", account.timeout_s))
    every = merged(account.headers, headers, chosen.pop("additional_headers", None))
    url = urls.address(account.websocket_base_url, urls.REALTIME, "ws", {**account.query, **query_of(query)})
    protocols = ["a key as subprotocol" for name in chosen.get("subprotocols") or () if "key" in name]
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
