"""Finds out what a large message is and what it is about, and builds only its names. Pure.

A text of 16 MiB can become a string of 64 MiB, because one wide character makes every character of a string wide. So in
a message longer than `MOST_EVENT` each known field stays raw bytes, and only short fields are decoded.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from edged.wire.bounds import MOST_NAME
from edged.wire.server_messages import AudioMessage, OutputPartMessage

_MOST = 6 * MOST_NAME + 2  # bytes of a name with each character written as \uXXXX, and its quotes
_Field = Raw | UnsetType


class _Response(Struct):
    id: _Field = UNSET
    status: _Field = UNSET
    conversation_id: _Field = UNSET


class _Error(Struct):
    type: _Field = UNSET
    code: _Field = UNSET
    param: _Field = UNSET
    event_id: _Field = UNSET


class _Place(Struct):
    item_id: _Field = UNSET
    response_id: _Field = UNSET
    content_index: _Field = UNSET
    output_index: _Field = UNSET


class _SketchKind(Struct):
    type: _Field = UNSET


class _Sketch(_Place):
    type: _Field = UNSET
    previous_item_id: _Field = UNSET
    audio_start_ms: _Field = UNSET
    audio_end_ms: _Field = UNSET


class _OfResponse(Struct):
    response: _Response


class _OfError(Struct):
    error: _Error


class _Delta(_Place, kw_only=True):
    delta: bytes


_OBJECTS: dict[str, msgspec.json.Decoder[Any]] = {
    "response": msgspec.json.Decoder(_OfResponse),
    "error": msgspec.json.Decoder(_OfError),
}
_KIND = msgspec.json.Decoder(_SketchKind)
_SKETCH = msgspec.json.Decoder(_Sketch)
_DELTA = msgspec.json.Decoder(_Delta)
_PLACE = msgspec.json.Decoder(OutputPartMessage)


def kind_of(text: str | bytes) -> str:
    """The type of a large message; empty where it is missing or too long.

    Raises:
        ValueError, RecursionError: the message is not a JSON object.
    """
    found = _short(_KIND.decode(text)).get("type")
    return (msgspec.json.decode(found, type=str | None) if found is not None else None) or ""


def sketched(text: str | bytes) -> bytes:
    """A small message of the same type, with those ids and numbers that are short.

    Raises:
        ValueError, RecursionError: the message is not a JSON object.
    """
    small: dict[str, Any] = _short(_SKETCH.decode(text))
    for name, decoder in _OBJECTS.items():
        try:
            small[name] = _short(getattr(decoder.decode(text), name))
        except msgspec.ValidationError:
            continue
    return msgspec.json.encode(small)


def sound(text: str | bytes) -> AudioMessage:
    """Read a large delta of sound.

    Raises:
        ValueError, RecursionError: the message is not a delta of sound.
    """
    read = _DELTA.decode(text)
    place = _PLACE.decode(msgspec.json.encode(_short(read)))
    return AudioMessage(
        place.item_id,
        place.content_index,
        response_id=place.response_id,
        output_index=place.output_index,
        delta=read.delta,
    )


def _short(of: Struct) -> dict[str, Any]:
    fields = ((name, getattr(of, name)) for name in of.__struct_fields__)
    return {name: raw for name, raw in fields if isinstance(raw, Raw) and len(memoryview(raw)) <= _MOST}
