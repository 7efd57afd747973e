"""Every event name of the protocol, in GA's spelling, beta's spelling where it differs, and the handshake's words."""

from collections.abc import Mapping
from enum import Enum, StrEnum


class Dialect(Enum):
    """OpenAI has spoken GA since 2025. Gateways and older clients still speak beta."""

    GA = "ga"
    BETA = "beta"


# A handshake asks for beta with a header. A client that cannot set headers names a subprotocol for beta and one for
# the key.
BETA_HEADER = ("OpenAI-Beta", "realtime=v1")
SUBPROTOCOL = "realtime"
BETA_PROTOCOL = "openai-beta.realtime-v1"
KEY_PROTOCOL = "openai-insecure-api-key."

TRANSCRIPTION_SESSION = "realtime.transcription_session"
"""The `object` of a session that transcribes and answers nothing."""


class ClientName(StrEnum):
    SESSION_UPDATE = "session.update"
    TRANSCRIPTION_SESSION_UPDATE = "transcription_session.update"
    APPEND = "input_audio_buffer.append"
    COMMIT = "input_audio_buffer.commit"
    CLEAR = "input_audio_buffer.clear"
    ITEM_CREATE = "conversation.item.create"
    ITEM_DELETE = "conversation.item.delete"
    ITEM_RETRIEVE = "conversation.item.retrieve"
    ITEM_TRUNCATE = "conversation.item.truncate"
    RESPONSE_CREATE = "response.create"
    RESPONSE_CANCEL = "response.cancel"
    OUTPUT_CLEAR = "output_audio_buffer.clear"  # for WebRTC and SIP only


class ServerName(StrEnum):
    ERROR = "error"
    SESSION_CREATED = "session.created"
    SESSION_UPDATED = "session.updated"
    TRANSCRIPTION_SESSION_CREATED = "transcription_session.created"  # this and the next are beta's
    TRANSCRIPTION_SESSION_UPDATED = "transcription_session.updated"
    CONVERSATION_CREATED = "conversation.created"
    ITEM_ADDED = "conversation.item.added"
    ITEM_DONE = "conversation.item.done"
    ITEM_RETRIEVED = "conversation.item.retrieved"
    ITEM_DELETED = "conversation.item.deleted"
    ITEM_TRUNCATED = "conversation.item.truncated"
    TRANSCRIPTION_DELTA = "conversation.item.input_audio_transcription.delta"
    TRANSCRIPTION_SEGMENT = "conversation.item.input_audio_transcription.segment"
    TRANSCRIPTION_COMPLETED = "conversation.item.input_audio_transcription.completed"
    TRANSCRIPTION_FAILED = "conversation.item.input_audio_transcription.failed"
    COMMITTED = "input_audio_buffer.committed"
    CLEARED = "input_audio_buffer.cleared"
    SPEECH_STARTED = "input_audio_buffer.speech_started"
    SPEECH_STOPPED = "input_audio_buffer.speech_stopped"
    TIMEOUT_TRIGGERED = "input_audio_buffer.timeout_triggered"
    DTMF_RECEIVED = "input_audio_buffer.dtmf_event_received"  # for SIP only
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
    OUTPUT_STARTED = "output_audio_buffer.started"  # this and the next two are for WebRTC and SIP only
    OUTPUT_STOPPED = "output_audio_buffer.stopped"
    OUTPUT_CLEARED = "output_audio_buffer.cleared"
    MCP_TOOLS_IN_PROGRESS = "mcp_list_tools.in_progress"
    MCP_TOOLS_COMPLETED = "mcp_list_tools.completed"
    MCP_TOOLS_FAILED = "mcp_list_tools.failed"
    MCP_ARGUMENTS_DELTA = "response.mcp_call_arguments.delta"
    MCP_ARGUMENTS_DONE = "response.mcp_call_arguments.done"
    MCP_CALL_IN_PROGRESS = "response.mcp_call.in_progress"
    MCP_CALL_COMPLETED = "response.mcp_call.completed"
    MCP_CALL_FAILED = "response.mcp_call.failed"


# What beta calls the news of a session that transcribes and answers nothing.
OF_TRANSCRIPTION: Mapping[str, ServerName] = {
    ServerName.SESSION_CREATED: ServerName.TRANSCRIPTION_SESSION_CREATED,
    ServerName.SESSION_UPDATED: ServerName.TRANSCRIPTION_SESSION_UPDATED,
}

# The events that beta names differently. GA reports an item twice, as added and as done; beta reports it once.
_BETA: Mapping[str, str] = {
    ServerName.ITEM_ADDED: "conversation.item.created",
    ServerName.AUDIO_DELTA: "response.audio.delta",
    ServerName.AUDIO_DONE: "response.audio.done",
    ServerName.AUDIO_TRANSCRIPT_DELTA: "response.audio_transcript.delta",
    ServerName.AUDIO_TRANSCRIPT_DONE: "response.audio_transcript.done",
    ServerName.TEXT_DELTA: "response.text.delta",
    ServerName.TEXT_DONE: "response.text.done",
}
_GA = {beta: str(ga) for ga, beta in _BETA.items()}

GA_ONLY: frozenset[str] = frozenset(
    {
        ServerName.ITEM_DONE,
        ServerName.TRANSCRIPTION_SEGMENT,
        ServerName.TIMEOUT_TRIGGERED,
        ServerName.DTMF_RECEIVED,
        *(name for name in ServerName if "mcp_" in name),
    }
)


def to_ga(name: str) -> str:
    """The GA name of an event named in either dialect. A name that neither dialect has is returned unchanged."""
    return _GA.get(name, name)


def to_dialect(name: str, dialect: Dialect) -> str:
    """The name that `dialect` has for the event with the GA name `name`; `name` where the dialect has no other."""
    return _BETA.get(name, name) if dialect is Dialect.BETA else name
