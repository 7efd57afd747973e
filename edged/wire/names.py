"""Every event name of the protocol, once, and how the two dialects differ in them. Spelled as GA spells them."""

from enum import Enum, StrEnum


class Dialect(Enum):
    """GA is what OpenAI speaks since 2025; beta is what gateways and older clients still do."""

    GA = "ga"
    BETA = "beta"


class ClientName(StrEnum):
    SESSION_UPDATE = "session.update"
    APPEND = "input_audio_buffer.append"
    COMMIT = "input_audio_buffer.commit"
    CLEAR = "input_audio_buffer.clear"
    ITEM_CREATE = "conversation.item.create"
    ITEM_DELETE = "conversation.item.delete"
    ITEM_RETRIEVE = "conversation.item.retrieve"
    ITEM_TRUNCATE = "conversation.item.truncate"
    RESPONSE_CREATE = "response.create"
    RESPONSE_CANCEL = "response.cancel"


class ServerName(StrEnum):
    ERROR = "error"
    SESSION_CREATED = "session.created"
    SESSION_UPDATED = "session.updated"
    CONVERSATION_CREATED = "conversation.created"
    ITEM_ADDED = "conversation.item.added"
    ITEM_DONE = "conversation.item.done"
    ITEM_RETRIEVED = "conversation.item.retrieved"
    ITEM_DELETED = "conversation.item.deleted"
    ITEM_TRUNCATED = "conversation.item.truncated"
    TRANSCRIPTION_DELTA = "conversation.item.input_audio_transcription.delta"
    TRANSCRIPTION_COMPLETED = "conversation.item.input_audio_transcription.completed"
    TRANSCRIPTION_FAILED = "conversation.item.input_audio_transcription.failed"
    COMMITTED = "input_audio_buffer.committed"
    CLEARED = "input_audio_buffer.cleared"
    SPEECH_STARTED = "input_audio_buffer.speech_started"
    SPEECH_STOPPED = "input_audio_buffer.speech_stopped"
    RESPONSE_CREATED = "response.created"
    RESPONSE_DONE = "response.done"
    OUTPUT_ITEM_ADDED = "response.output_item.added"
    OUTPUT_ITEM_DONE = "response.output_item.done"
    PART_ADDED = "response.content_part.added"
    PART_DONE = "response.content_part.done"
    AUDIO_DELTA = "response.output_audio.delta"
    AUDIO_DONE = "response.output_audio.done"
    AUDIO_TRANSCRIPT_DELTA = "response.output_audio_transcript.delta"
    AUDIO_TRANSCRIPT_DONE = "response.output_audio_transcript.done"
    TEXT_DELTA = "response.output_text.delta"
    TEXT_DONE = "response.output_text.done"
    ARGUMENTS_DELTA = "response.function_call_arguments.delta"
    ARGUMENTS_DONE = "response.function_call_arguments.done"
    RATE_LIMITS = "rate_limits.updated"


# Where beta has another name; `item.done` it does not have at all.
_BETA = {
    ServerName.ITEM_ADDED: "conversation.item.created",
    ServerName.AUDIO_DELTA: "response.audio.delta",
    ServerName.AUDIO_DONE: "response.audio.done",
    ServerName.AUDIO_TRANSCRIPT_DELTA: "response.audio_transcript.delta",
    ServerName.AUDIO_TRANSCRIPT_DONE: "response.audio_transcript.done",
    ServerName.TEXT_DELTA: "response.text.delta",
    ServerName.TEXT_DONE: "response.text.done",
}
_GA = {beta: ga for ga, beta in _BETA.items()}
GA_ONLY = frozenset({ServerName.ITEM_DONE})


def to_ga(name: str) -> str:
    """The GA name of an event named in either dialect; unknown names stay as they are."""
    return str(_GA.get(name, name))


def to_dialect(name: str, dialect: Dialect) -> str:
    """The name of a GA event in `dialect`."""
    return str(_BETA.get(name, name)) if dialect is Dialect.BETA else name  # type: ignore[call-overload]
