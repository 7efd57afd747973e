"""The ledger: what the embedded service records for tests that check a client from outside.

It is bounded and drops its oldest entries.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST = 10_000  # entries of each kind
SPAN_GAP_S = 0.5  # sound after a shorter pause belongs to the same span


@dataclass(frozen=True, slots=True)
class Billed:
    """One `response.done` of any status; gateways charge for each."""

    session_id: str
    response_id: str
    status: str
    usage: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """One committed utterance, in the client's format; `pcm` is empty unless the ledger keeps sound."""

    session_id: str
    item_id: str
    sha256: str
    n_bytes: int
    pcm: bytes = b""


@dataclass(slots=True)
class Span:
    """Sound that arrived without a pause; times in seconds of the loop's clock.

    Spans reveal sound that a client sent while nobody pressed.
    """

    session_id: str
    first_s: float
    last_s: float
    n_bytes: int


@dataclass(slots=True)
class Ledger:
    """Shared by all sessions of a server. `cleared` and `appended` count bytes for each session.

    `charged_for` says what the service charges for; the ledger counts all of it.
    """

    keep_audio: bool = False
    charged_for: tuple[str, ...] = ("tokens",)
    bill: deque[Billed] = field(default_factory=lambda: deque(maxlen=MOST))
    audit: deque[Taken] = field(default_factory=lambda: deque(maxlen=MOST))
    spans: deque[Span] = field(default_factory=lambda: deque(maxlen=MOST))
    appended: Counter[str] = field(default_factory=Counter)
    cleared: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    sessions: int = 0  # sessions that were started
    expired: int = 0  # sessions that reached their time limit
    truncations: deque[tuple[str, int]] = field(default_factory=lambda: deque(maxlen=MOST))
    _open: dict[str, Span] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)  # sessions that are connected
    _connected: dict[str, float] = field(default_factory=dict)  # how long the others were

    def began(self, session_id: str, now: float) -> None:
        """A session begins; `now` is in seconds of the loop's clock."""
        self._since[session_id] = now

    def came(self, session_id: str, n_bytes: int, now: float) -> None:
        """Record sound that arrived."""
        self.appended[session_id] += n_bytes
        span = self._open.get(session_id)
        if span is None or now - span.last_s > SPAN_GAP_S:
            self._open[session_id] = Span(session_id, now, now, n_bytes)
            self.spans.append(self._open[session_id])
        else:
            span.last_s, span.n_bytes = now, span.n_bytes + n_bytes

    def connected_s(self, now: float | None = None) -> dict[str, float]:
        """How long each session has been connected. Without `now`, only sessions that are over."""
        still = {} if now is None else {name: now - since for name, since in self._since.items()}
        return {name: round(seconds, 3) for name, seconds in (*self._connected.items(), *still.items())}

    def gone(self, session_id: str, now: float | None = None) -> None:
        """The session is over."""
        self._open.pop(session_id, None)
        since = self._since.pop(session_id, None)
        if since is not None and now is not None:
            self._connected[session_id] = now - since
        for counter in (self.appended, self.cleared, self._connected):
            while len(counter) > MOST:
                del counter[next(iter(counter))]

    def as_json(self, now: float | None = None) -> dict[str, Any]:
        """Everything except the sound, as JSON. With `now`, sessions that are connected have their time so far."""
        audit = []
        for taken in self.audit:
            row = asdict(taken)
            del row["pcm"]
            audit.append(row)
        return {
            "charged_for": list(self.charged_for),
            "bill": [asdict(row) for row in self.bill],
            "audit": audit,
            "spans": [asdict(row) for row in self.spans],
            "appended": dict(self.appended),
            "cleared": dict(self.cleared),
            "errors": self.errors,
            "sessions": self.sessions,
            "connected_s": self.connected_s(now),
            "expired": self.expired,
            "truncations": [list(row) for row in self.truncations],
        }
