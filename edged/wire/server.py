"""What the server says, as a client reads it; `encode.py` is the other way, over the same values.

Rules:
1. Names of either dialect are accepted always.
2. Each event is read for its own fields, and null counts as missing; whatever else it carries is ignored.
3. A type this version does not know is `Unknown`; an error may come without a type (HTTP, Portkey).
4. Anything malformed is a WireError, and nothing else escapes.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import msgspec

from edged.errors import WireError
from edged.wire import shapes
from edged.wire.names import ServerName, to_ga
from edged.wire.parts import Part
from edged.wire.shapes import ServerError, ServerEvent

Json = dict[str, Any]
_MOST = 2**53  # what JSON carries exactly everywhere; no honest count comes near it
_Index = Annotated[int, msgspec.Meta(ge=0, le=_MOST)]
_Ms = Annotated[float, msgspec.Meta(ge=0, le=_MOST)]  # resampling servers count fractions


def number(value: Any) -> float | None:
    """A number in a part of an event that is not read any closer; None for what is no honest one."""
    return float(value) if isinstance(value, int | float) and abs(value) <= _MOST else None


class _Head(msgspec.Struct):
    type: str | None = None


class _Error(msgspec.Struct):
    error: Json | str | None = None
    message: str | None = None
    status: str | None = None


class _Session(msgspec.Struct):
    session: Json


class _Conversation(msgspec.Struct):
    conversation: Json | None = None


class _Item(msgspec.Struct):
    item: Json
    previous_item_id: str | None = None


class _ItemId(msgspec.Struct):
    item_id: str
    previous_item_id: str | None = None


class _Speech(msgspec.Struct):
    item_id: str | None = None
    audio_start_ms: _Ms | None = None
    audio_end_ms: _Ms | None = None


class _Content(msgspec.Struct):
    """What belongs to a content part of an item."""

    item_id: str
    content_index: _Index | None = None

    def at(self) -> Part:
        return Part(self.item_id, self.content_index or 0)


class _Truncated(_Content):
    audio_end_ms: _Ms | None = None


class _Heard(_Content):
    delta: str | None = None
    transcript: str | None = None
    text: str | None = None
    usage: Json | None = None
    error: Json | str | None = None


class _Details(msgspec.Struct):
    reason: str | None = None
    error: Json | str | None = None


class _Body(msgspec.Struct):
    id: str
    status: str | None = None
    status_details: _Details | None = None
    output: list[Json] | None = None
    usage: Json | None = None
    metadata: Json | None = None
    conversation_id: str | None = ""  # left out means the default one; null means out of band


class _Response(msgspec.Struct):
    response: _Body


class _OutputItem(msgspec.Struct):
    response_id: str
    item: Json
    output_index: _Index | None = None


class _Arguments(msgspec.Struct):
    response_id: str
    item_id: str | None = None
    output_index: _Index | None = None
    call_id: str | None = None
    name: str | None = None
    delta: str | None = None
    arguments: str | None = None


class _Limits(msgspec.Struct):
    rate_limits: list[Json] | None = None


class _Piece(_Content, kw_only=True):
    """What belongs to a content part of an item of a response."""

    response_id: str
    output_index: _Index | None = None

    def where(self) -> tuple[str, Part, int]:
        return self.response_id, self.at(), self.output_index or 0


class _Sound(_Piece, kw_only=True):
    delta: bytes  # base64, decoded on the way by the strict decoder: four times as fast as by way of a str


class _Words(_Piece):
    delta: str | None = None
    transcript: str | None = None
    text: str | None = None


class _Part(_Piece, kw_only=True):
    part: Json


def parse_server(text: str | bytes) -> ServerEvent:
    """One message of the server.

    Raises:
        WireError: it is not of the protocol; says where, in words without the server's text.
    """
    name = "message"
    try:
        kind = _HEAD.decode(text).type
        if kind is None:
            return _untyped(text)
        read = _READERS.get(to_ga(kind))
        if read is None:
            return shapes.Unknown(kind)
        name = kind
        return read(text)
    except RecursionError as error:
        raise WireError(f"{name}: nested too deep") from error
    except ValueError as error:  # all that msgspec and str() raise over what they are given
        raise WireError(f"{name}: {error}") from error


def server_error(error: Json | str | None, message: str | None = None) -> ServerError:
    """The error in whichever of its shapes it comes (OpenAI, LiteLLM, speech-to-speech, Portkey).

    Raises:
        WireError: it says nothing at all.
    """
    if isinstance(error, Mapping):
        known = {name: _text(error.get(name)) for name in ("type", "code", "param", "event_id")}
        words = _text(error.get("message")) or known["code"] or known["type"]
        return ServerError(message=words or message or "error", **known)
    words = error or message
    if not words:
        raise WireError("an error without a word")
    return ServerError(message=words)


def _text(value: Any) -> str | None:
    """Codes come as numbers too."""
    return None if value is None else str(value)


def _untyped(text: str | bytes) -> ServerEvent:
    raw = _ERROR.decode(text)
    if raw.error is None and raw.status != "failure":
        raise WireError("a message without a type")
    return shapes.ErrorEvent(server_error(raw.error, raw.message))


def _response_done(raw: _Response) -> ServerEvent:
    body = raw.response
    details = body.status_details or _Details()
    return shapes.ResponseDone(
        response_id=body.id,
        status=body.status or "completed",
        reason=details.reason,
        error=server_error(details.error) if details.error else None,
        output=tuple(body.output or ()),
        usage=body.usage or {},
        conversation_id=body.conversation_id,
        metadata=body.metadata,
    )


def _call(raw: _Arguments) -> tuple[str, str, int, str]:
    return raw.response_id, raw.item_id or "", raw.output_index or 0, raw.call_id or ""


_Shape = TypeVar("_Shape")
_Reader = Callable[[str | bytes], ServerEvent]


def _as(shape: type[_Shape], make: Callable[[_Shape], ServerEvent]) -> _Reader:
    decoder = msgspec.json.Decoder(shape)
    return lambda text: make(decoder.decode(text))


_HEAD = msgspec.json.Decoder(_Head)
_ERROR = msgspec.json.Decoder(_Error)
_READERS: dict[str, _Reader] = {
    ServerName.ERROR: _as(_Error, lambda r: shapes.ErrorEvent(server_error(r.error, r.message))),
    ServerName.SESSION_CREATED: _as(_Session, lambda r: shapes.SessionCreated(r.session)),
    ServerName.SESSION_UPDATED: _as(_Session, lambda r: shapes.SessionUpdated(r.session)),
    ServerName.CONVERSATION_CREATED: _as(
        _Conversation, lambda r: shapes.ConversationCreated(_text((r.conversation or {}).get("id")) or "")
    ),
    ServerName.ITEM_ADDED: _as(_Item, lambda r: shapes.ItemAdded(r.item, r.previous_item_id)),
    ServerName.ITEM_DONE: _as(_Item, lambda r: shapes.ItemDone(r.item, r.previous_item_id)),
    ServerName.ITEM_RETRIEVED: _as(_Item, lambda r: shapes.ItemRetrieved(r.item)),
    ServerName.ITEM_DELETED: _as(_ItemId, lambda r: shapes.ItemDeleted(r.item_id)),
    ServerName.ITEM_TRUNCATED: _as(
        _Truncated, lambda r: shapes.ItemTruncated(r.at(), int(r.audio_end_ms or 0))
    ),
    ServerName.TRANSCRIPTION_DELTA: _as(_Heard, lambda r: shapes.TranscriptionDelta(r.at(), r.delta or "")),
    ServerName.TRANSCRIPTION_SEGMENT: _as(
        _Heard, lambda r: shapes.TranscriptionSegment(r.at(), r.text or "")
    ),
    ServerName.TRANSCRIPTION_COMPLETED: _as(
        _Heard, lambda r: shapes.TranscriptionCompleted(r.at(), r.transcript or "", r.usage or {})
    ),
    ServerName.TRANSCRIPTION_FAILED: _as(
        _Heard, lambda r: shapes.TranscriptionFailed(r.at(), server_error(r.error, "transcription failed"))
    ),
    ServerName.COMMITTED: _as(_ItemId, lambda r: shapes.Committed(r.item_id, r.previous_item_id)),
    ServerName.CLEARED: _as(_Head, lambda _: shapes.Cleared()),
    ServerName.SPEECH_STARTED: _as(
        _Speech, lambda r: shapes.SpeechStarted(int(r.audio_start_ms or 0), r.item_id or "")
    ),
    ServerName.SPEECH_STOPPED: _as(
        _Speech, lambda r: shapes.SpeechStopped(int(r.audio_end_ms or 0), r.item_id or "")
    ),
    ServerName.TIMEOUT_TRIGGERED: _as(
        _Speech,
        lambda r: shapes.TimeoutTriggered(
            int(r.audio_start_ms or 0), int(r.audio_end_ms or 0), r.item_id or ""
        ),
    ),
    ServerName.RESPONSE_CREATED: _as(
        _Response,
        lambda r: shapes.ResponseCreated(r.response.id, r.response.conversation_id, r.response.metadata),
    ),
    ServerName.RESPONSE_DONE: _as(_Response, _response_done),
    ServerName.OUTPUT_ITEM_ADDED: _as(
        _OutputItem, lambda r: shapes.OutputItemAdded(r.response_id, r.output_index or 0, r.item)
    ),
    ServerName.OUTPUT_ITEM_DONE: _as(
        _OutputItem, lambda r: shapes.OutputItemDone(r.response_id, r.output_index or 0, r.item)
    ),
    ServerName.PART_ADDED: _as(_Part, lambda r: shapes.PartAdded(*r.where(), r.part)),
    ServerName.PART_DONE: _as(_Part, lambda r: shapes.PartDone(*r.where(), r.part)),
    ServerName.AUDIO_DELTA: _as(_Sound, lambda r: shapes.AudioDelta(*r.where(), r.delta)),
    ServerName.AUDIO_DONE: _as(_Piece, lambda r: shapes.AudioDone(*r.where())),
    ServerName.AUDIO_TRANSCRIPT_DELTA: _as(
        _Words, lambda r: shapes.AudioTranscriptDelta(*r.where(), r.delta or "")
    ),
    ServerName.AUDIO_TRANSCRIPT_DONE: _as(
        _Words, lambda r: shapes.AudioTranscriptDone(*r.where(), r.transcript or "")
    ),
    ServerName.TEXT_DELTA: _as(_Words, lambda r: shapes.TextDelta(*r.where(), r.delta or "")),
    ServerName.TEXT_DONE: _as(_Words, lambda r: shapes.TextDone(*r.where(), r.text or "")),
    ServerName.ARGUMENTS_DELTA: _as(_Arguments, lambda r: shapes.ArgumentsDelta(*_call(r), r.delta or "")),
    ServerName.ARGUMENTS_DONE: _as(
        _Arguments, lambda r: shapes.ArgumentsDone(*_call(r), r.name or "", r.arguments or "")
    ),
    ServerName.RATE_LIMITS: _as(_Limits, lambda r: shapes.RateLimits(tuple(r.rate_limits or ()))),
}
