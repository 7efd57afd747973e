"""Messages in the shapes of services that deviate from the protocol; `faulty` applies them. Pure."""

import json
from base64 import b64decode, b64encode
from collections.abc import Container
from typing import Any

from edged.wire import ServerName

Json = dict[str, Any]
ODD = 481  # bytes
PICKY = {
    "null": "session.turn_detection: Input should be an object",
    "fields": "session.turn_detection.create_response: Extra inputs are not permitted",
    "any": "session.turn_detection: Extra inputs are not permitted",
    "all": "session: these settings cannot be applied",
}
_NAMES = frozenset(
    {"id", "item_id", "previous_item_id", "response_id", "event_id", "content_index", "output_index"}
)


def bent(name: str | None, message: str, lasting: Container[str]) -> list[str]:
    """The messages to send in place of this event; `lasting` names the faults in force."""
    if name == ServerName.ERROR and ("bare" in lasting or "code_in_type" in lasting):
        return [bare(message, code_in_type="code_in_type" in lasting)]
    if "nameless:all" in lasting or ("nameless" in lasting and name == ServerName.COMMITTED):
        message = nameless(message)
    if "on_top" in lasting and name in (ServerName.SESSION_CREATED, ServerName.SESSION_UPDATED):
        message = on_top(message)
    return _sounds(message, lasting) if name == ServerName.AUDIO_DELTA else [message]


def _sounds(message: str, lasting: Container[str]) -> list[str]:
    out = [message]
    if "odd" in lasting:
        out = odd(message)
    if "cut" in lasting:
        out = [cut(message)]
    if "bad_base64" in lasting:
        out = [altered(message, delta="!" + json.loads(message)["delta"][1:])]
    if "foreign" in lasting:
        out.append(altered(message, response_id="resp_foreign", item_id="item_foreign"))
    if "twice" in lasting:
        out.append(message)
    return out


def altered(message: str, **changes: Any) -> str:
    return json.dumps({**json.loads(message), **changes})


def odd(message: str) -> list[str]:
    """Split a delta in two, the first of odd length."""
    sound = b64decode(json.loads(message)["delta"])
    pieces = [piece for piece in (sound[:ODD], sound[ODD:]) if piece]
    return [_sounding(message, piece) for piece in pieces]


def cut(message: str) -> str:
    """A delta without its last byte."""
    return _sounding(message, b64decode(json.loads(message)["delta"])[:-1])


def bare(message: str, *, code_in_type: bool) -> str:
    """An error without code and ids, or with its code in `type`."""
    error = json.loads(message)["error"]
    if code_in_type:
        error_object = {
            "type": error.get("code") or error["type"],  # some services have no code
            "message": error["message"],
            "code": None,
            "param": None,
            "event_id": None,
        }
        return altered(message, error=error_object)
    return json.dumps({"type": "error", "error": {"type": error["type"], "message": error["message"]}})


def nameless(message: str) -> str:
    """An event without any id or index."""
    event = json.loads(message)
    bodies = [event, *(event[name] for name in ("response", "item") if isinstance(event.get(name), dict))]
    for body in bodies:
        for name in _NAMES & body.keys():
            del body[name]
    return json.dumps(event)


def on_top(message: str) -> str:
    """A session object with `turn_detection` at its top level, in either dialect."""
    event = json.loads(message)
    heard = _input_of(event["session"])
    if "turn_detection" in heard:
        event["session"]["turn_detection"] = heard.pop("turn_detection")
    return json.dumps(event)


def without_detection(message: str | bytes) -> str | bytes:
    """A session update as read by a service that ignores `turn_detection`; other messages are returned unchanged."""
    event = _object(message)
    session = event.get("session")
    if not isinstance(session, dict):
        return message
    for place in (session, _input_of(session)):
        place.pop("turn_detection", None)
    return json.dumps(event)


def refusal(message: str | bytes, lasting: Container[str]) -> str | None:
    """The error with which a picky service refuses this update; None when it accepts the update.

    The error has no code and does not name the update.
    """
    session = _object(message).get("session")
    if not isinstance(session, dict):
        return None
    places = [place for place in (session, _input_of(session)) if "turn_detection" in place]
    asked = [place["turn_detection"] for place in places]
    fields = any(isinstance(each, dict) and "create_response" in each for each in asked)
    if "picky:all" in lasting:
        words = PICKY["all"]
    elif asked and "picky:any" in lasting:
        words = PICKY["any"]
    elif None in asked and ("picky:null" in lasting or "picky:fields" in lasting):
        words = PICKY["null"]
    elif fields and "picky:fields" in lasting:
        words = PICKY["fields"]
    else:
        return None
    error = {"type": "invalid_request_error", "message": words, "code": None, "param": None, "event_id": None}
    return json.dumps({"type": ServerName.ERROR.value, "event_id": "event_picky", "error": error})


def _input_of(session: Json) -> Json:
    """`audio.input` of a session in GA's shape; empty in any other shape."""
    audio = session.get("audio")
    heard = audio.get("input") if isinstance(audio, dict) else None
    return heard if isinstance(heard, dict) else {}


def _object(message: str | bytes) -> Json:
    try:
        event = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _sounding(message: str, sound: bytes) -> str:
    return altered(message, delta=b64encode(sound).decode())
