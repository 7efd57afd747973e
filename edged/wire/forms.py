"""The shapes in which a client reads the messages of a server: the fields that are known, and no other is built.

Rules:
1. Null counts as missing.
2. Names have a bound: they are kept. None of them has to be there: services leave out what a turn can do without, and
   an empty name is the name of nothing.

Not here: what is inside a session, an item, a usage, an error (known.py).
"""

from typing import Annotated

from msgspec import Meta, Struct

from edged.wire.bounds import MOST_NAME
from edged.wire.known import (
    Content,
    ConversationShape,
    Error,
    ErrorName,
    ItemShape,
    Limit,
    SessionShape,
    UsageShape,
    Value,
)
from edged.wire.parts import Part

MOST = 2**53  # what JSON carries exactly everywhere; no honest count comes near it
Index = Annotated[int, Meta(ge=0, le=MOST)]
Ms = Annotated[float, Meta(ge=0, le=MOST)]  # resampling servers count fractions
Name = Annotated[str, Meta(max_length=MOST_NAME)]


class Head(Struct):
    type: str | None = None


class Untyped(Struct):
    error: Error | str | None = None
    message: str | None = None
    status: str | None = None


class ErrorHead(Struct):
    error: ErrorName | str | None = None


class OfSession(Struct):
    session: SessionShape


class OfConversation(Struct):
    conversation: ConversationShape | None = None


class OfItem(Struct):
    item: ItemShape
    previous_item_id: Name | None = None


class ItemId(Struct):
    item_id: Name | None = None
    previous_item_id: Name | None = None


class AnyItemId(Struct):
    """An acknowledgement counts whatever stands where its name should."""

    item_id: Value = None


class SpeechForm(Struct):
    item_id: Name | None = None
    audio_start_ms: Ms | None = None
    audio_end_ms: Ms | None = None


class InItem(Struct):
    """What belongs to a content part of an item."""

    item_id: Name | None = None
    content_index: Index | None = None

    def at(self) -> Part:
        return Part(self.item_id or "", self.content_index or 0)


class Truncated(InItem):
    audio_end_ms: Ms | None = None


class HeardForm(InItem):
    delta: str | None = None
    transcript: str | None = None
    text: str | None = None
    usage: UsageShape | None = None
    error: Error | str | None = None


class _Why(Struct):
    reason: str | None = None
    error: Error | str | None = None


class ResponseName(Struct):
    """Which response it is, and what became of it."""

    id: Name | None = None
    status: Name | None = None
    conversation_id: Name | None = ""  # left out means the default one; null means out of band


class Body(ResponseName):
    status_details: _Why | None = None
    output: list[ItemShape] | None = None
    usage: UsageShape | None = None


class ResponseHead(Struct):
    response: ResponseName | None = None


class ResponseForm(Struct):
    response: Body | None = None


class OutputItem(Struct):
    item: ItemShape
    response_id: Name | None = None
    output_index: Index | None = None


class Arguments(Struct):
    response_id: Name | None = None
    item_id: Name | None = None
    output_index: Index | None = None
    call_id: Name | None = None
    name: Name | None = None
    delta: str | None = None
    arguments: str | None = None


class RateLimitsForm(Struct):
    rate_limits: list[Limit] | None = None


class Piece(InItem, kw_only=True):
    """What belongs to a content part of an item of a response."""

    response_id: Name | None = None
    output_index: Index | None = None

    def where(self) -> tuple[str, Part, int]:
        return self.response_id or "", self.at(), self.output_index or 0


class SoundForm(Piece, kw_only=True):
    delta: bytes  # base64, decoded on the way by the strict decoder: four times as fast as by way of a str


class WordsForm(Piece):
    delta: str | None = None
    transcript: str | None = None
    text: str | None = None


class OfPart(Piece, kw_only=True):
    part: Content
