"""Writes a server's events as complete messages. `server.py` reads messages into the same values."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from edged.wire import server_events as events
from edged.wire.names import GA_ONLY, OF_TRANSCRIPTION, TRANSCRIPTION_SESSION, Dialect, ServerName, to_dialect
from edged.wire.parts import Part
from edged.wire.server_events import ServerError, ServerEvent

Json = dict[str, Any]


def encode(event: ServerEvent, dialect: Dialect, event_id: str) -> str:
    """`event` as a message of `dialect`.

    Raises:
        ValueError: the dialect has no such event, or a float is NaN or infinite, which JSON cannot express.
    """
    if isinstance(event, events.Unknown):
        return json.dumps({"type": event.type, "event_id": event_id})
    name = _NAMES[type(event)]
    if name in GA_ONLY and dialect is Dialect.BETA:
        raise ValueError(f"the beta dialect has no {name}")
    if dialect is Dialect.BETA and isinstance(event, events.SessionCreated | events.SessionUpdated):
        name = OF_TRANSCRIPTION[name] if event.session.get("object") == TRANSCRIPTION_SESSION else name
    message = {
        "type": to_dialect(name, dialect),
        "event_id": event_id,
        **_ENCODERS.get(type(event), _fields)(event),
    }
    if isinstance(event, events.ArgumentsDone) and dialect is Dialect.BETA:
        del message["name"]  # beta has the name in the item only
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


def _fields(event: Any) -> Json:
    """The body of most events: their own fields, which have the wire's names. A `Part` becomes its two fields."""
    body: Json = {}
    for name in event.__slots__:
        value = getattr(event, name)
        if isinstance(value, Part):
            body |= value._asdict()
        else:
            body[name] = error_object(value) if isinstance(value, ServerError) else value
    return body


def _renamed(field: str, name: str, convert: Callable[[Any], Any] = lambda value: value) -> "_Encoder":
    """An encoder like `_fields` for an event with one field that has another name on the wire."""

    def encoder(event: Any) -> Json:
        body = _fields(event)
        body[name] = convert(body.pop(field))
        return body

    return encoder


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


_Encoder = Callable[[Any], Json]
_NAMES: dict[type, ServerName] = {
    events.ErrorEvent: ServerName.ERROR,
    events.SessionCreated: ServerName.SESSION_CREATED,
    events.SessionUpdated: ServerName.SESSION_UPDATED,
    events.ConversationCreated: ServerName.CONVERSATION_CREATED,
    events.ItemAdded: ServerName.ITEM_ADDED,
    events.ItemDone: ServerName.ITEM_DONE,
    events.ItemRetrieved: ServerName.ITEM_RETRIEVED,
    events.ItemDeleted: ServerName.ITEM_DELETED,
    events.ItemTruncated: ServerName.ITEM_TRUNCATED,
    events.TranscriptionDelta: ServerName.TRANSCRIPTION_DELTA,
    events.TranscriptionSegment: ServerName.TRANSCRIPTION_SEGMENT,
    events.TranscriptionCompleted: ServerName.TRANSCRIPTION_COMPLETED,
    events.TranscriptionFailed: ServerName.TRANSCRIPTION_FAILED,
    events.Committed: ServerName.COMMITTED,
    events.Cleared: ServerName.CLEARED,
    events.SpeechStarted: ServerName.SPEECH_STARTED,
    events.SpeechStopped: ServerName.SPEECH_STOPPED,
    events.TimeoutTriggered: ServerName.TIMEOUT_TRIGGERED,
    events.ResponseCreated: ServerName.RESPONSE_CREATED,
    events.ResponseDone: ServerName.RESPONSE_DONE,
    events.OutputItemAdded: ServerName.OUTPUT_ITEM_ADDED,
    events.OutputItemDone: ServerName.OUTPUT_ITEM_DONE,
    events.PartAdded: ServerName.PART_ADDED,
    events.PartDone: ServerName.PART_DONE,
    events.AudioDelta: ServerName.AUDIO_DELTA,
    events.AudioDone: ServerName.AUDIO_DONE,
    events.AudioTranscriptDelta: ServerName.AUDIO_TRANSCRIPT_DELTA,
    events.AudioTranscriptDone: ServerName.AUDIO_TRANSCRIPT_DONE,
    events.TextDelta: ServerName.TEXT_DELTA,
    events.TextDone: ServerName.TEXT_DONE,
    events.ArgumentsDelta: ServerName.ARGUMENTS_DELTA,
    events.ArgumentsDone: ServerName.ARGUMENTS_DONE,
    events.RateLimits: ServerName.RATE_LIMITS,
}
_ENCODERS: dict[type, _Encoder] = {
    events.ConversationCreated: lambda e: {
        "conversation": {"id": e.conversation_id, "object": "realtime.conversation"}
    },
    events.ResponseCreated: _response_created,
    events.ResponseDone: _response_done,
    events.PartAdded: _renamed("content", "part"),
    events.PartDone: _renamed("content", "part"),
    events.AudioDelta: _renamed("pcm", "delta", lambda pcm: b64encode(pcm).decode()),
    events.RateLimits: _renamed("limits", "rate_limits", list),
}
