"""What the server says, as a server writes it, in full; `server.py` is the other way."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from edged.wire import server_events as events
from edged.wire.names import GA_ONLY, Dialect, ServerName, to_dialect
from edged.wire.parts import Part
from edged.wire.server_events import ServerError, ServerEvent

Json = dict[str, Any]


def encode(event: ServerEvent, dialect: Dialect, event_id: str) -> str:
    """`event` as a message of `dialect`.

    Raises:
        ValueError: the dialect has no such event, or a number in it is none (JSON has no NaN).
    """
    if isinstance(event, events.Unknown):
        return json.dumps({"type": event.type, "event_id": event_id})
    name, body = _BODIES[type(event)]
    if name in GA_ONLY and dialect is Dialect.BETA:
        raise ValueError(f"{name} is not of the beta dialect")
    message = {"type": to_dialect(name, dialect), "event_id": event_id, **body(event)}
    if isinstance(event, events.ArgumentsDone) and dialect is Dialect.BETA:
        del message["name"]  # beta has it in the item only
    return json.dumps(message, allow_nan=False)


def error_object(error: ServerError) -> Json:
    """The `error` of an error event."""
    return {
        "type": error.type,
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "event_id": error.event_id,
    }


def _at(part: Part) -> Json:
    return {"item_id": part.item_id, "content_index": part.content_index}


def _of(event: Any) -> Json:
    """The ids of an event that belongs to a content part of a response."""
    return {"response_id": event.response_id, "output_index": event.output_index, **_at(event.part)}


def _in(event: Any) -> Json:
    """The ids of an event that belongs to a call of a response."""
    return {
        "response_id": event.response_id,
        "item_id": event.item_id,
        "output_index": event.output_index,
        "call_id": event.call_id,
    }


def _response_created(event: events.ResponseCreated) -> Json:
    return {
        "response": {
            "id": event.response_id,
            "object": "realtime.response",
            "status": "in_progress",
            "status_details": None,
            "output": [],
            "conversation_id": event.conversation_id,
            "metadata": event.metadata,
            "usage": None,
            **event.settings,
        }
    }


def _response_done(event: events.ResponseDone) -> Json:
    details: Json | None = None
    if event.status != "completed" or event.reason is not None or event.error is not None:
        details = {"type": event.status}
        if event.reason is not None:
            details["reason"] = event.reason
        if event.error is not None:
            error = event.error
            details["error"] = {"type": error.type, "code": error.code, "message": error.message}
    return {
        "response": {
            "id": event.response_id,
            "object": "realtime.response",
            "status": event.status,
            "status_details": details,
            "output": list(event.output),
            "conversation_id": event.conversation_id,
            "metadata": event.metadata,
            "usage": event.usage,
            **event.settings,
        }
    }


_Body = Callable[[Any], Json]
_BODIES: dict[type, tuple[ServerName, _Body]] = {
    events.ErrorEvent: (ServerName.ERROR, lambda e: {"error": error_object(e.error)}),
    events.SessionCreated: (ServerName.SESSION_CREATED, lambda e: {"session": e.session}),
    events.SessionUpdated: (ServerName.SESSION_UPDATED, lambda e: {"session": e.session}),
    events.ConversationCreated: (
        ServerName.CONVERSATION_CREATED,
        lambda e: {"conversation": {"id": e.conversation_id, "object": "realtime.conversation"}},
    ),
    events.ItemAdded: (
        ServerName.ITEM_ADDED,
        lambda e: {"previous_item_id": e.previous_item_id, "item": e.item},
    ),
    events.ItemDone: (
        ServerName.ITEM_DONE,
        lambda e: {"previous_item_id": e.previous_item_id, "item": e.item},
    ),
    events.ItemRetrieved: (ServerName.ITEM_RETRIEVED, lambda e: {"item": e.item}),
    events.ItemDeleted: (ServerName.ITEM_DELETED, lambda e: {"item_id": e.item_id}),
    events.ItemTruncated: (
        ServerName.ITEM_TRUNCATED,
        lambda e: {**_at(e.part), "audio_end_ms": e.audio_end_ms},
    ),
    events.TranscriptionDelta: (ServerName.TRANSCRIPTION_DELTA, lambda e: {**_at(e.part), "delta": e.delta}),
    events.TranscriptionSegment: (
        ServerName.TRANSCRIPTION_SEGMENT,
        lambda e: {**_at(e.part), "text": e.text},
    ),
    events.TranscriptionCompleted: (
        ServerName.TRANSCRIPTION_COMPLETED,
        lambda e: {**_at(e.part), "transcript": e.transcript, "usage": e.usage},
    ),
    events.TranscriptionFailed: (
        ServerName.TRANSCRIPTION_FAILED,
        lambda e: {**_at(e.part), "error": error_object(e.error)},
    ),
    events.Committed: (
        ServerName.COMMITTED,
        lambda e: {"previous_item_id": e.previous_item_id, "item_id": e.item_id},
    ),
    events.Cleared: (ServerName.CLEARED, lambda _: {}),
    events.SpeechStarted: (
        ServerName.SPEECH_STARTED,
        lambda e: {"audio_start_ms": e.audio_start_ms, "item_id": e.item_id},
    ),
    events.SpeechStopped: (
        ServerName.SPEECH_STOPPED,
        lambda e: {"audio_end_ms": e.audio_end_ms, "item_id": e.item_id},
    ),
    events.TimeoutTriggered: (
        ServerName.TIMEOUT_TRIGGERED,
        lambda e: {
            "audio_start_ms": e.audio_start_ms,
            "audio_end_ms": e.audio_end_ms,
            "item_id": e.item_id,
        },
    ),
    events.ResponseCreated: (ServerName.RESPONSE_CREATED, _response_created),
    events.ResponseDone: (ServerName.RESPONSE_DONE, _response_done),
    events.OutputItemAdded: (
        ServerName.OUTPUT_ITEM_ADDED,
        lambda e: {"response_id": e.response_id, "output_index": e.output_index, "item": e.item},
    ),
    events.OutputItemDone: (
        ServerName.OUTPUT_ITEM_DONE,
        lambda e: {"response_id": e.response_id, "output_index": e.output_index, "item": e.item},
    ),
    events.PartAdded: (ServerName.PART_ADDED, lambda e: {**_of(e), "part": e.content}),
    events.PartDone: (ServerName.PART_DONE, lambda e: {**_of(e), "part": e.content}),
    events.AudioDelta: (ServerName.AUDIO_DELTA, lambda e: {**_of(e), "delta": b64encode(e.pcm).decode()}),
    events.AudioDone: (ServerName.AUDIO_DONE, _of),
    events.AudioTranscriptDelta: (ServerName.AUDIO_TRANSCRIPT_DELTA, lambda e: {**_of(e), "delta": e.delta}),
    events.AudioTranscriptDone: (
        ServerName.AUDIO_TRANSCRIPT_DONE,
        lambda e: {**_of(e), "transcript": e.transcript},
    ),
    events.TextDelta: (ServerName.TEXT_DELTA, lambda e: {**_of(e), "delta": e.delta}),
    events.TextDone: (ServerName.TEXT_DONE, lambda e: {**_of(e), "text": e.text}),
    events.ArgumentsDelta: (ServerName.ARGUMENTS_DELTA, lambda e: {**_in(e), "delta": e.delta}),
    events.ArgumentsDone: (
        ServerName.ARGUMENTS_DONE,
        lambda e: {**_in(e), "name": e.name, "arguments": e.arguments},
    ),
    events.RateLimits: (ServerName.RATE_LIMITS, lambda e: {"rate_limits": list(e.limits)}),
}
