"""Prints, as JSON, every realtime event and every field of a session, a response or an item in the openai SDK's types.

`events` has the events of each side, each with a minimal message. `fields` has, for each kind of object, the path of
each field with a minimal object that has this field. In a path, `[]` means an element of a list, and `[function]` the
kind of an object that has several kinds: `tools[][function].name`.
"""

import json
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

import openai
from openai.types import realtime as ga
from openai.types.beta import realtime as beta
from openai.types.beta.realtime import response_create_event as beta_response
from openai.types.beta.realtime import session_update_event as beta_update
from openai.types.beta.realtime import transcription_session_update as beta_transcription
from openai.types.realtime.realtime_translation_client_event import RealtimeTranslationClientEvent
from openai.types.realtime.realtime_translation_server_event import RealtimeTranslationServerEvent
from pydantic import BaseModel
from typing_extensions import get_type_hints, is_typeddict

Json = dict[str, Any]
EVENTS: dict[str, Any] = {
    "ga client": ga.RealtimeClientEvent,
    "ga server": ga.RealtimeServerEvent,
    "beta client": beta.RealtimeClientEvent,
    "beta server": beta.RealtimeServerEvent,
    "translation client": RealtimeTranslationClientEvent,
    "translation server": RealtimeTranslationServerEvent,
}
FIELDS: dict[str, Any] = {
    "ga session": ga.RealtimeSessionCreateRequest,
    "ga transcription session": ga.RealtimeTranscriptionSessionCreateRequest,
    "ga response": ga.RealtimeResponseCreateParams,
    "ga item": ga.ConversationItem,
    "ga secret": ga.client_secret_create_params.ClientSecretCreateParams,
    "ga session reported": ga.RealtimeSessionCreateResponse,
    "ga transcription session reported": ga.RealtimeTranscriptionSessionCreateResponse,
    "ga response reported": ga.RealtimeResponse,
    "beta session": beta_update.Session,
    "beta transcription session": beta_transcription.Session,
    "beta response": beta_response.Response,
    "beta item": beta.ConversationItem,
    "beta secret": beta.SessionCreateParams,
    "beta transcription secret": beta.TranscriptionSessionCreateParams,
    "beta session reported": beta.Session,
    "beta response reported": beta.RealtimeResponse,
    "translation session": ga.RealtimeTranslationSessionUpdateRequest,
}
# Their content has a row of its own.
ELSEWHERE = {("ga response", "input"), ("beta response", "input"), ("ga secret", "session")}
ITEMS = {("ga response reported", "output"), ("beta response reported", "output")}
ALWAYS = ("type", "name", "role")  # services need them although the types do not


def plain(kind: Any) -> Any:
    """A type without the words around it."""
    while get_origin(kind) in (Annotated, Required, NotRequired):
        kind = get_args(kind)[0]
    return kind


def choices(kind: Any) -> list[Any]:
    """The types of a union, without null."""
    kind = plain(kind)
    if get_origin(kind) not in (Union, types.UnionType):
        return [kind]
    return [each for member in get_args(kind) for each in choices(member) if each is not type(None)]


def element(kind: Any) -> Any | None:
    """The type of the elements of a list; None for another type."""
    origin = get_origin(kind)
    if isinstance(origin, type) and issubclass(origin, Iterable) and not issubclass(origin, Mapping):
        return get_args(kind)[0]
    return None


def members(kind: Any) -> dict[str, Any]:
    """The fields of an object; empty for another type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {(info.alias or name): info.annotation for name, info in kind.model_fields.items()}
    return get_type_hints(kind, include_extras=True) if is_typeddict(kind) else {}


def required(kind: Any) -> list[str]:
    if is_typeddict(kind):
        return list(kind.__required_keys__)
    return [info.alias or name for name, info in kind.model_fields.items() if info.is_required()]


def literal(kind: Any) -> str | None:
    """The first of the words that a field may have."""
    return next((get_args(each)[0] for each in choices(kind) if get_origin(each) is Literal), None)


def tag(kind: Any) -> str:
    """What tells this kind of object from the others."""
    fields = members(kind)
    words = [literal(fields[name]) for name in ("type", "role") if name in fields]
    return ":".join(word for word in words if word)


def example(kind: Any) -> Any:
    """The simplest value of a type."""
    word = literal(kind)
    if word is not None:
        return word
    first = choices(kind)[0]
    if (inner := element(first)) is not None:
        return [example(inner)]
    if members(first):
        return filled(first)
    if get_origin(first) is dict or first is object:
        return {}
    return {str: "x", int: 1, float: 1.0, bool: True}.get(first, {})


def filled(kind: Any) -> Json:
    """An object with what it needs."""
    fields = members(kind)
    names = dict.fromkeys([*(name for name in ALWAYS if name in fields), *required(kind)])
    return {name: example(fields[name]) for name in names}


def paths(kind: Any, at: str, seen: tuple[str, str]) -> Iterator[tuple[str, Any]]:
    """The path of every field below an object, each with the value of the object. `seen`: its group and its field."""
    fields = members(kind)
    for name, below in fields.items():
        path = f"{at}.{name}" if at else name
        here = (seen[0], seen[1] or name)
        yield path, {**filled(kind), name: example(below)}
        if here in ELSEWHERE | ITEMS:
            continue
        for deeper, value in inside(below, path, here):
            yield deeper, {**filled(kind), name: value}


def inside(kind: Any, path: str, seen: tuple[str, str]) -> Iterator[tuple[str, Any]]:
    """The fields inside a value: of an object, or of the elements of a list."""
    several = [each for each in choices(kind) if members(each)]
    for each in choices(kind):
        if (inner := element(each)) is not None:
            for deeper, value in inside(inner, f"{path}[]", seen):
                yield deeper, [value]
        elif members(each):
            word = tag(each) if len(several) > 1 else ""
            yield from paths(each, f"{path}[{word}]" if word else path, seen)


def surface() -> Json:
    events = {
        side: {str(literal(each.model_fields["type"].annotation)): filled(each) for each in choices(union)}
        for side, union in EVENTS.items()
    }
    fields = {group: [list(row) for row in inside(kind, "", (group, ""))] for group, kind in FIELDS.items()}
    return {"version": openai.__version__, "events": events, "fields": fields}


if __name__ == "__main__":
    json.dump(surface(), sys.stdout)
