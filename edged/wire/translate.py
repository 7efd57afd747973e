"""Translates between a client of one dialect and a server of the other: message by message, text in and text out.

Rules:
1. Where both ends speak one dialect, every message passes byte for byte.
2. Sound is never decoded. An append passes unchanged. In a delta only the name changes.
3. A message that is not JSON, is not an object or has an unknown type passes unchanged: its receiver reports the error.
4. GA reports an item twice, beta once. For a beta client `added` becomes `created`, and `done` is left out. For a GA
   client `created` becomes `added`, and one `done` follows: immediately where the item is complete, else when its
   response has finished the item.
5. A server's message keeps its event_id. A message that is made here, or has no event_id, gets a new one.
6. The memory is bounded: at most `MOST_ITEMS` items, of which the oldest is dropped, and no text longer than a name.
7. A message with more elements than any message needs (bounds.py) passes unchanged: it is not parsed.

Not here: what is inside a session, a response or an item (convert.py).
"""

import itertools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from edged.wire import convert
from edged.wire.bounds import MOST_NAME, crowded
from edged.wire.names import GA_ONLY, OF_TRANSCRIPTION, ClientName, Dialect, ServerName, to_dialect, to_ga

Json = dict[str, Any]
MOST_ITEMS = 256  # unfinished items at one time; in practice there are only a few

# Finds the type where services usually put it: first, or after the event_id. Elsewhere a parser finds it.
_HEAD = re.compile(r'\s*\{\s*(?:"event_id"\s*:\s*"[^"\\]*"\s*,\s*)?"type"\s*:\s*"([^"\\]*)"')
_WHOLE = ("completed", "incomplete")


class _Typed(msgspec.Struct):
    type: str | None = None


_TYPED = msgspec.json.Decoder(_Typed)


def name_of(text: str | bytes) -> str | None:
    """The type of a message; None where it has none. Usually only the beginning of the message is read."""
    head = _HEAD.match(text) if isinstance(text, str) else None
    if head is not None:
        return head[1]
    try:
        return _TYPED.decode(text).type
    except (ValueError, RecursionError):
        return None


class Translator:
    """Translates between one client and one server. Each pair needs its own."""

    def __init__(self, client: Dialect, server: Dialect) -> None:
        self._client, self._server = client, server
        self._numbers = itertools.count(1)
        # Items that a response has not finished yet, each with the function that it calls.
        self._running: dict[str, str] = {}
        # Items whose `done` a GA client still waits for, each with the item before it.
        self._open: dict[str, Any] = {}
        self._up: dict[str, Callable[[Json], None]] = {
            ClientName.SESSION_UPDATE: self._session_update,
            ClientName.TRANSCRIPTION_SESSION_UPDATE: self._transcription_update,
            ClientName.ITEM_CREATE: lambda m: _within(m, "item", lambda item: convert.item(item, server)),
            ClientName.RESPONSE_CREATE: lambda m: _within(
                m, "response", lambda asked: convert.response_request(asked, server)
            ),
        }
        self._down: dict[str, Callable[[Json], list[Json]]] = {
            ServerName.ERROR: self._error,
            ServerName.SESSION_CREATED: self._session,
            ServerName.SESSION_UPDATED: self._session,
            ServerName.TRANSCRIPTION_SESSION_CREATED: self._transcription_session,
            ServerName.TRANSCRIPTION_SESSION_UPDATED: self._transcription_session,
            ServerName.ITEM_ADDED: self._item_added,
            ServerName.ITEM_RETRIEVED: self._item,
            ServerName.RESPONSE_CREATED: self._response,
            ServerName.RESPONSE_DONE: self._response_done,
            ServerName.OUTPUT_ITEM_ADDED: self._output_item_added,
            ServerName.OUTPUT_ITEM_DONE: self._output_item_done,
            ServerName.PART_ADDED: self._part,
            ServerName.PART_DONE: self._part,
            ServerName.ARGUMENTS_DONE: self._arguments_done,
        }

    def up(self, text: str) -> list[str]:
        """The messages to send to the server for one message from the client."""
        if self._client is self._server:
            return [text]
        translate = self._up.get(name_of(text) or "")
        message = _read(text) if translate is not None else None
        if translate is None or message is None:
            return [text]
        translate(message)
        return [_written(message, text)]

    def down(self, text: str) -> list[str]:
        """The messages to send to the client for one message from the server: none, one or several."""
        if self._client is self._server:
            return [text]
        name = name_of(text)
        if name is None:
            return [text]
        ga_name = to_ga(name)
        if self._client is Dialect.BETA and ga_name in GA_ONLY:
            return []
        translate = self._down.get(ga_name)
        if translate is None:
            return [_named(text, name, to_dialect(ga_name, self._client))]
        message = _read(text)
        if message is None:
            return [text]
        message["type"] = to_dialect(ga_name, self._client)
        if not message.get("event_id"):
            message["event_id"] = self._event_id()
        return [_written(each, text) for each in translate(message)]

    def _event_id(self) -> str:
        return f"event_relay_{next(self._numbers):06d}"

    # -- what clients send ---------------------------------------------------------------------------

    def _session_update(self, message: Json) -> None:
        session = message.get("session")
        if isinstance(session, Mapping) and session.get("type") == "transcription":
            message["type"] = str(ClientName.TRANSCRIPTION_SESSION_UPDATE)
        _within(message, "session", lambda asked: convert.session_request(asked, self._server))

    def _transcription_update(self, message: Json) -> None:
        """Only beta has this event. GA has a kind of session for it."""
        if self._server is Dialect.GA:
            message["type"] = str(ClientName.SESSION_UPDATE)
            _within(
                message, "session", lambda asked: convert.session_request(asked, Dialect.GA, "transcription")
            )

    # -- what servers send ---------------------------------------------------------------------------

    def _session(self, message: Json) -> list[Json]:
        session = message.get("session")
        transcribes = isinstance(session, Mapping) and session.get("type") == "transcription"
        if self._client is Dialect.BETA and transcribes:
            message["type"] = str(OF_TRANSCRIPTION[message["type"]])
        _within(message, "session", lambda session: convert.session(session, self._client))
        return [message]

    def _transcription_session(self, message: Json) -> list[Json]:
        if self._client is Dialect.GA:
            message["type"] = next(
                str(ga) for ga, beta in OF_TRANSCRIPTION.items() if beta == message["type"]
            )
            _within(message, "session", lambda session: convert.session(session, Dialect.GA, "transcription"))
        return [message]

    def _item(self, message: Json) -> list[Json]:
        _within(message, "item", lambda item: convert.item(item, self._client))
        return [message]

    def _item_added(self, message: Json) -> list[Json]:
        self._item(message)
        item = message.get("item")
        if self._client is Dialect.BETA or not isinstance(item, Mapping):
            return [message]
        item_id, previous = _text(item, "id"), _text(message, "previous_item_id") or None
        whole = item.get("status") in _WHOLE or _text(item, "type") == "function_call_output"
        if item_id not in self._running and (whole or _text(item, "role") in ("user", "system")):
            return [message, self._done(item, previous)]
        _keep(self._open, item_id, previous)
        return [message]

    def _output_item_added(self, message: Json) -> list[Json]:
        self._item(message)
        item = message.get("item")
        if isinstance(item, Mapping):
            _keep(self._running, _text(item, "id"), _text(item, "name"))
        return [message]

    def _output_item_done(self, message: Json) -> list[Json]:
        self._item(message)
        return [message, *self._closed(message.get("item"))]

    def _part(self, message: Json) -> list[Json]:
        _within(message, "part", lambda part: convert.part(part, self._client))
        return [message]

    def _arguments_done(self, message: Json) -> list[Json]:
        if self._client is Dialect.BETA:
            message.pop("name", None)
        else:
            message.setdefault("name", self._running.get(_text(message, "item_id"), ""))
        return [message]

    def _response(self, message: Json) -> list[Json]:
        _within(message, "response", lambda response: convert.response(response, self._client))
        return [message]

    def _response_done(self, message: Json) -> list[Json]:
        self._response(message)
        response = message.get("response")
        output = response.get("output") if isinstance(response, Mapping) else None
        items = output if isinstance(output, list) else []
        return [*(done for item in items for done in self._closed(item)), message]

    def _error(self, message: Json) -> list[Json]:
        error = message.get("error")
        if isinstance(error, Mapping) and isinstance(path := error.get("param"), str):
            own = convert.param(path, self._client)
            words = error.get("message")
            if isinstance(words, str) and path:
                words = words.replace(path, own)
            message["error"] = {**error, "param": own, **({"message": words} if words is not None else {})}
        return [message]

    def _closed(self, item: Any) -> list[Json]:
        """The `done` of an item that its response has finished, where a GA client still waits for it."""
        if not isinstance(item, Mapping):
            return []
        item_id = _text(item, "id")
        self._running.pop(item_id, None)
        return [self._done(item, self._open.pop(item_id))] if item_id in self._open else []

    def _done(self, item: Mapping[str, Any], previous: Any) -> Json:
        return {
            "type": str(ServerName.ITEM_DONE),
            "event_id": self._event_id(),
            "previous_item_id": previous,
            "item": item,
        }


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found[:MOST_NAME] if isinstance(found, str) else ""


def _keep(memory: dict[str, Any], key: str, value: Any) -> None:
    if key not in memory and len(memory) >= MOST_ITEMS:
        del memory[next(iter(memory))]
    memory[key] = value


def _within(message: Json, key: str, translate: Callable[[Mapping[str, Any]], Json]) -> None:
    """Translate the object at `key`, where there is one."""
    value = message.get(key)
    if isinstance(value, Mapping):
        message[key] = translate(value)


def _named(text: str, name: str, new: str) -> str:
    """The same message with another type."""
    if new == name:
        return text
    head = _HEAD.match(text)
    if head is not None:
        return f"{text[: head.start(1)]}{new}{text[head.end(1) :]}"
    message = _read(text)
    return text if message is None else _written({**message, "type": new}, text)


def _read(text: str) -> Json | None:
    if crowded(text):
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _written(message: Mapping[str, Any], text: str) -> str:
    """The message as JSON; the original `text` where the message has a NaN or is nested too deeply."""
    try:
        return json.dumps(message, allow_nan=False)
    except (ValueError, RecursionError):
        return text
