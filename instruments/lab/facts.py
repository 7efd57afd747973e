"""Everything that an oracle knows about an hour of conversations."""

from __future__ import annotations

from dataclasses import dataclass, field

from instruments.lab.spoken import Run
from instruments.lab.witness import Saying, Spoken


@dataclass(frozen=True, slots=True)
class Phrase:
    """Somebody spoke: times in seconds, and the microphone's sample count at both ends."""

    began: float
    ended: float
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Taken:
    """An utterance that the service has committed."""

    item_id: str
    runs: tuple[Run, ...]


@dataclass
class Facts:
    """Everything that is known about a run."""

    duplex: bool = False
    blocks: list[float] = field(default_factory=list)  # when each block of the room was complete
    presses: list[float] = field(default_factory=list)  # of a handset: also when it was hung up
    lifted: list[tuple[float, bool]] = field(
        default_factory=list
    )  # (when, is the receiver lifted?); of a handset only
    phrases: list[Phrase] = field(default_factory=list)
    mutes: list[tuple[float, bool]] = field(default_factory=list)
    there: list[tuple[float, bool]] = field(default_factory=list)  # (when, is the microphone there?)
    lights: list[tuple[float, str]] = field(default_factory=list)
    takes: list[tuple[float, bytes]] = field(default_factory=list)
    sent: dict[int, list[Run]] = field(default_factory=dict)  # by connection
    commits: list[Taken] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    answers: list[Spoken] = field(default_factory=list)
    tail_s: float = 0.0  # for how long after the machine's last sound nothing is sent
    over: float = 0.0
