"""Shows an event or a field of the SDK's types to edged, and says what edged does with it.

`known`: edged reads it. The embedded service takes the event, or takes the field and refuses a wrong value for it; the
client builds the event or the field.
`passed on`: the embedded service keeps the field as it is, whatever its value; the client ignores it; the relay passes
it through.
`refused`: the embedded service answers with an error.
"""

import itertools
import json
from copy import deepcopy
from typing import Any

from edged import wire
from edged.local.answer import Tempo
from edged.local.bill import Ledger
from edged.local.http import Admission, respond
from edged.local.planner import VoicePlanner
from edged.local.session import LocalSession
from edged.local.voice import ListenVoice
from edged.wire import Dialect
from edged.wire.names import GA_ONLY, to_ga
from edged.wire.translate import Translator

Json = dict[str, Any]
KNOWN, PASSED, REFUSED = "known", "passed on", "refused"
WRONG: tuple[Any, ...] = ({"?": 1}, 7)  # nothing that is read may be both
SPEECH = bytes(48 * 200)
# What a field has to be, beyond its type, in the session of these trials.
VALUES: Json = {
    "model": "m",
    "idle_timeout_ms": 6000,
    "seconds": 60,
    "approval_request_id": "ask",
    "audio_end_ms": 0,
    "content_index": 0,
}
# Values of reported fields that differ from what a client takes for a missing field.
REPORTED: Json = {
    "status": "failed",
    "status_details": {"reason": "turn_detected"},
    "status_details.error.message": "words",
    "usage": {"total_tokens": 1},
}
TOOLS = {
    Dialect.GA: [{"type": "function", "name": "x"}, {"type": "mcp", "server_label": "x"}],
    Dialect.BETA: [{"type": "function", "name": "x"}],
}


class Trial:
    """One client of the embedded service, with something of everything in its conversation."""

    def __init__(self, dialect: Dialect, *, transcribes: bool = False) -> None:
        numbers = itertools.count(1)
        self._dialect, self._now = dialect, 0.0
        self._session = LocalSession(
            session_id="sess",
            model="" if transcribes else "m",
            dialect=dialect,
            planner=VoicePlanner(ListenVoice()),
            ledger=Ledger(),
            new_id=lambda prefix: f"{prefix}_{next(numbers)}",
            tempo=Tempo(think_s=0, pace=0),
            transcribes=transcribes,
        )
        if not transcribes:
            self._prepare()

    def _prepare(self) -> None:
        ga = self._dialect is Dialect.GA
        off: Json = {"turn_detection": None}
        settings = {"type": "realtime", "audio": {"input": off}} if ga else off
        self.ask({"type": "session.update", "session": {**settings, "tools": TOOLS[self._dialect]}})
        call = {"type": "function_call", "call_id": "x", "name": "x", "arguments": "{}"}
        items = [call, *([{"type": "mcp_approval_request", "id": "ask", **_ASKED}] if ga else [])]
        for item in items:
            self.ask({"type": "conversation.item.create", "item": item})

    def speak(self) -> str:
        """Let the assistant say something, and append speech; returns the id of what the assistant said."""
        self.ask({"type": "response.create"})
        spoken = [json.loads(text) for text in self._session.advance(self._now)]
        self._session.receive(wire.append(SPEECH), self._now)
        return next(event["item"]["id"] for event in spoken if event["type"] == "response.output_item.added")

    def ask(self, message: Json) -> list[Json]:
        return [json.loads(text) for text in self._session.receive(json.dumps(message), self._now)]

    def takes(self, message: Json) -> bool:
        return all(event["type"] != "error" for event in self.ask(message))


_ASKED = {"server_label": "x", "name": "x", "arguments": "{}"}


def dialect_of(group: str) -> Dialect:
    return Dialect.BETA if group.startswith("beta") else Dialect.GA


# -- events ----------------------------------------------------------------------------------------------


def of_client(group: str, message: Json) -> str:
    """What the embedded service does with an event of a client."""
    name, dialect = message["type"], dialect_of(group)
    trial = Trial(dialect, transcribes=name == "transcription_session.update")
    said = trial.speak() if name not in ("session.update", "transcription_session.update") else ""
    message = _fit(message)
    if name == "response.cancel":
        trial.ask({"type": "response.create"})
    if "item" in message:
        message["item"] = _fit_item(f"{dialect.value} item", "", message["item"])
    if "audio" in message:
        message["audio"] = "AAAA"
    if "item_id" in message:
        message["item_id"] = said
    return KNOWN if trial.takes(message) else REFUSED


def of_server(group: str, message: Json) -> str:
    """What the daemon, the relay and the client do with an event of a service."""
    name, dialect = message["type"], dialect_of(group)
    if "delta" in message and "audio" in name:
        message = {**message, "delta": "AAAA"}
    text = json.dumps(message)
    if not isinstance(wire.parse_server(text), wire.Unknown):
        return KNOWN
    assert Translator(dialect, dialect).down(text) == [text]
    other = Dialect.GA if dialect is Dialect.BETA else Dialect.BETA
    passed = Translator(other, dialect).down(text)
    assert passed or to_ga(name) in GA_ONLY, f"the relay loses {name}"
    return PASSED


# -- fields ----------------------------------------------------------------------------------------------


def of_field(group: str, path: str, value: Json) -> str:
    """What edged does with a field of a session, a response, an item or a request for a key."""
    if group.endswith("reported"):
        return _reported(group, path, value)
    good = _fitted(group, path, value)
    if not _taken(group, good):
        return REFUSED
    return PASSED if all(_taken(group, _with(good, path, wrong)) for wrong in WRONG) else KNOWN


def _taken(group: str, value: Json) -> bool:
    dialect, kind = dialect_of(group), group.split(" ", 1)[1]
    if kind.endswith("secret"):
        path = {"ga secret": "client_secrets", "beta secret": "sessions"}.get(group, "transcription_sessions")
        return _minted(path, value)
    trial = Trial(dialect, transcribes=kind == "transcription session")
    name = "transcription_session.update" if group == "beta transcription session" else "session.update"
    return trial.takes(
        {
            "item": {"type": "conversation.item.create", "item": value},
            "response": {"type": "response.create", "response": value},
        }.get(kind, {"type": name, "session": value})
    )


def _minted(path: str, body: Json) -> bool:
    numbers = itertools.count(1)
    reply = respond(
        "POST",
        f"/v1/realtime/{path}",
        json.dumps(body).encode(),
        keys=(),
        door=Admission(),
        ledger=Ledger(),
        wall=0.0,
        new_id=lambda prefix: f"{prefix}_{next(numbers)}",
    )
    return reply.status == 200


def _reported(group: str, path: str, value: Json) -> str:
    """Whether a client of edged's builds a field that a service reports."""
    name, key = ("response.done", "response") if "response" in group else ("session.updated", "session")
    value = _with(value, path, REPORTED[path]) if path in REPORTED else value
    seen = [
        wire.parse_server(json.dumps({"type": name, "event_id": "e", key: each}))
        for each in (value, _without(value, path))
    ]
    return KNOWN if seen[0] != seen[1] else PASSED


# -- values ----------------------------------------------------------------------------------------------


def _fitted(group: str, path: str, value: Json) -> Json:
    value = _fit(value)
    if group.endswith("item"):
        return _fit_item(group, path, value)
    if "input" in value:
        value["input"] = [_fit_item(f"{dialect_of(group).value} item", "", item) for item in value["input"]]
    if path.endswith("turn_detection.eagerness"):  # beta has one type for both kinds of detection
        value["turn_detection"]["type"] = "semantic_vad"
    return value


def _fit(value: Any) -> Any:
    """The same with the values that these trials need."""
    if isinstance(value, list):
        return [_fit(each) for each in value]
    if isinstance(value, dict):
        return {name: VALUES.get(name, _fit(inner)) for name, inner in value.items()}
    return value


def _fit_item(group: str, path: str, item: Json) -> Json:
    """An item whose type has the field at `path`, and whose content is complete."""
    item = deepcopy(item)
    if group == "beta item":
        if path in ("name", "arguments", "call_id"):
            return {"type": "function_call", "name": "x", "arguments": "{}", path: item[path]}
        if path == "output":
            return {"type": "function_call_output", "call_id": "x", "output": "x"}
        item.pop("name", None)
        item.setdefault("content", [{"type": "input_text"}])
    for part in item.get("content", []):
        _complete(part, item["role"])
    return item


def _complete(part: Json, role: str) -> None:
    """Give a part the type that has its field, and what this type needs."""
    if "id" in part:
        part["type"] = "item_reference"
    elif "audio" in part or "transcript" in part:
        part["type"] = "output_audio" if role == "assistant" else "input_audio"
        part["audio"] = "AAAA"
        part.setdefault("transcript", "x")
    elif "image_url" in part or "detail" in part:
        part["type"] = "input_image"
    else:
        part["text"] = "x"


def _place(value: Json, path: str) -> tuple[Any, str]:
    """The object that holds the field at `path`, and the field's name."""
    *way, last = [step for step in path.split(".") if not step.startswith("[")]
    here: Any = value
    for step in way:
        here = here[step.partition("[")[0]]
        here = here[0] if isinstance(here, list) else here
    return here, last.partition("[")[0]


def _with(value: Json, path: str, wrong: Any) -> Json:
    changed = deepcopy(value)
    holder, name = _place(changed, path)
    holder[name] = wrong
    return changed


def _without(value: Json, path: str) -> Json:
    changed = deepcopy(value)
    holder, name = _place(changed, path)
    del holder[name]
    return changed
