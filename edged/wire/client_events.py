"""Reads a client's messages for a server. `client.py` builds them.

Rules:
1. A message that cannot be accepted raises a `BadClientEvent`. It holds the error to answer with, and the client's own
   event_id where the client gave one. No other exception leaves this module.
2. A field that the event does not have makes the event bad.
3. A message with more elements than an event can have (bounds.py) is not read.

Not here: checks that depend on the state of the session (local).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from edged.errors import WireError
from edged.wire import bounds
from edged.wire.names import ClientName, Dialect
from edged.wire.parts import Part

Json = dict[str, Any]
MOST_AUDIO = 15 * 2**20  # characters of base64 in one event
_Kind = TypeVar("_Kind")


class BadClientEvent(WireError):  # noqa: N818 the name says which event is bad; `error` is the answer to it
    """Becomes an `error` event with `code`, `param` and the client's own `event_id`, where the client gave one."""

    def __init__(
        self, code: str | None, message: str, param: str | None = None, event_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.param, self.event_id = code, message, param, event_id


@dataclass(frozen=True, slots=True)
class SessionUpdate:
    session: Json
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class TranscriptionSessionUpdate:
    """Beta's update of a session that transcribes and answers nothing. GA has `session.type` instead."""

    session: Json
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Append:
    audio: bytes
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Clear:
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ItemCreate:
    item: Json
    previous_item_id: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ItemDelete:
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ItemRetrieve:
    item_id: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ItemTruncate:
    part: Part
    audio_end_ms: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseCreate:
    response: Json
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseCancel:
    response_id: str | None = None
    event_id: str | None = None


ClientEvent = (
    SessionUpdate
    | TranscriptionSessionUpdate
    | Append
    | Commit
    | Clear
    | ItemCreate
    | ItemDelete
    | ItemRetrieve
    | ItemTruncate
    | ResponseCreate
    | ResponseCancel
)


def parse_client(text: str | bytes, dialect: Dialect) -> ClientEvent:
    """One message from a client.

    Raises:
        BadClientEvent: the message breaks the protocol; holds the error to answer with.
    """
    if bounds.crowded(text):
        raise BadClientEvent("invalid_json", f"The message has {bounds.CROWDED}.")
    try:
        message = msgspec.json.decode(text)
    except RecursionError as error:
        raise BadClientEvent("invalid_json", "The message is nested too deeply.") from error
    except ValueError as error:  # from msgspec, or for text that is not Unicode
        raise BadClientEvent("invalid_json", "The message is not JSON.") from error
    if not isinstance(message, dict):
        raise BadClientEvent("invalid_event", "The message is not an object.")
    event_id = message.get("event_id")
    if event_id is not None and not isinstance(event_id, str):
        raise BadClientEvent("invalid_type", "`event_id` has the wrong type.", "event_id")
    fields = _Fields(message, event_id)
    name = fields.need("type", str)
    make = _PARSERS.get(name) if name in names(dialect) else None
    if name in _ELSEWHERE:
        raise BadClientEvent(
            "invalid_value",
            f"'{name}' works over {_ELSEWHERE[name]} only, not over WebSocket.",
            "type",
            event_id,
        )
    if make is None:
        raise BadClientEvent("invalid_value", unsupported(name, names(dialect)), "type", event_id)
    fields.refuse_others(_FIELDS[name])
    return make(fields)


def names(dialect: Dialect) -> tuple[str, ...]:
    """The types of event that a client of this dialect may send."""
    return tuple(name for name in _PARSERS if dialect is Dialect.BETA or name not in _BETA_ONLY)


def unsupported(name: str, supported: Iterable[str]) -> str:
    """The words of the error for a type of event that is not supported."""
    known = ", ".join(f"'{each}'" for each in supported)
    return f"Invalid value: '{name[:80]}'. Supported values are: {known}."


class _Fields:
    """Reads fields of one message by name and type; its errors name the field that is missing or wrong."""

    def __init__(self, message: Json, event_id: str | None) -> None:
        self._message = message
        self.event_id = event_id

    def need(self, name: str, kind: type[_Kind]) -> _Kind:
        value = self.may(name, kind)
        if value is None:
            raise BadClientEvent("missing_required_parameter", f"`{name}` is missing.", name, self.event_id)
        return value

    def may(self, name: str, kind: type[_Kind]) -> _Kind | None:
        """The field's value; None where it is missing or null."""
        value = self._message.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or isinstance(value, bool):
            raise BadClientEvent("invalid_type", f"`{name}` has the wrong type.", name, self.event_id)
        return value

    def refuse_others(self, known: frozenset[str]) -> None:
        for name in self._message:
            if name not in known and name not in ("type", "event_id"):
                raise BadClientEvent(
                    "unknown_parameter", f"Unknown parameter: '{name[:80]}'.", name[:80], self.event_id
                )

    def count(self, name: str, value: int) -> int:
        if value < 0:
            raise BadClientEvent("invalid_value", f"`{name}` is negative.", name, self.event_id)
        return value

    def audio(self) -> bytes:
        text = self.need("audio", str)
        if len(text) > MOST_AUDIO:
            raise BadClientEvent(
                "invalid_value", f"`audio` is longer than {MOST_AUDIO} characters.", "audio", self.event_id
            )
        try:
            return msgspec.convert(text, bytes)  # base64; stricter than Python's own decoder
        except msgspec.ValidationError as error:
            raise BadClientEvent("invalid_value", "`audio` is not base64.", "audio", self.event_id) from error


def _truncate(fields: _Fields) -> ClientEvent:
    index = fields.count("content_index", fields.may("content_index", int) or 0)
    end_ms = fields.count("audio_end_ms", fields.need("audio_end_ms", int))
    return ItemTruncate(Part(fields.need("item_id", str), index), end_ms, fields.event_id)


_BETA_ONLY = frozenset({ClientName.TRANSCRIPTION_SESSION_UPDATE})
_ELSEWHERE: dict[str, str] = {ClientName.OUTPUT_CLEAR: "WebRTC and SIP"}
_PARSERS: dict[str, Callable[[_Fields], ClientEvent]] = {
    ClientName.SESSION_UPDATE: lambda f: SessionUpdate(f.need("session", dict), f.event_id),
    ClientName.TRANSCRIPTION_SESSION_UPDATE: lambda f: TranscriptionSessionUpdate(
        f.need("session", dict), f.event_id
    ),
    ClientName.APPEND: lambda f: Append(f.audio(), f.event_id),
    ClientName.COMMIT: lambda f: Commit(f.event_id),
    ClientName.CLEAR: lambda f: Clear(f.event_id),
    ClientName.ITEM_CREATE: lambda f: ItemCreate(
        f.need("item", dict), f.may("previous_item_id", str), f.event_id
    ),
    ClientName.ITEM_DELETE: lambda f: ItemDelete(f.need("item_id", str), f.event_id),
    ClientName.ITEM_RETRIEVE: lambda f: ItemRetrieve(f.need("item_id", str), f.event_id),
    ClientName.ITEM_TRUNCATE: _truncate,
    ClientName.RESPONSE_CREATE: lambda f: ResponseCreate(f.may("response", dict) or {}, f.event_id),
    ClientName.RESPONSE_CANCEL: lambda f: ResponseCancel(f.may("response_id", str), f.event_id),
}
_FIELDS: dict[str, frozenset[str]] = {
    ClientName.SESSION_UPDATE: frozenset({"session"}),
    ClientName.TRANSCRIPTION_SESSION_UPDATE: frozenset({"session"}),
    ClientName.APPEND: frozenset({"audio"}),
    ClientName.COMMIT: frozenset(),
    ClientName.CLEAR: frozenset(),
    ClientName.ITEM_CREATE: frozenset({"item", "previous_item_id"}),
    ClientName.ITEM_DELETE: frozenset({"item_id"}),
    ClientName.ITEM_RETRIEVE: frozenset({"item_id"}),
    ClientName.ITEM_TRUNCATE: frozenset({"item_id", "content_index", "audio_end_ms"}),
    ClientName.RESPONSE_CREATE: frozenset({"response"}),
    ClientName.RESPONSE_CANCEL: frozenset({"response_id"}),
}
