"""Changes the messages of one connection from a plain dialect into a service's shape, and its own back. Pure.

Rules:
1. A message of a kind that is the same everywhere passes byte for byte.
2. A client event that the service does not have is not sent. The client gets an answer in the service's place. For a
   truncate or a delete that is the usual acknowledgement, with a `note`: clients send these after an interrupt, and
   some end at an error. For a cancel it is the end of the response (running.py). For any other event it is an error.
3. Sound changes its rate where the service has another one (rates.py).
4. Where a commit starts an answer, a `response.create` that follows the commit is not sent: it would end that answer.
   After other sound, a new item, an error or the end of a response it is sent.
5. Where the session names the model, the first update names it. If the client begins with another event, an update
   with the model alone goes first.
6. Where a message lacks what the SDKs' types need, or has it in another place, it is mended.

Not here: dialects (translate.py), the content of a session (reshape.py).
"""

from collections.abc import Callable, Mapping
from typing import Any

from edged.wire import reshape
from edged.wire.bounds import MOST_NAME
from edged.wire.envelope import name_of, named, read, within, written
from edged.wire.names import PING, ClientName, Dialect, ServerName, to_dialect, to_ga
from edged.wire.rates import SessionRates
from edged.wire.running import RunningResponse
from edged.wire.shape import Shape

Json = dict[str, Any]

UNSUPPORTED = "event_not_supported"  # the code of the error for an event that the service does not have
MOST_OPEN = 256  # items that a service has added and not finished; in practice there are only a few
_ACKNOWLEDGED: Mapping[str, tuple[ServerName, tuple[str, ...]]] = {
    ClientName.ITEM_TRUNCATE: (ServerName.ITEM_TRUNCATED, ("item_id", "content_index", "audio_end_ms")),
    ClientName.ITEM_DELETE: (ServerName.ITEM_DELETED, ("item_id",)),
}
_NOTE = "This service has no {name}. It keeps the item as it is."
_REFUSED = (UNSUPPORTED, "This service has no {name}. The event was not sent.")
_NOTHING_RUNS = ("response_cancel_not_active", "Cancellation failed: no active response found")


class Shaping:
    """The changes of one connection."""

    def __init__(self, shape: Shape, dialect: Dialect, model: str, new_id: Callable[[], str]) -> None:
        """`dialect` is the service's; `new_id()` gives the id of an event that is made here."""
        self._shape, self._dialect, self._new_id = shape, dialect, new_id
        self._model = model if shape.model_in_session else ""  # empty once the service knows it
        self._answering = False  # the service answers a commit
        self._answers: list[str] = []
        self._rates = SessionRates(shape, dialect)
        self._open: dict[str, Any] = {}  # items that are added and not done, each with the item before it
        self._part: Any = None
        self._running = RunningResponse()
        self._up: dict[str, Callable[[Json], bool]] = {
            ClientName.SESSION_UPDATE: self._update,
            ClientName.TRANSCRIPTION_SESSION_UPDATE: self._update,
            ClientName.RESPONSE_CREATE: self._create,
        }
        if self._rates.heard:
            self._up[ClientName.APPEND] = self._append
        self._down: dict[str, Callable[[Json], list[Json]]] = {
            ServerName.ERROR: self._error,
            ServerName.SESSION_CREATED: self._session,
            ServerName.SESSION_UPDATED: self._session,
            ServerName.TRANSCRIPTION_SESSION_CREATED: self._session,
            ServerName.TRANSCRIPTION_SESSION_UPDATED: self._session,
            ServerName.TRANSCRIPTION_COMPLETED: _without_preliminary,
            ServerName.RESPONSE_CREATED: self._response_created,
            ServerName.RESPONSE_DONE: self._response_done,
            ServerName.OUTPUT_ITEM_ADDED: _indexed,
            ServerName.PART_ADDED: self._part_added,
            ServerName.PART_DONE: self._part_done,
        }
        if self._rates.spoken:
            self._down[ServerName.AUDIO_DELTA] = self._delta
        if dialect is Dialect.GA:
            self._down |= {ServerName.ITEM_ADDED: self._item_added, ServerName.ITEM_DONE: self._item_done}
        else:
            self._down[ServerName.ITEM_DONE] = lambda _: []  # beta reports an item once

    def up(self, text: str) -> list[str]:
        """The messages to send to the service for one message in the plain dialect."""
        name = name_of(text) or ""
        if name in self._shape.lacks:
            self._answer(name, read(text) or {})
            return []
        first = self._with_model(name)
        sent = self._changed(name, text)
        self._follow(name)
        return [*first, *sent]

    def answers(self) -> list[str]:
        """The answers to the client that the last calls of `up` made."""
        answers, self._answers = self._answers, []
        return answers

    def down(self, text: str) -> list[str]:
        """The messages in the plain dialect for one message from the service."""
        name = name_of(text)
        if name is None:
            return [text]
        ga_name = to_ga(name)
        if name == PING or self._running.is_over(text):
            return []
        change = self._down.get(ga_name)
        message = read(text) if change is not None else None
        if change is None or message is None:
            return [named(text, name, to_dialect(ga_name, self._dialect))]
        message["type"] = to_dialect(ga_name, self._dialect)
        return [written(each, text) for each in change(message)]

    # -- up ------------------------------------------------------------------------------------------

    def _changed(self, name: str, text: str) -> list[str]:
        change = self._up.get(name)
        message = read(text) if change is not None else None
        if change is None or message is None:
            return [text]
        return [written(message, text)] if change(message) else []

    def _answer(self, name: str, message: Json) -> None:
        """Answer an event that the service does not have."""
        made: Json = {"event_id": self._new_id()}
        if name in _ACKNOWLEDGED:
            acknowledged, fields = _ACKNOWLEDGED[name]
            made |= {"type": str(acknowledged), **{each: message.get(each) for each in fields}}
            made["note"] = _NOTE.format(name=name)
        elif name == ClientName.RESPONSE_CANCEL and (end := self._running.cancelled(made["event_id"])):
            made = end
        else:
            what = _NOTHING_RUNS if name == ClientName.RESPONSE_CANCEL else _REFUSED
            made |= {"type": str(ServerName.ERROR), "error": _error(name, what, message.get("event_id"))}
        self._answers.append(written(made, ""))

    def _with_model(self, name: str) -> list[str]:
        """The update that has to go first, because the client does not begin with one."""
        if not self._model or name == ClientName.SESSION_UPDATE:
            return []
        session: Json = {"type": "realtime"} if self._dialect is Dialect.GA else {}
        session["model"], self._model = self._model, ""
        return [written({"type": str(ClientName.SESSION_UPDATE), "session": session}, "")]

    def _update(self, message: Json) -> bool:
        within(message, "session", self._settings)
        return True

    def _settings(self, asked: Mapping[str, Any]) -> Json:
        self._rates.settings(asked)
        changed = reshape.outward(asked, self._dialect, self._shape)
        if self._model:
            changed.setdefault("model", self._model)
            self._model = ""
        return changed

    def _create(self, message: Json) -> bool:
        if self._answering:
            return False
        within(message, "response", lambda asked: reshape.outward(asked, self._dialect, self._shape))
        return True

    def _append(self, message: Json) -> bool:
        message["audio"] = self._rates.up(message.get("audio"))
        return True

    def _follow(self, name: str) -> None:
        if name in (ClientName.COMMIT, ClientName.CLEAR):
            self._rates.utterance_ends()
        if name == ClientName.COMMIT:
            self._answering = self._shape.answers_commits
        elif name in (ClientName.APPEND, ClientName.ITEM_CREATE, ClientName.RESPONSE_CREATE):
            self._answering = False

    # -- down ----------------------------------------------------------------------------------------

    def _session(self, message: Json) -> list[Json]:
        within(message, "session", lambda session: reshape.inward(session, self._dialect, self._shape))
        return [message]

    def _response(self, message: Json) -> list[Json]:
        for mend in _MENDS:
            mend(message)
        within(message, "response", lambda of: reshape.inward_response(of, self._dialect, self._shape))
        return [message]

    def _response_created(self, message: Json) -> list[Json]:
        self._running.created(message.get("response"))
        self._rates.answer_begins()
        return self._response(message)

    def _response_done(self, message: Json) -> list[Json]:
        self._answering = False
        self._running.done()
        self._response(message)
        response = message.get("response")
        output = response.get("output") if isinstance(response, Mapping) else None
        items = output if isinstance(output, list) else []
        return [*(done for item in items for done in self._closed(item)), message]

    def _item_added(self, message: Json) -> list[Json]:
        """Keep an assistant's item until it is done."""
        item: Any = message.get("item")
        item_id = _id(item)
        if item_id and (item.get("role") == "assistant" or item.get("type") == "function_call"):
            if len(self._open) >= MOST_OPEN:
                del self._open[next(iter(self._open))]
            previous = message.get("previous_item_id")
            self._open[item_id] = (
                previous if isinstance(previous, str) and len(previous) <= MOST_NAME else None
            )
        return [message]

    def _item_done(self, message: Json) -> list[Json]:
        self._open.pop(_id(message.get("item")), None)
        return [message]

    def _closed(self, item: Any) -> list[Json]:
        """The `done` of an item of a response, from a GA service that has not sent it."""
        if (item_id := _id(item)) not in self._open:
            return []
        return [
            {
                "type": str(ServerName.ITEM_DONE),
                "event_id": self._new_id(),
                "previous_item_id": self._open.pop(item_id),
                "item": item,
            }
        ]

    def _part_added(self, message: Json) -> list[Json]:
        self._part = message.get("part")
        return [message]

    def _part_done(self, message: Json) -> list[Json]:
        """A part may be done without being named again."""
        if not isinstance(message.get("part"), Mapping):
            message["part"] = self._part if isinstance(self._part, Mapping) else {"type": "audio"}
        return [message]

    def _delta(self, message: Json) -> list[Json]:
        message["delta"] = self._rates.down(message.get("delta"))
        return [message]

    def _error(self, message: Json) -> list[Json]:
        self._answering = False
        error = message.get("error")
        if not isinstance(error, Mapping):
            return [message]
        if isinstance(path := error.get("param"), str) and path:
            plain, words = reshape.param(path, self._dialect, self._shape), error.get("message")
            message["error"] = {**error, "param": plain}
            if isinstance(words, str):
                message["error"]["message"] = words.replace(path, plain)
        fails = str(error.get("code")) in self._shape.failures
        end = self._running.failed(error, self._new_id()) if fails else None
        return [message] if end is None else [message, end]


def _error(name: str, what: tuple[str, str], event_id: Any) -> Json:
    code, message = what
    return {
        "type": "invalid_request_error",
        "code": code,
        "message": message.format(name=name),
        "param": None,
        "event_id": event_id if isinstance(event_id, str) else None,
    }


def _id(item: Any) -> str:
    """The id of an item; empty where it has none that can be kept."""
    found = item.get("id") if isinstance(item, Mapping) else None
    return found if isinstance(found, str) and len(found) <= MOST_NAME else ""


# -- mends ---------------------------------------------------------------------------------------------------


def _details_as_object(message: Json) -> None:
    """The details of a status may come as a word."""
    response = message.get("response")
    if isinstance(response, Mapping) and isinstance(response.get("status_details"), str):
        message["response"] = {**response, "status_details": None}


def _usage_in_response(message: Json) -> None:
    """The usage may stand beside the response."""
    response, usage = message.get("response"), message.get("usage")
    if isinstance(response, Mapping) and isinstance(usage, Mapping) and not response.get("usage"):
        message["response"] = {**response, "usage": message.pop("usage")}


def _indexed(message: Json) -> list[Json]:
    """An item may come without its place among the items of the response."""
    message.setdefault("output_index", 0)
    return [message]


def _without_preliminary(message: Json) -> list[Json]:
    """A transcript may be reported as complete while it still changes."""
    return [] if message.get("status") == "in_progress" else [message]


_MENDS = (_details_as_object, _usage_in_response)
