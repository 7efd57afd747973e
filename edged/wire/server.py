"""What the server says, as a client reads it; `encode.py` is the other way, over the same values.

Rules:
1. Names of either dialect are accepted always.
2. Each event is read for its own fields (forms.py), and null counts as missing; nothing is built of what else it has.
3. A type this version does not know is `Unknown`; an error may come without a type (HTTP, Portkey).
4. Anything malformed is a BadServerEvent, and nothing else escapes; so is what holds more than it may (bounds.py).
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from edged.errors import WireError
from edged.wire import bounds, forms, shapes, sketch
from edged.wire.names import ServerName, to_ga
from edged.wire.shapes import ServerError, ServerEvent


class BadServerEvent(WireError):  # noqa: N818 it is an event that is bad
    """An event that is not read; `rest` is what is told of it all the same, where somebody waits for it."""

    def __init__(self, message: str, cause: str = "bad_message", rest: ServerEvent | None = None) -> None:
        super().__init__(message)
        self.cause, self.rest = cause, rest


def number(value: Any) -> float | None:
    """A number in a part of an event that is not read any closer; None for what is no honest one."""
    return float(value) if isinstance(value, int | float) and abs(value) <= forms.MOST else None


def parse_server(text: str | bytes) -> ServerEvent:
    """One message of the server.

    Raises:
        BadServerEvent: it is not of the protocol, or holds too much; says where, in words without the server's text.
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
            return shapes.Unknown(kind[: bounds.MOST_NAME])
        name = kind
        if len(text) > bounds.SMALL and ga_name != ServerName.AUDIO_DELTA and bounds.crowded(text):
            raise BadServerEvent(f"{name}: {bounds.CROWDED}", TOO_LARGE, _rest(kind, text))
        return read(text)
    except RecursionError as error:
        raise BadServerEvent(f"{name}: nested too deep") from error
    except msgspec.ValidationError as error:
        cause = TOO_LARGE if _LONG in str(error) else WireError.cause
        raise BadServerEvent(f"{name}: {error}", cause, _rest(name, text)) from error
    except ValueError as error:  # all that msgspec and str() raise over what they are given
        raise BadServerEvent(f"{name}: {error}") from error


def _large(text: str | bytes) -> ServerEvent:
    """Sound, or a BadServerEvent."""
    try:
        kind = sketch.kind_of(text)
        if to_ga(kind) == ServerName.AUDIO_DELTA:
            return _sound(sketch.sound(text))
        small = sketch.sketched(text)
    except RecursionError as error:
        raise BadServerEvent("a large message: nested too deep") from error
    except ValueError as error:
        raise BadServerEvent(f"a large message: {error}") from error
    name = kind if to_ga(kind) in _READERS else "message"
    words = f"{name}: {len(text)} bytes, and {bounds.MOST_EVENT} are the most"
    raise BadServerEvent(words, TOO_LARGE, _rest(kind, small))


def _rest(kind: str, text: str | bytes) -> ServerEvent | None:
    """What somebody waits for, of an event that is not read: that it came, and of what it is."""
    read = _HEADS.get(to_ga(kind))
    try:
        return None if read is None else read(text)
    except (ValueError, RecursionError, WireError):
        return None


def _sound(raw: forms.SoundForm) -> ServerEvent:
    return shapes.AudioDelta(*raw.where(), raw.delta)


def server_error(error: Mapping[str, Any] | str | None, message: str | None = None) -> ServerError:
    """The error in whichever of its shapes it comes (OpenAI, LiteLLM, speech-to-speech, Portkey).

    Raises:
        WireError: it says nothing at all.
    """
    if isinstance(error, Mapping):
        known = {name: _name(error.get(name)) for name in ("type", "code", "param", "event_id")}
        words = _text(error.get("message")) or known["code"] or known["type"]
        return ServerError(message=words or _text(message) or "error", **known)
    words = _text(error) or _text(message)
    if not words:
        raise BadServerEvent("an error without a word")
    return ServerError(message=words)


def _text(value: Any) -> str | None:
    """Codes come as numbers too."""
    return None if value is None else str(value)[: bounds.MOST_WORDS]


def _name(value: Any) -> str | None:
    return None if value is None else str(value)[: bounds.MOST_NAME]


def _untyped(text: str | bytes) -> ServerEvent:
    raw = _ERROR.decode(text)
    if raw.error is None and raw.status != "failure":
        raise BadServerEvent("a message without a type")
    return shapes.ErrorEvent(server_error(raw.error, raw.message))


def _response_done(raw: forms.ResponseForm) -> ServerEvent:
    body = raw.response or forms.Body()
    details = body.status_details
    reason, error = (details.reason, details.error) if details else (None, None)
    return shapes.ResponseDone(
        response_id=body.id or "",
        status=body.status or "completed",
        reason=_text(reason),
        error=server_error(error) if error else None,
        output=tuple(body.output or ()),
        usage=body.usage or {},
        conversation_id=body.conversation_id,
    )


def _response_head(raw: forms.ResponseHead) -> ServerEvent:
    response = raw.response or forms.ResponseName()
    return shapes.ResponseDone(
        response.id or "", response.status or "completed", conversation_id=response.conversation_id
    )


def _response_created(raw: forms.ResponseHead) -> ServerEvent:
    response = raw.response or forms.ResponseName()
    return shapes.ResponseCreated(response.id or "", response.conversation_id)


def _id_of(value: Any) -> str:
    """A name where one should stand; empty for what can be none."""
    return value if isinstance(value, str) and len(value) <= bounds.MOST_NAME else ""


def _call(raw: forms.Arguments) -> tuple[str, str, int, str]:
    return raw.response_id or "", raw.item_id or "", raw.output_index or 0, raw.call_id or ""


_Shape = TypeVar("_Shape")
_Reader = Callable[[str | bytes], ServerEvent]


def _as(shape: type[_Shape], make: Callable[[_Shape], ServerEvent]) -> _Reader:
    decoder = msgspec.json.Decoder(shape)
    return lambda text: make(decoder.decode(text))


TOO_LARGE = "message_too_large"
_LONG = "of length <="  # msgspec's words for a name past its bound
_HEAD = msgspec.json.Decoder(forms.Head)
_ERROR = msgspec.json.Decoder(forms.Untyped)
_READERS: dict[str, _Reader] = {
    ServerName.ERROR: _as(forms.Untyped, lambda r: shapes.ErrorEvent(server_error(r.error, r.message))),
    ServerName.SESSION_CREATED: _as(forms.OfSession, lambda r: shapes.SessionCreated(r.session)),
    ServerName.SESSION_UPDATED: _as(forms.OfSession, lambda r: shapes.SessionUpdated(r.session)),
    ServerName.CONVERSATION_CREATED: _as(
        forms.OfConversation,
        lambda r: shapes.ConversationCreated(_text((r.conversation or {}).get("id")) or ""),
    ),
    ServerName.ITEM_ADDED: _as(forms.OfItem, lambda r: shapes.ItemAdded(r.item, r.previous_item_id)),
    ServerName.ITEM_DONE: _as(forms.OfItem, lambda r: shapes.ItemDone(r.item, r.previous_item_id)),
    ServerName.ITEM_RETRIEVED: _as(forms.OfItem, lambda r: shapes.ItemRetrieved(r.item)),
    ServerName.ITEM_DELETED: _as(forms.ItemId, lambda r: shapes.ItemDeleted(r.item_id or "")),
    ServerName.ITEM_TRUNCATED: _as(
        forms.Truncated, lambda r: shapes.ItemTruncated(r.at(), int(r.audio_end_ms or 0))
    ),
    ServerName.TRANSCRIPTION_DELTA: _as(
        forms.HeardForm, lambda r: shapes.TranscriptionDelta(r.at(), r.delta or "")
    ),
    ServerName.TRANSCRIPTION_SEGMENT: _as(
        forms.HeardForm, lambda r: shapes.TranscriptionSegment(r.at(), r.text or "")
    ),
    ServerName.TRANSCRIPTION_COMPLETED: _as(
        forms.HeardForm, lambda r: shapes.TranscriptionCompleted(r.at(), r.transcript or "", r.usage or {})
    ),
    ServerName.TRANSCRIPTION_FAILED: _as(
        forms.HeardForm,
        lambda r: shapes.TranscriptionFailed(r.at(), server_error(r.error, "transcription failed")),
    ),
    ServerName.COMMITTED: _as(forms.ItemId, lambda r: shapes.Committed(r.item_id or "", r.previous_item_id)),
    ServerName.CLEARED: _as(forms.Head, lambda _: shapes.Cleared()),
    ServerName.SPEECH_STARTED: _as(
        forms.SpeechForm, lambda r: shapes.SpeechStarted(int(r.audio_start_ms or 0), r.item_id or "")
    ),
    ServerName.SPEECH_STOPPED: _as(
        forms.SpeechForm, lambda r: shapes.SpeechStopped(int(r.audio_end_ms or 0), r.item_id or "")
    ),
    ServerName.TIMEOUT_TRIGGERED: _as(
        forms.SpeechForm,
        lambda r: shapes.TimeoutTriggered(
            int(r.audio_start_ms or 0), int(r.audio_end_ms or 0), r.item_id or ""
        ),
    ),
    ServerName.RESPONSE_CREATED: _as(forms.ResponseHead, _response_created),
    ServerName.RESPONSE_DONE: _as(forms.ResponseForm, _response_done),
    ServerName.OUTPUT_ITEM_ADDED: _as(
        forms.OutputItem, lambda r: shapes.OutputItemAdded(r.response_id or "", r.output_index or 0, r.item)
    ),
    ServerName.OUTPUT_ITEM_DONE: _as(
        forms.OutputItem, lambda r: shapes.OutputItemDone(r.response_id or "", r.output_index or 0, r.item)
    ),
    ServerName.PART_ADDED: _as(forms.OfPart, lambda r: shapes.PartAdded(*r.where(), r.part)),
    ServerName.PART_DONE: _as(forms.OfPart, lambda r: shapes.PartDone(*r.where(), r.part)),
    ServerName.AUDIO_DELTA: _as(forms.SoundForm, _sound),
    ServerName.AUDIO_DONE: _as(forms.Piece, lambda r: shapes.AudioDone(*r.where())),
    ServerName.AUDIO_TRANSCRIPT_DELTA: _as(
        forms.WordsForm, lambda r: shapes.AudioTranscriptDelta(*r.where(), r.delta or "")
    ),
    ServerName.AUDIO_TRANSCRIPT_DONE: _as(
        forms.WordsForm, lambda r: shapes.AudioTranscriptDone(*r.where(), r.transcript or "")
    ),
    ServerName.TEXT_DELTA: _as(forms.WordsForm, lambda r: shapes.TextDelta(*r.where(), r.delta or "")),
    ServerName.TEXT_DONE: _as(forms.WordsForm, lambda r: shapes.TextDone(*r.where(), r.text or "")),
    ServerName.ARGUMENTS_DELTA: _as(
        forms.Arguments, lambda r: shapes.ArgumentsDelta(*_call(r), r.delta or "")
    ),
    ServerName.ARGUMENTS_DONE: _as(
        forms.Arguments, lambda r: shapes.ArgumentsDone(*_call(r), r.name or "", r.arguments or "")
    ),
    ServerName.RATE_LIMITS: _as(
        forms.RateLimitsForm, lambda r: shapes.RateLimits(tuple(r.rate_limits or ()))
    ),
}
# What a turn waits for is told where the event is not read, too: however large it is, nothing of it but names is built.
_HEADS: dict[str, _Reader] = {
    ServerName.ERROR: _as(forms.ErrorHead, lambda r: shapes.ErrorEvent(server_error(r.error, "error"))),
    ServerName.RESPONSE_CREATED: _READERS[ServerName.RESPONSE_CREATED],
    ServerName.RESPONSE_DONE: _as(forms.ResponseHead, _response_head),
    ServerName.COMMITTED: _as(forms.AnyItemId, lambda r: shapes.Committed(_id_of(r.item_id))),
    ServerName.SPEECH_STARTED: _READERS[ServerName.SPEECH_STARTED],
    ServerName.SPEECH_STOPPED: _READERS[ServerName.SPEECH_STOPPED],
}
