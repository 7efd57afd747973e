"""Checks messages against the openai SDK's own types. Lines of `[dialect, message]` in, `[complaint, strays]` out.

The SDK itself accepts any message, so nothing else would notice a wrong name or shape. The types allow fields that
they do not name. These are reported as strays (`session.updated: session.colour`), for the reader to judge.
"""

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any

from openai.types.beta.realtime.realtime_server_event import RealtimeServerEvent as BetaEvent
from openai.types.realtime.realtime_server_event import RealtimeServerEvent as GaEvent
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "ga": TypeAdapter(Annotated[GaEvent, Field(discriminator="type")]),
    "beta": TypeAdapter(Annotated[BetaEvent, Field(discriminator="type")]),
}


def strays(value: Any, path: str) -> Iterator[str]:
    """The fields that a validated event has and its type does not name."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or ():
            yield f"{path}{name}"
        for name in value.model_fields_set & set(type(value).model_fields):
            yield from strays(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, list):
        for each in value:
            yield from strays(each, path)


def judged(dialect: str, message: dict[str, Any]) -> tuple[str | None, list[str]]:
    try:
        event = ADAPTERS[dialect].validate_json(json.dumps(message), strict=True)
    except ValidationError as error:
        found = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        return f"{message.get('type')}: {'; '.join(found)}", []
    return None, [f"{event.type}: {stray}" for stray in strays(event, "")]


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(judged(*json.loads(line))) + "\n")
        sys.stdout.flush()
