"""What the server says, both ways: `parse_server` for clients, `encode` for servers, one set of structs.

Rules: names of either dialect are accepted always; unknown fields are ignored; an unknown type becomes
`Unknown`; whatever is malformed becomes a WireError, and nothing else escapes.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from edged.errors import WireError
from edged.wire import shapes
from edged.wire.names import ServerName, to_ga
from edged.wire.parts import Part
from edged.wire.shapes import ServerError, ServerEvent

Json = dict[str, Any]


class _Raw(msgspec.Struct):
    """All fields that matter of all events; what is not there is None."""

    type: str
    session: Json | None = None
    conversation: Json | None = None
    item: Json | None = None
    item_id: str | None = None
    previous_item_id: str | None = None
    content_index: int | None = None
    output_index: int | None = None
    response_id: str | None = None
    response: Json | None = None
    audio_start_ms: int | float | None = None
    audio_end_ms: int | float | None = None
    delta: str | None = None
    transcript: str | None = None
    text: str | None = None
    part: Json | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    error: Json | str | None = None
    message: str | None = None
    usage: Json | None = None
    rate_limits: list[Json] | None = None


_decoder = msgspec.json.Decoder(_Raw)


def parse_server(text: str | bytes) -> ServerEvent:
    """One message of the server.

    Raises:
        WireError: it is not of the protocol.
    """
    try:
        raw = _decoder.decode(text)
        make = _PARSERS.get(to_ga(raw.type))
        return shapes.Unknown(raw.type) if make is None else make(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeError, Base64Error, ValueError, TypeError) as error:
        raise WireError(f"not a message of the protocol: {type(error).__name__}") from error


def _need(value: str | None, name: str) -> str:
    if value is None:
        raise WireError(f"`{name}` is missing")
    return value


def _object(value: Json | None, name: str) -> Json:
    if value is None:
        raise WireError(f"`{name}` is missing")
    return value


def _part(raw: _Raw) -> Part:
    return Part(_need(raw.item_id, "item_id"), raw.content_index or 0)


def _rid(raw: _Raw) -> str:
    return _need(raw.response_id, "response_id")


def server_error(error: Json | str | None, message: str | None = None) -> ServerError:
    """The error in whichever of its shapes it comes (OpenAI, LiteLLM, speech-to-speech, Portkey)."""
    if isinstance(error, Mapping):
        known = {name: _text(error.get(name)) for name in ("type", "code", "param", "event_id")}
        return ServerError(
            message=_text(error.get("message")) or known["code"] or known["type"] or "error", **known
        )
    text = error or message
    if not text:
        raise WireError("an error without a word")
    return ServerError(message=text)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _response_created(raw: _Raw) -> ServerEvent:
    response = _object(raw.response, "response")
    # A server that leaves conversation_id out means the default one; null means out of band.
    conversation = _text(response.get("conversation_id", ""))
    return shapes.ResponseCreated(
        _need(_text(response.get("id")), "id"), conversation, response.get("metadata")
    )


def _response_done(raw: _Raw) -> ServerEvent:
    response = _object(raw.response, "response")
    details = response.get("status_details") or {}
    error = details.get("error") if isinstance(details, Mapping) else None
    output = response.get("output") or []
    usage = response.get("usage") or {}
    if not isinstance(details, Mapping) or not isinstance(output, list) or not isinstance(usage, dict):
        raise WireError("a response of odd shape")
    return shapes.ResponseDone(
        response_id=_need(_text(response.get("id")), "id"),
        status=_text(response.get("status")) or "completed",
        reason=_text(details.get("reason")),
        error=server_error(error) if error else None,
        output=tuple(item for item in output if isinstance(item, dict)),
        usage=usage,
        conversation_id=_text(response.get("conversation_id", "")),
    )


def _audio_delta(raw: _Raw) -> ServerEvent:
    sound = b64decode(_need(raw.delta, "delta"), validate=True)
    return shapes.AudioDelta(_rid(raw), _part(raw), raw.output_index or 0, sound)


def _failed(raw: _Raw) -> ServerEvent:
    return shapes.TranscriptionFailed(_part(raw), server_error(raw.error or "transcription failed"))


_PARSERS: dict[str, Callable[[_Raw], ServerEvent]] = {
    ServerName.ERROR: lambda r: shapes.ErrorEvent(server_error(r.error, r.message)),
    ServerName.SESSION_CREATED: lambda r: shapes.SessionCreated(_object(r.session, "session")),
    ServerName.SESSION_UPDATED: lambda r: shapes.SessionUpdated(_object(r.session, "session")),
    ServerName.CONVERSATION_CREATED: lambda r: shapes.ConversationCreated(
        _text((r.conversation or {}).get("id")) or ""
    ),
    ServerName.ITEM_ADDED: lambda r: shapes.ItemAdded(_object(r.item, "item"), r.previous_item_id),
    ServerName.ITEM_DONE: lambda r: shapes.ItemDone(_object(r.item, "item"), r.previous_item_id),
    ServerName.ITEM_RETRIEVED: lambda r: shapes.ItemRetrieved(_object(r.item, "item")),
    ServerName.ITEM_DELETED: lambda r: shapes.ItemDeleted(_need(r.item_id, "item_id")),
    ServerName.ITEM_TRUNCATED: lambda r: shapes.ItemTruncated(_part(r), int(r.audio_end_ms or 0)),
    ServerName.TRANSCRIPTION_DELTA: lambda r: shapes.TranscriptionDelta(_part(r), r.delta or ""),
    ServerName.TRANSCRIPTION_COMPLETED: lambda r: shapes.TranscriptionCompleted(
        _part(r), r.transcript or "", r.usage or {}
    ),
    ServerName.TRANSCRIPTION_FAILED: _failed,
    ServerName.COMMITTED: lambda r: shapes.Committed(_need(r.item_id, "item_id"), r.previous_item_id),
    ServerName.CLEARED: lambda _: shapes.Cleared(),
    ServerName.SPEECH_STARTED: lambda r: shapes.SpeechStarted(int(r.audio_start_ms or 0), r.item_id or ""),
    ServerName.SPEECH_STOPPED: lambda r: shapes.SpeechStopped(int(r.audio_end_ms or 0), r.item_id or ""),
    ServerName.RESPONSE_CREATED: _response_created,
    ServerName.RESPONSE_DONE: _response_done,
    ServerName.OUTPUT_ITEM_ADDED: lambda r: shapes.OutputItemAdded(
        _rid(r), r.output_index or 0, _object(r.item, "item")
    ),
    ServerName.OUTPUT_ITEM_DONE: lambda r: shapes.OutputItemDone(
        _rid(r), r.output_index or 0, _object(r.item, "item")
    ),
    ServerName.PART_ADDED: lambda r: shapes.PartAdded(
        _rid(r), _part(r), r.output_index or 0, _object(r.part, "part")
    ),
    ServerName.PART_DONE: lambda r: shapes.PartDone(
        _rid(r), _part(r), r.output_index or 0, _object(r.part, "part")
    ),
    ServerName.AUDIO_DELTA: _audio_delta,
    ServerName.AUDIO_DONE: lambda r: shapes.AudioDone(_rid(r), _part(r), r.output_index or 0),
    ServerName.AUDIO_TRANSCRIPT_DELTA: lambda r: shapes.AudioTranscriptDelta(
        _rid(r), _part(r), r.output_index or 0, r.delta or ""
    ),
    ServerName.AUDIO_TRANSCRIPT_DONE: lambda r: shapes.AudioTranscriptDone(
        _rid(r), _part(r), r.output_index or 0, r.transcript or ""
    ),
    ServerName.TEXT_DELTA: lambda r: shapes.TextDelta(_rid(r), _part(r), r.output_index or 0, r.delta or ""),
    ServerName.TEXT_DONE: lambda r: shapes.TextDone(_rid(r), _part(r), r.output_index or 0, r.text or ""),
    ServerName.ARGUMENTS_DELTA: lambda r: shapes.ArgumentsDelta(
        _rid(r), r.item_id or "", r.output_index or 0, r.call_id or "", r.delta or ""
    ),
    ServerName.ARGUMENTS_DONE: lambda r: shapes.ArgumentsDone(
        _rid(r), r.item_id or "", r.output_index or 0, r.call_id or "", r.name or "", r.arguments or ""
    ),
    ServerName.RATE_LIMITS: lambda r: shapes.RateLimits(tuple(r.rate_limits or ())),
}
