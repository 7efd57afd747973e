"""What the embedded service keeps for whoever checks a client from outside."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Billed:
    """One `response.done`, whatever its status: what gateways charge for."""

    session_id: str
    response_id: str
    status: str
    usage: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """One committed utterance; `pcm` only where the ledger keeps sound."""

    session_id: str
    item_id: str
    sha256: str
    n_bytes: int
    pcm: bytes = b""


@dataclass(slots=True)
class Ledger:
    """Shared by all sessions of a server."""

    keep_audio: bool = False
    bill: list[Billed] = field(default_factory=list)
    audit: list[Taken] = field(default_factory=list)
    appended: Counter[str] = field(default_factory=Counter)  # bytes by session
    errors: int = 0
    truncations: list[tuple[str, int]] = field(default_factory=list)

    @property
    def appended_bytes(self) -> int:
        """All sound that came in."""
        return self.appended.total()
