"""What is counted. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums of what was used. Times are whole milliseconds; tokens are as in `wire.usage.tokens`.

    `unreported` are requests and transcriptions of which the service did not report what they used.
    `connected_ms` is how long connections were open, and `connections` how many of them were opened. `sent_ms` and
    `received_ms` are the sound that was sent and received. `transcribed_ms` is the sound whose transcription is billed
    by its length.
    """

    requests: int = 0
    unfinished: int = 0
    transcriptions: int = 0
    unreported: int = 0
    text_in: int = 0
    audio_in: int = 0
    image_in: int = 0
    other_in: int = 0
    text_cached: int = 0
    audio_cached: int = 0
    image_cached: int = 0
    text_out: int = 0
    audio_out: int = 0
    other_out: int = 0
    transcribed_ms: int = 0
    connections: int = 0
    connected_ms: int = 0
    sent_ms: int = 0
    received_ms: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*map(int.__add__, self.values(), other.values()))

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(*map(int.__sub__, self.values(), other.values()))

    def __bool__(self) -> bool:
        """Whether anything is counted."""
        return any(self.values())

    def values(self) -> tuple[int, ...]:
        """The counts in the order of NAMES."""
        return tuple(getattr(self, name) for name in NAMES)

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return dict(zip(NAMES, self.values(), strict=True))

    @property
    def tokens_in(self) -> int:
        """All input tokens."""
        return self.text_in + self.audio_in + self.image_in + self.other_in

    @property
    def tokens_cached(self) -> int:
        """The input tokens that were cached."""
        return self.text_cached + self.audio_cached + self.image_cached

    @property
    def tokens_out(self) -> int:
        """All output tokens."""
        return self.text_out + self.audio_out + self.other_out


NAMES = tuple(each.name for each in fields(Counts))


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of some counts."""
    columns = zip(*(each.values() for each in counts), strict=True)
    return Counts(*map(sum, columns))
