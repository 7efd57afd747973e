"""Reads the name of a message without the rest of it, and writes a message with something changed. Pure.

Rules:
1. Usually only the beginning of a message is read for its name.
2. A message with more elements than any message needs (bounds.py) is not parsed.
3. What cannot be read or written as JSON stays as it came.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from edged.wire.bounds import crowded

Json = dict[str, Any]

# Finds the type where services usually put it: first, or after the event_id. Elsewhere a parser finds it.
_HEAD = re.compile(r'\s*\{\s*(?:"event_id"\s*:\s*"[^"\\]*"\s*,\s*)?"type"\s*:\s*"([^"\\]*)"')


class _Typed(msgspec.Struct):
    type: str | None = None


_TYPED = msgspec.json.Decoder(_Typed)


def name_of(text: str | bytes) -> str | None:
    """The type of a message; None where it has none."""
    head = _HEAD.match(text) if isinstance(text, str) else None
    if head is not None:
        return head[1]
    try:
        return _TYPED.decode(text).type
    except (ValueError, RecursionError):
        return None


def named(text: str, name: str, new: str) -> str:
    """The same message with another type; `name` is its present one."""
    if new == name:
        return text
    head = _HEAD.match(text)
    if head is not None:
        return f"{text[: head.start(1)]}{new}{text[head.end(1) :]}"
    message = read(text)
    return text if message is None else written({**message, "type": new}, text)


def read(text: str) -> Json | None:
    """The message; None where it is not an object, or has too many elements."""
    if crowded(text):
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def written(message: Mapping[str, Any], text: str) -> str:
    """The message as JSON; the original `text` where the message has a NaN or is nested too deeply."""
    try:
        return json.dumps(message, allow_nan=False)
    except (ValueError, RecursionError):
        return text


def within(message: Json, key: str, change: Callable[[Mapping[str, Any]], Json]) -> None:
    """Change the object at `key`, where there is one."""
    value = message.get(key)
    if isinstance(value, Mapping):
        message[key] = change(value)
