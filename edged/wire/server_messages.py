"""The shapes of a server's messages as a client reads them. Only the fields named here are built.

Rules:
1. Null counts as missing.
2. Names have a maximum length, because edged keeps them. Every name is optional: services leave out the names that a
   turn can do without. A missing name becomes an empty one, which matches nothing.

Not here: what is inside a session, an item, a usage or an error (server_objects.py).
"""

from typing import Annotated

from msgspec import Meta, Struct

from edged.wire.bounds import MOST_NAME
from edged.wire.parts import Part
from edged.wire.server_objects import (
    ContentObject,
    ConversationObject,
    ErrorHeadObject,
    ErrorObject,
    ItemObject,
    RateLimitObject,
    SessionObject,
    UsageObject,
    Value,
)

MOST = 2**53  # every JSON reader keeps integers exact up to here; no real count comes near it
Index = Annotated[int, Meta(ge=0, le=MOST)]
Ms = Annotated[float, Meta(ge=0, le=MOST)]  # servers that resample send fractions
Name = Annotated[str, Meta(max_length=MOST_NAME)]


class AnyMessage(Struct):
    type: str | None = None


class ErrorMessage(Struct):
    error: ErrorObject | str | None = None
    message: str | None = None
    status: str | None = None


class ErrorHeadMessage(Struct):
    error: ErrorHeadObject | str | None = None


class SessionMessage(Struct):
    session: SessionObject


class ConversationMessage(Struct):
    conversation: ConversationObject | None = None


class ItemMessage(Struct):
    item: ItemObject
    previous_item_id: Name | None = None


class ItemIdMessage(Struct):
    item_id: Name | None = None
    previous_item_id: Name | None = None


class AnyItemIdMessage(Struct):
    """An acknowledgement counts even if the value in place of the item's name is not a name."""

    item_id: Value = None


class SpeechMessage(Struct):
    item_id: Name | None = None
    audio_start_ms: Ms | None = None
    audio_end_ms: Ms | None = None


class PartMessage(Struct):
    """A message about a content part of an item."""

    item_id: Name | None = None
    content_index: Index | None = None

    def at(self) -> Part:
        return Part(self.item_id or "", self.content_index or 0)


class TruncatedMessage(PartMessage):
    audio_end_ms: Ms | None = None


class TranscriptionMessage(PartMessage):
    delta: str | None = None
    transcript: str | None = None
    text: str | None = None
    usage: UsageObject | None = None
    error: ErrorObject | str | None = None


class _StatusDetails(Struct):
    reason: str | None = None
    error: ErrorObject | str | None = None


class ResponseHeadObject(Struct):
    """Which response this is, and how it ended."""

    id: Name | None = None
    status: Name | None = None
    conversation_id: Name | None = ""  # missing: the default conversation; null: out of band


class ResponseObject(ResponseHeadObject):
    status_details: _StatusDetails | str | None = None  # xAI sends a word
    output: list[ItemObject] | None = None
    usage: UsageObject | None = None


class ResponseHeadMessage(Struct):
    response: ResponseHeadObject | None = None


class ResponseMessage(Struct):
    response: ResponseObject | None = None
    usage: UsageObject | None = None  # where xAI has it


class OutputItemMessage(Struct):
    item: ItemObject
    response_id: Name | None = None
    output_index: Index | None = None


class ArgumentsMessage(Struct):
    response_id: Name | None = None
    item_id: Name | None = None
    output_index: Index | None = None
    call_id: Name | None = None
    name: Name | None = None
    delta: str | None = None
    arguments: str | None = None


class RateLimitsMessage(Struct):
    rate_limits: list[RateLimitObject] | None = None


class OutputPartMessage(PartMessage, kw_only=True):
    """A message about a content part of an item of a response."""

    response_id: Name | None = None
    output_index: Index | None = None

    def where(self) -> tuple[str, Part, int]:
        return self.response_id or "", self.at(), self.output_index or 0


class AudioMessage(OutputPartMessage, kw_only=True):
    delta: bytes  # base64; msgspec decodes it strictly, four times as fast as by way of a str


class TextMessage(OutputPartMessage):
    delta: str | None = None
    transcript: str | None = None
    text: str | None = None


class ContentPartMessage(OutputPartMessage, kw_only=True):
    part: ContentObject
