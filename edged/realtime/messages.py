"""The messages from a program to a server, still in the program's dialect. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from edged import wire
from edged.pcm import PCM16
from edged.realtime.given import NotGiven, given
from edged.wire import ClientName

Json = dict[str, Any]
MOST_BYTES = PCM16.bytes_of(5000)  # sound in one append; far below the 15 MiB that services accept


def event(name: ClientName, /, **fields: Any) -> Json:
    """An event with those fields that are given."""
    return {"type": name.value, **given(**fields)}


def text_of(message: Mapping[str, Any] | str) -> str:
    """The message as JSON. Text stays unchanged.

    Raises:
        TypeError: The message is neither text nor an object, or JSON has no form for something in it.
        ValueError: A number in it is NaN or infinite.
    """
    if isinstance(message, str):
        return message
    if not isinstance(message, Mapping):
        raise TypeError(f"an event is a dict or JSON text, not {type(message).__name__}")
    return json.dumps(given(**message), allow_nan=False, default=_other)


def sound(pcm: Any) -> Iterator[str]:
    """Split sound into appends that are short enough for every service.

    Raises:
        TypeError: `pcm` is neither bytes nor another object with a contiguous buffer.
    """
    data = memoryview(pcm).cast("B") if not isinstance(pcm, bytes) else memoryview(pcm)
    for start in range(0, len(data), MOST_BYTES):
        yield wire.append(bytes(data[start : start + MOST_BYTES]))


def _other(value: Any) -> Any:
    if isinstance(value, NotGiven):
        raise TypeError("NOT_GIVEN is not allowed inside an object: leave the field out")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
