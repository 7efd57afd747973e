"""The server's events as values, the same for both dialects. Sound is decoded. Objects hold only the known fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edged.wire.parts import Part

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServerError:
    """What went wrong. Every field except the message may be missing; some services put a value in another field."""

    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    error: ServerError


@dataclass(frozen=True, slots=True)
class SessionCreated:
    session: Json


@dataclass(frozen=True, slots=True)
class SessionUpdated:
    session: Json


@dataclass(frozen=True, slots=True)
class ConversationCreated:
    conversation_id: str


@dataclass(frozen=True, slots=True)
class ItemAdded:
    item: Json
    previous_item_id: str | None = None


@dataclass(frozen=True, slots=True)
class ItemDone:  # GA only
    item: Json
    previous_item_id: str | None = None


@dataclass(frozen=True, slots=True)
class ItemRetrieved:
    item: Json


@dataclass(frozen=True, slots=True)
class ItemDeleted:
    item_id: str


@dataclass(frozen=True, slots=True)
class ItemTruncated:
    part: Part
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class TranscriptionDelta:
    part: Part
    delta: str


@dataclass(frozen=True, slots=True)
class TranscriptionSegment:  # GA only: what one speaker said
    part: Part
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptionCompleted:
    part: Part
    transcript: str
    usage: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TranscriptionFailed:
    part: Part
    error: ServerError


@dataclass(frozen=True, slots=True)
class Committed:
    item_id: str
    previous_item_id: str | None = None


@dataclass(frozen=True, slots=True)
class Cleared:
    pass


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    audio_start_ms: int
    item_id: str


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    audio_end_ms: int
    item_id: str


@dataclass(frozen=True, slots=True)
class TimeoutTriggered:
    """GA only: nobody spoke for `idle_timeout_ms`. The service takes the silence as an utterance."""

    audio_start_ms: int
    audio_end_ms: int
    item_id: str


@dataclass(frozen=True, slots=True)
class ResponseCreated:
    """`conversation_id` is None for a response out of band."""

    response_id: str
    conversation_id: str | None = ""
    metadata: Json | None = None
    settings: Json = field(default_factory=dict, compare=False)  # other fields; clients ignore them


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """`reason` and `error` come from `status_details`. A refused turn has the status `failed`."""

    response_id: str
    status: str
    reason: str | None = None
    error: ServerError | None = None
    output: tuple[Json, ...] = ()
    usage: Json = field(default_factory=dict)
    conversation_id: str | None = ""
    metadata: Json | None = None
    settings: Json = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class OutputItemAdded:
    response_id: str
    output_index: int
    item: Json


@dataclass(frozen=True, slots=True)
class OutputItemDone:
    response_id: str
    output_index: int
    item: Json


@dataclass(frozen=True, slots=True)
class PartAdded:
    response_id: str
    part: Part
    output_index: int
    content: Json


@dataclass(frozen=True, slots=True)
class PartDone:
    response_id: str
    part: Part
    output_index: int
    content: Json


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """`pcm` may have an odd length. Then the next delta of the part may begin with the other half of the sample."""

    response_id: str
    part: Part
    output_index: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class AudioDone:
    response_id: str
    part: Part
    output_index: int


@dataclass(frozen=True, slots=True)
class AudioTranscriptDelta:
    response_id: str
    part: Part
    output_index: int
    delta: str


@dataclass(frozen=True, slots=True)
class AudioTranscriptDone:
    response_id: str
    part: Part
    output_index: int
    transcript: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    response_id: str
    part: Part
    output_index: int
    delta: str


@dataclass(frozen=True, slots=True)
class TextDone:
    response_id: str
    part: Part
    output_index: int
    text: str


@dataclass(frozen=True, slots=True)
class ArgumentsDelta:
    response_id: str
    item_id: str
    output_index: int
    call_id: str
    delta: str


@dataclass(frozen=True, slots=True)
class ArgumentsDone:
    """Only GA sends `name` here. Beta sends it in the item only."""

    response_id: str
    item_id: str
    output_index: int
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class RateLimits:
    limits: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event that this version does not know. Clients ignore and count it."""

    type: str


ServerEvent = (
    ErrorEvent
    | SessionCreated
    | SessionUpdated
    | ConversationCreated
    | ItemAdded
    | ItemDone
    | ItemRetrieved
    | ItemDeleted
    | ItemTruncated
    | TranscriptionDelta
    | TranscriptionSegment
    | TranscriptionCompleted
    | TranscriptionFailed
    | Committed
    | Cleared
    | SpeechStarted
    | SpeechStopped
    | TimeoutTriggered
    | ResponseCreated
    | ResponseDone
    | OutputItemAdded
    | OutputItemDone
    | PartAdded
    | PartDone
    | AudioDelta
    | AudioDone
    | AudioTranscriptDelta
    | AudioTranscriptDone
    | TextDelta
    | TextDone
    | ArgumentsDelta
    | ArgumentsDone
    | RateLimits
    | Unknown
)
