"""Represents the messages of a server as objects that are dicts with attributes. Pure.

Rules:
1. Every field is kept, known or unknown, and can be read as an attribute or by `[]`.
2. A field of the protocol that a message lacks is None. Any other name raises AttributeError.
3. A message is valid if it is a JSON object with a `type`, its text is valid Unicode, and its sound is valid base64.
   Nothing else is checked: services differ, and a program knows what it needs.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, NoReturn

from edged.errors import WireError
from edged.wire import ServerName, to_ga
from edged.wire.settings import TABLE

_FIELDS = frozenset(
    """
    type event_id error code param message session response item item_id previous_item_id response_id
    output_index content_index part delta transcript text audio_start_ms audio_end_ms call_id name arguments
    rate_limits usage logprobs conversation id object status status_details reason role content output metadata
    conversation_id expires_at client_secret value audio format turn_detection transcription noise_reduction
    voice speed threshold prefix_padding_ms silence_duration_ms create_response interrupt_response
    idle_timeout_ms eagerness language prompt total_tokens input_tokens output_tokens input_token_details
    output_token_details limit remaining reset_seconds
    """.split()  # noqa: SIM905 a literal list would be one word per line
) | {key.split(".")[0] for row in TABLE for key in (row.ga, row.beta) if key is not None}
_SECRET = frozenset({"client_secret", "value"})
_LONGEST_SHOWN = 60


class Record(dict[str, Any]):
    """An object of the protocol. A field with the name of a dict method (`items`, …) can be read by `[]` only."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name in _FIELDS:
            return None
        raise AttributeError(f"{type(self).__name__} has no {name!r}; it has {', '.join(self) or 'nothing'}")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_shown(name, value)}" for name, value in self.items())
        return f"{type(self).__name__}({shown})"

    def to_dict(self) -> dict[str, Any]:
        """A copy of plain dicts and lists, which the program may change."""
        return {name: _plain(value) for name, value in self.items()}

    def to_json(self) -> str:
        """JSON text of all fields."""
        return json.dumps(self)


class Session(Record):
    """The session as the service describes it, in the program's dialect."""

    __slots__ = ()

    id: str
    model: str


class RealtimeEvent(Record):
    """One event. `audio` is the decoded sound of an audio delta, and None for other events.

    The sound is PCM16 unless the session has another output format. Its length may be odd: the next delta of the
    part continues with the other half of the sample.
    """

    __slots__ = ("audio",)

    type: str
    audio: bytes | None

    def __init__(self, fields: Mapping[str, Any], audio: bytes | None = None) -> None:
        super().__init__(fields)
        self.audio = audio


class _Answered(Record):
    """The body and the headers of an HTTP answer."""

    __slots__ = ("_headers",)

    def __init__(self, fields: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(fields)
        self._headers = dict(headers or {})

    def get_headers(self) -> dict[str, str]:
        """The headers of the answer."""
        return dict(self._headers)


class SessionCreateResponse(_Answered):
    """A session made over HTTP: its settings, and `client_secret.value`, a key that opens it once or more."""

    __slots__ = ()

    id: str
    object: str
    model: str
    modalities: list[str]
    instructions: str
    voice: str
    input_audio_format: str
    output_audio_format: str
    input_audio_transcription: dict[str, Any] | None
    turn_detection: dict[str, Any] | None
    tools: list[dict[str, Any]]
    tool_choice: str
    temperature: float
    max_response_output_tokens: int | str
    client_secret: Any


class ClientSecretCreateResponse(_Answered):
    """A short-lived key and the `session` that it opens. `value` is valid until `expires_at`, seconds since 1970."""

    __slots__ = ()

    value: str
    expires_at: int
    session: Any


def parse(message: str | bytes) -> RealtimeEvent:
    """The event in one message from a server.

    Raises:
        WireError: The message is not a valid event.
    """
    fields = _object(message)
    kind = fields.get("type")
    if not isinstance(kind, str) or not kind:
        raise WireError("a message without a type")
    session = fields.get("session")
    if isinstance(session, Record):
        fields["session"] = Session(session)
    return RealtimeEvent(fields, _sound(fields) if to_ga(kind) == ServerName.AUDIO_DELTA else None)


def parse_body(body: str | bytes) -> Record:
    """The JSON object in an HTTP body.

    Raises:
        WireError: The body is not a JSON object.
    """
    return _object(body)


def _object(message: str | bytes) -> Record:
    try:
        text = message if isinstance(message, str) else message.decode()
        found = json.loads(text, object_hook=Record, parse_constant=_no_number)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # raises for half a surrogate pair
    except (ValueError, RecursionError) as error:
        raise WireError(f"a message that is not JSON: {type(error).__name__}") from error
    if not isinstance(found, Record):
        raise WireError("a message that is not an object")
    return found


def _sound(fields: Mapping[str, Any]) -> bytes:
    try:
        return b64decode(fields["delta"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise WireError("sound that is not base64") from error


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case _:
            return value


def _shown(name: str, value: Any) -> str:
    if name in _SECRET and value is not None:
        return "********"
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}... ({len(text)})"
