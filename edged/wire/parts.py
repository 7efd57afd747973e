"""What a piece of an answer is called, and how much of it was heard."""

from typing import NamedTuple


class Part(NamedTuple):
    """One content part of one item: what the service's sound belongs to."""

    item_id: str
    content_index: int


class HeardPart(NamedTuple):
    """How much of a part was played, of how much came in."""

    part: Part
    played_ms: int
    received_ms: int
