"""Translates between a client and a server: message by message, text in and text out.

Rules:
1. Where both ends speak one dialect and the server has no shape of its own, every message passes byte for byte.
2. Sound is never decoded, unless the server has another rate. In a delta only the name changes.
3. A message that is not JSON, is not an object or has an unknown type passes unchanged: its receiver reports the error.
4. GA reports an item twice, beta once. For a beta client `added` becomes `created`, and `done` is left out. For a GA
   client `created` becomes `added`, and one `done` follows: immediately where the item is complete, else when its
   response has finished the item.
5. A server's message keeps its event_id. A message that is made here, or has no event_id, gets a new one.
6. The memory is bounded: at most `MOST_ITEMS` items, of which the oldest is dropped, and no text longer than a name.
7. A message with more elements than any message needs (bounds.py) passes unchanged: it is not parsed.
8. What differs in one service is changed after the dialect on the way up, and before it on the way down (shaping.py).

Not here: what is inside a session, a response or an item (convert.py).
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from edged.wire import convert, reshape
from edged.wire.bounds import MOST_NAME
from edged.wire.envelope import name_of, named, read, within, written
from edged.wire.names import GA_ONLY, OF_TRANSCRIPTION, ClientName, Dialect, ServerName, to_dialect, to_ga
from edged.wire.shape import PLAIN, Shape
from edged.wire.shaping import Shaping

Json = dict[str, Any]
MOST_ITEMS = 256  # unfinished items at one time; in practice there are only a few

_WHOLE = ("completed", "incomplete")


class Translator:
    """Translates between one client and one server. Each pair needs its own."""

    def __init__(self, client: Dialect, server: Dialect, shape: Shape = PLAIN, model: str = "") -> None:
        """`shape` is how the server differs from its dialect; `model` is for a shape whose session names the model."""
        self._client, self._server = client, server
        self._numbers = itertools.count(1)
        self._shaping = None if shape == PLAIN else Shaping(shape, server, model, self._event_id)
        self._answers: list[str] = []
        self._keep = reshape.also_has(shape)
        # Items that a response has not finished yet, each with the function that it calls.
        self._running: dict[str, str] = {}
        # Items whose `done` a GA client still waits for, each with the item before it.
        self._open: dict[str, Any] = {}
        self._up: dict[str, Callable[[Json], None]] = {
            ClientName.SESSION_UPDATE: self._session_update,
            ClientName.TRANSCRIPTION_SESSION_UPDATE: self._transcription_update,
            ClientName.ITEM_CREATE: lambda m: within(m, "item", lambda item: convert.item(item, server)),
            ClientName.RESPONSE_CREATE: lambda m: within(
                m, "response", lambda asked: convert.response_request(asked, server, self._keep)
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
        """The messages to send to the server for one message from the client. See also `answers`."""
        sent = self._to_server(text)
        if self._shaping is None:
            return sent
        shaped = [each for message in sent for each in self._shaping.up(message)]
        self._answers += [each for message in self._shaping.answers() for each in self._to_client(message)]
        return shaped

    def answers(self) -> list[str]:
        """The answers to the client that the last calls of `up` made, because the server has none to give."""
        answers, self._answers = self._answers, []
        return answers

    def down(self, text: str) -> list[str]:
        """The messages to send to the client for one message from the server: none, one or several."""
        plain = [text] if self._shaping is None else self._shaping.down(text)
        return [each for message in plain for each in self._to_client(message)]

    def _to_server(self, text: str) -> list[str]:
        if self._client is self._server:
            return [text]
        translate = self._up.get(name_of(text) or "")
        message = read(text) if translate is not None else None
        if translate is None or message is None:
            return [text]
        translate(message)
        return [written(message, text)]

    def _to_client(self, text: str) -> list[str]:
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
            return [named(text, name, to_dialect(ga_name, self._client))]
        message = read(text)
        if message is None:
            return [text]
        message["type"] = to_dialect(ga_name, self._client)
        if not message.get("event_id"):
            message["event_id"] = self._event_id()
        return [written(each, text) for each in translate(message)]

    def _event_id(self) -> str:
        return f"event_relay_{next(self._numbers):06d}"

    # -- what clients send ---------------------------------------------------------------------------

    def _session_update(self, message: Json) -> None:
        session = message.get("session")
        if isinstance(session, Mapping) and session.get("type") == "transcription":
            message["type"] = str(ClientName.TRANSCRIPTION_SESSION_UPDATE)
        within(
            message, "session", lambda asked: convert.session_request(asked, self._server, keep=self._keep)
        )

    def _transcription_update(self, message: Json) -> None:
        """Only beta has this event. GA has a kind of session for it."""
        if self._server is Dialect.GA:
            message["type"] = str(ClientName.SESSION_UPDATE)
            within(
                message, "session", lambda asked: convert.session_request(asked, Dialect.GA, "transcription")
            )

    # -- what servers send ---------------------------------------------------------------------------

    def _session(self, message: Json) -> list[Json]:
        session = message.get("session")
        transcribes = isinstance(session, Mapping) and session.get("type") == "transcription"
        if self._client is Dialect.BETA and transcribes:
            message["type"] = str(OF_TRANSCRIPTION[message["type"]])
        within(message, "session", lambda session: convert.session(session, self._client))
        return [message]

    def _transcription_session(self, message: Json) -> list[Json]:
        if self._client is Dialect.GA:
            message["type"] = next(
                str(ga) for ga, beta in OF_TRANSCRIPTION.items() if beta == message["type"]
            )
            within(message, "session", lambda session: convert.session(session, Dialect.GA, "transcription"))
        return [message]

    def _item(self, message: Json) -> list[Json]:
        within(message, "item", lambda item: convert.item(item, self._client))
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
        within(message, "part", lambda part: convert.part(part, self._client))
        return [message]

    def _arguments_done(self, message: Json) -> list[Json]:
        if self._client is Dialect.BETA:
            message.pop("name", None)
        else:
            message.setdefault("name", self._running.get(_text(message, "item_id"), ""))
        return [message]

    def _response(self, message: Json) -> list[Json]:
        within(message, "response", lambda response: convert.response(response, self._client))
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
