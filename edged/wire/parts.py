"""Names a piece of an answer, and says how much of it was heard."""

from typing import NamedTuple


class Part(NamedTuple):
    """One content part of one item. Each delta of sound belongs to a part."""

    item_id: str
    content_index: int


class HeardPart(NamedTuple):
    """How much of a part was played, and how much of it was received."""

    part: Part
    played_ms: int
    received_ms: int
