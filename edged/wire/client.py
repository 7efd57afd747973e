"""What the client says: builders for clients. `client_events.py` holds the server's way of reading it."""

import json
from base64 import b64encode
from typing import Any

from edged.wire.names import ClientName, Dialect
from edged.wire.parts import Part
from edged.wire.settings import Settings, TurnDetection, detection_to_wire, to_wire

# A template: at fifty messages a second, building JSON by the field shows.
_APPEND = '{"type":"' + ClientName.APPEND + '","audio":"'


def append(sound: bytes) -> str:
    """A piece of the utterance, in the session's input format."""
    return _APPEND + b64encode(sound).decode() + '"}'


def commit(event_id: str) -> str:
    return _event(ClientName.COMMIT, event_id)


def clear(event_id: str) -> str:
    return _event(ClientName.CLEAR, event_id)


def session_update(settings: Settings, dialect: Dialect, event_id: str) -> str:
    """All of `settings` but the model: that one is named in the URL and cannot change.

    A gateway's own name for it would get the whole update refused.
    """
    session = to_wire(settings, dialect)
    session.pop("model", None)
    return _event(ClientName.SESSION_UPDATE, event_id, session=session)


def detection_update(detection: TurnDetection | None, dialect: Dialect, event_id: str) -> str:
    """Nothing but what ends a turn."""
    return _event(ClientName.SESSION_UPDATE, event_id, session=detection_to_wire(detection, dialect))


def response_create(event_id: str, **response: Any) -> str:
    """`response` overrides the session's settings for this one response, in the words of the dialect."""
    return _event(ClientName.RESPONSE_CREATE, event_id, **({"response": response} if response else {}))


def response_cancel(event_id: str, response_id: str | None = None) -> str:
    """Without an id: whichever response is running."""
    return _event(
        ClientName.RESPONSE_CANCEL, event_id, **({"response_id": response_id} if response_id else {})
    )


def item_truncate(event_id: str, part: Part, audio_end_ms: int) -> str:
    """`audio_end_ms` is how much of the part was heard; past what was sent of it the service refuses."""
    return _event(
        ClientName.ITEM_TRUNCATE,
        event_id,
        item_id=part.item_id,
        content_index=part.content_index,
        audio_end_ms=audio_end_ms,
    )


def item_delete(event_id: str, item_id: str) -> str:
    return _event(ClientName.ITEM_DELETE, event_id, item_id=item_id)


def item_retrieve(event_id: str, item_id: str) -> str:
    return _event(ClientName.ITEM_RETRIEVE, event_id, item_id=item_id)


def text_item(event_id: str, role: str, text: str, dialect: Dialect) -> str:
    """A message of the conversation as text; what an assistant said goes in as text only."""
    own = "output_text" if dialect is Dialect.GA else "text"
    content = [{"type": own if role == "assistant" else "input_text", "text": text}]
    item = {"type": "message", "role": role, "content": content}
    return _event(ClientName.ITEM_CREATE, event_id, item=item)


def function_output(event_id: str, call_id: str, output: str) -> str:
    """The result of a tool call; `output` is text, JSON by custom."""
    item = {"type": "function_call_output", "call_id": call_id, "output": output}
    return _event(ClientName.ITEM_CREATE, event_id, item=item)


def _event(name: ClientName, event_id: str, **fields: Any) -> str:
    return json.dumps({"type": name.value, "event_id": event_id, **fields}, allow_nan=False)
