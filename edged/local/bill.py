"""What the embedded service keeps for whoever checks a client from outside. Bounded: the oldest go."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST = 10_000  # of each
SPAN_GAP_S = 0.5  # sound that comes closer together is one span


@dataclass(frozen=True, slots=True)
class Billed:
    """One `response.done`, whatever its status: what gateways charge for."""

    session_id: str
    response_id: str
    status: str
    usage: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """One committed utterance, in the client's format; `pcm` only where the ledger keeps sound."""

    session_id: str
    item_id: str
    sha256: str
    n_bytes: int
    pcm: bytes = b""


@dataclass(slots=True)
class Span:
    """Sound that came without a pause; loop seconds. What came while nobody pressed shows here."""

    session_id: str
    first_s: float
    last_s: float
    n_bytes: int


@dataclass(slots=True)
class Ledger:
    """Shared by all sessions of a server. `cleared` and `appended` are bytes by session."""

    keep_audio: bool = False
    bill: deque[Billed] = field(default_factory=lambda: deque(maxlen=MOST))
    audit: deque[Taken] = field(default_factory=lambda: deque(maxlen=MOST))
    spans: deque[Span] = field(default_factory=lambda: deque(maxlen=MOST))
    appended: Counter[str] = field(default_factory=Counter)
    cleared: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    sessions: int = 0  # begun
    expired: int = 0  # of these ended by the clock
    truncations: deque[tuple[str, int]] = field(default_factory=lambda: deque(maxlen=MOST))
    _open: dict[str, Span] = field(default_factory=dict)

    def came(self, session_id: str, n_bytes: int, now: float) -> None:
        """Sound came in."""
        self.appended[session_id] += n_bytes
        span = self._open.get(session_id)
        if span is None or now - span.last_s > SPAN_GAP_S:
            self._open[session_id] = Span(session_id, now, now, n_bytes)
            self.spans.append(self._open[session_id])
        else:
            span.last_s, span.n_bytes = now, span.n_bytes + n_bytes

    def gone(self, session_id: str) -> None:
        """The session is over."""
        self._open.pop(session_id, None)
        for counter in (self.appended, self.cleared):
            while len(counter) > MOST:
                del counter[next(iter(counter))]

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON, but for the sound."""
        audit = []
        for taken in self.audit:
            row = asdict(taken)
            del row["pcm"]
            audit.append(row)
        return {
            "bill": [asdict(row) for row in self.bill],
            "audit": audit,
            "spans": [asdict(row) for row in self.spans],
            "appended": dict(self.appended),
            "cleared": dict(self.cleared),
            "errors": self.errors,
            "sessions": self.sessions,
            "expired": self.expired,
            "truncations": [list(row) for row in self.truncations],
        }
