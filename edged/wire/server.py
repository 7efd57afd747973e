"""Reads a server's messages for a client. `encode.py` writes the same values as messages.

Rules:
1. The names of both dialects are always accepted.
2. Only the fields that an event is known to have are built (server_messages.py). Null counts as missing.
3. An event of a type that this version does not know becomes `Unknown`. An error may lack a type (HTTP, Portkey).
4. A malformed message raises a BadServerEvent, and so does a message that holds too much (bounds.py). No other
   exception leaves this module.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from edged.errors import WireError
from edged.wire import bounds, sketch
from edged.wire import server_events as events
from edged.wire import server_messages as messages
from edged.wire.names import ServerName, to_ga
from edged.wire.server_events import ServerError, ServerEvent

_IDENTIFIER = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9_-]{1,64}")


class BadServerEvent(WireError):  # noqa: N818 the name says which event is bad
    """An event that could not be read. `rest` is its readable part, if the link waits for this event."""

    def __init__(self, message: str, cause: str = "bad_message", rest: ServerEvent | None = None) -> None:
        super().__init__(message)
        self.cause, self.rest = cause, rest


def number(value: Any) -> float | None:
    """A number in an untyped part of an event; None for anything else, and beyond 2**53."""
    return float(value) if isinstance(value, int | float) and abs(value) <= messages.MOST else None


def identifier(value: Any) -> str:
    """An id that may be shown, in an untyped part of an event; empty for anything else.

    Letters, digits, dashes and underscores with at least one digit are no words that somebody has said.
    """
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else ""


def parse_server(text: str | bytes) -> ServerEvent:
    """One message from the server.

    Raises:
        BadServerEvent: the message breaks the protocol or holds too much. The error says where, and does not quote
            the server's text.
    """
    if len(text) > bounds.MOST_EVENT:
        return _large(text)
    name = "message"
    try:
        kind = _HEAD.decode(text).type
        if kind is None:
            return _untyped(text)
        ga_name = to_ga(kind)
        read = _READERS.get(ga_name)
        if read is None:
            return events.Unknown(kind[: bounds.MOST_NAME])
        name = kind
        if len(text) > bounds.SMALL and ga_name != ServerName.AUDIO_DELTA and bounds.crowded(text):
            raise BadServerEvent(f"{name}: {bounds.CROWDED}", TOO_LARGE, _rest(kind, text))
        return read(text)
    except RecursionError as error:
        raise BadServerEvent(f"{name}: nested too deeply") from error
    except msgspec.ValidationError as error:
        cause = TOO_LARGE if _LONG in str(error) else WireError.cause
        raise BadServerEvent(f"{name}: {error}", cause, _rest(name, text)) from error
    except ValueError as error:  # msgspec and str() raise no other kind for bad input
        raise BadServerEvent(f"{name}: {error}") from error


def _large(text: str | bytes) -> ServerEvent:
    """Read a message past `MOST_EVENT`: a delta of sound; anything else raises a BadServerEvent."""
    try:
        kind = sketch.kind_of(text)
        if to_ga(kind) == ServerName.AUDIO_DELTA:
            return _sound(sketch.sound(text))
        small = sketch.sketched(text)
    except RecursionError as error:
        raise BadServerEvent("a large message: nested too deeply") from error
    except ValueError as error:
        raise BadServerEvent(f"a large message: {error}") from error
    name = kind if to_ga(kind) in _READERS else "message"
    words = f"{name}: {len(text)} bytes, more than the limit of {bounds.MOST_EVENT}"
    raise BadServerEvent(words, TOO_LARGE, _rest(kind, small))


def _rest(kind: str, text: str | bytes) -> ServerEvent | None:
    """What the link needs to know of an event that cannot be read: that it came, and what it is about."""
    read = _HEADS.get(to_ga(kind))
    try:
        return None if read is None else read(text)
    except (ValueError, RecursionError, WireError):
        return None


def _sound(raw: messages.AudioMessage) -> ServerEvent:
    return events.AudioDelta(*raw.where(), raw.delta)


def server_error(error: Mapping[str, Any] | str | None, message: str | None = None) -> ServerError:
    """The error, from each of the shapes that services use (OpenAI, LiteLLM, speech-to-speech, Portkey).

    Raises:
        WireError: it has no text at all.
    """
    if isinstance(error, Mapping):
        known = {name: _name(error.get(name)) for name in ("type", "code", "param", "event_id")}
        words = _text(error.get("message")) or known["code"] or known["type"]
        return ServerError(message=words or _text(message) or "error", **known)
    words = _text(error) or _text(message)
    if not words:
        raise BadServerEvent("an error without any text")
    return ServerError(message=words)


def _text(value: Any) -> str | None:
    """Text, also of a number: some services send codes as numbers."""
    return None if value is None else str(value)[: bounds.MOST_WORDS]


def _name(value: Any) -> str | None:
    return None if value is None else str(value)[: bounds.MOST_NAME]


def _untyped(text: str | bytes) -> ServerEvent:
    raw = _ERROR.decode(text)
    if raw.error is None and raw.status != "failure":
        raise BadServerEvent("a message without a type")
    return events.ErrorEvent(server_error(raw.error, raw.message))


def _response_done(raw: messages.ResponseMessage) -> ServerEvent:
    body = raw.response or messages.ResponseObject()
    details = body.status_details
    reason, error = (
        (None, None) if details is None or isinstance(details, str) else (details.reason, details.error)
    )
    return events.ResponseDone(
        response_id=body.id or "",
        status=body.status or "completed",
        reason=_text(reason),
        error=server_error(error) if error else None,
        output=tuple(body.output or ()),
        usage=body.usage or raw.usage or {},
        conversation_id=body.conversation_id,
    )


def _response_head(raw: messages.ResponseHeadMessage) -> ServerEvent:
    response = raw.response or messages.ResponseHeadObject()
    return events.ResponseDone(
        response.id or "", response.status or "completed", conversation_id=response.conversation_id
    )


def _response_created(raw: messages.ResponseHeadMessage) -> ServerEvent:
    response = raw.response or messages.ResponseHeadObject()
    return events.ResponseCreated(response.id or "", response.conversation_id)


def _id_of(value: Any) -> str:
    """The value if it can be a name, else empty."""
    return value if isinstance(value, str) and len(value) <= bounds.MOST_NAME else ""


def _call(raw: messages.ArgumentsMessage) -> tuple[str, str, int, str]:
    return raw.response_id or "", raw.item_id or "", raw.output_index or 0, raw.call_id or ""


_Shape = TypeVar("_Shape")
_Reader = Callable[[str | bytes], ServerEvent]


def _as(shape: type[_Shape], make: Callable[[_Shape], ServerEvent]) -> _Reader:
    decoder = msgspec.json.Decoder(shape)
    return lambda text: make(decoder.decode(text))


def _else(read: _Reader, otherwise: ServerEvent) -> _Reader:
    """A reader with an event for what it cannot read."""

    def reader(text: str | bytes) -> ServerEvent:
        try:
            return read(text)
        except msgspec.ValidationError:
            return otherwise

    return reader


TOO_LARGE = "message_too_large"
_LONG = "of length <="  # what msgspec says of a name longer than its limit
_HEAD = msgspec.json.Decoder(messages.AnyMessage)
_ERROR = msgspec.json.Decoder(messages.ErrorMessage)
_READERS: dict[str, _Reader] = {
    ServerName.ERROR: _as(
        messages.ErrorMessage, lambda r: events.ErrorEvent(server_error(r.error, r.message))
    ),
    ServerName.SESSION_CREATED: _as(messages.SessionMessage, lambda r: events.SessionCreated(r.session)),
    ServerName.SESSION_UPDATED: _as(messages.SessionMessage, lambda r: events.SessionUpdated(r.session)),
    ServerName.CONVERSATION_CREATED: _as(
        messages.ConversationMessage,
        lambda r: events.ConversationCreated(_text((r.conversation or {}).get("id")) or ""),
    ),
    ServerName.ITEM_ADDED: _as(messages.ItemMessage, lambda r: events.ItemAdded(r.item, r.previous_item_id)),
    ServerName.ITEM_DONE: _as(messages.ItemMessage, lambda r: events.ItemDone(r.item, r.previous_item_id)),
    ServerName.ITEM_RETRIEVED: _as(messages.ItemMessage, lambda r: events.ItemRetrieved(r.item)),
    ServerName.ITEM_DELETED: _as(messages.ItemIdMessage, lambda r: events.ItemDeleted(r.item_id or "")),
    ServerName.ITEM_TRUNCATED: _as(
        messages.TruncatedMessage, lambda r: events.ItemTruncated(r.at(), int(r.audio_end_ms or 0))
    ),
    ServerName.TRANSCRIPTION_DELTA: _as(
        messages.TranscriptionMessage, lambda r: events.TranscriptionDelta(r.at(), r.delta or "")
    ),
    ServerName.TRANSCRIPTION_SEGMENT: _as(
        messages.TranscriptionMessage, lambda r: events.TranscriptionSegment(r.at(), r.text or "")
    ),
    ServerName.TRANSCRIPTION_COMPLETED: _as(
        messages.TranscriptionMessage,
        lambda r: events.TranscriptionCompleted(r.at(), r.transcript or "", r.usage or {}),
    ),
    ServerName.TRANSCRIPTION_FAILED: _as(
        messages.TranscriptionMessage,
        lambda r: events.TranscriptionFailed(r.at(), server_error(r.error, "transcription failed")),
    ),
    ServerName.COMMITTED: _as(
        messages.ItemIdMessage, lambda r: events.Committed(r.item_id or "", r.previous_item_id)
    ),
    ServerName.CLEARED: _as(messages.AnyMessage, lambda _: events.Cleared()),
    ServerName.SPEECH_STARTED: _as(
        messages.SpeechMessage, lambda r: events.SpeechStarted(int(r.audio_start_ms or 0), r.item_id or "")
    ),
    ServerName.SPEECH_STOPPED: _as(
        messages.SpeechMessage, lambda r: events.SpeechStopped(int(r.audio_end_ms or 0), r.item_id or "")
    ),
    ServerName.TIMEOUT_TRIGGERED: _as(
        messages.SpeechMessage,
        lambda r: events.TimeoutTriggered(
            int(r.audio_start_ms or 0), int(r.audio_end_ms or 0), r.item_id or ""
        ),
    ),
    ServerName.RESPONSE_CREATED: _as(messages.ResponseHeadMessage, _response_created),
    ServerName.RESPONSE_DONE: _as(messages.ResponseMessage, _response_done),
    ServerName.OUTPUT_ITEM_ADDED: _as(
        messages.OutputItemMessage,
        lambda r: events.OutputItemAdded(r.response_id or "", r.output_index or 0, r.item),
    ),
    ServerName.OUTPUT_ITEM_DONE: _as(
        messages.OutputItemMessage,
        lambda r: events.OutputItemDone(r.response_id or "", r.output_index or 0, r.item),
    ),
    ServerName.PART_ADDED: _as(messages.ContentPartMessage, lambda r: events.PartAdded(*r.where(), r.part)),
    ServerName.PART_DONE: _as(messages.ContentPartMessage, lambda r: events.PartDone(*r.where(), r.part)),
    ServerName.AUDIO_DELTA: _as(messages.AudioMessage, _sound),
    ServerName.AUDIO_DONE: _as(messages.OutputPartMessage, lambda r: events.AudioDone(*r.where())),
    ServerName.AUDIO_TRANSCRIPT_DELTA: _as(
        messages.TextMessage, lambda r: events.AudioTranscriptDelta(*r.where(), r.delta or "")
    ),
    ServerName.AUDIO_TRANSCRIPT_DONE: _as(
        messages.TextMessage, lambda r: events.AudioTranscriptDone(*r.where(), r.transcript or "")
    ),
    ServerName.TEXT_DELTA: _as(messages.TextMessage, lambda r: events.TextDelta(*r.where(), r.delta or "")),
    ServerName.TEXT_DONE: _as(messages.TextMessage, lambda r: events.TextDone(*r.where(), r.text or "")),
    ServerName.ARGUMENTS_DELTA: _as(
        messages.ArgumentsMessage, lambda r: events.ArgumentsDelta(*_call(r), r.delta or "")
    ),
    ServerName.ARGUMENTS_DONE: _as(
        messages.ArgumentsMessage, lambda r: events.ArgumentsDone(*_call(r), r.name or "", r.arguments or "")
    ),
    ServerName.RATE_LIMITS: _as(
        messages.RateLimitsMessage, lambda r: events.RateLimits(tuple(r.rate_limits or ()))
    ),
}
# The events that a turn waits for. When one cannot be read, these still report it. They build only its names,
# so the size of the event does not matter.
_HEADS: dict[str, _Reader] = {
    ServerName.ERROR: _as(
        messages.ErrorHeadMessage, lambda r: events.ErrorEvent(server_error(r.error, "error"))
    ),
    ServerName.RESPONSE_CREATED: _READERS[ServerName.RESPONSE_CREATED],
    # The end of a response is billed, even if nothing in it can be read.
    ServerName.RESPONSE_DONE: _else(
        _as(messages.ResponseHeadMessage, _response_head), events.ResponseDone("", "completed")
    ),
    ServerName.COMMITTED: _as(messages.AnyItemIdMessage, lambda r: events.Committed(_id_of(r.item_id))),
    ServerName.SPEECH_STARTED: _READERS[ServerName.SPEECH_STARTED],
    ServerName.SPEECH_STOPPED: _READERS[ServerName.SPEECH_STOPPED],
}
