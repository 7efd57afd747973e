"""Specifies what an item from a client may contain, in each dialect: tables for `schema`. Pure.

A client cannot add sound of the assistant. It adds what the assistant said as text.
"""

from collections.abc import Mapping
from typing import Any

from edged.local.schema import Check, Spec, each, one_of, or_null, out_of_range, record, tagged, text
from edged.wire import Dialect


def _id(value: Any, path: str) -> Any:
    """An id. `root` is not allowed: it means the front of the conversation."""
    text(32)(value, path)
    if value in ("", "root"):
        raise out_of_range(path, repr(value), "the id of an item")
    return value


def _contents(dialect: Dialect) -> dict[str, Check]:
    """The allowed content of a message, for each role."""
    written = record({"type": text(), "text": text()}, required=("text",))
    user: dict[str, Check] = {
        "input_text": written,
        "input_audio": record(
            {"type": text(), "audio": text(2**25), "transcript": or_null(text())}, required=("audio",)
        ),
    }
    own: dict[str, Check] = {"text": written}
    if dialect is Dialect.GA:
        user["input_image"] = record({"type": text(), "image_url": text(2**25), "detail": text()})
        own = {"output_text": written}
    return {
        "user": each(tagged("type", user)),
        "system": each(tagged("type", {"input_text": written})),
        "assistant": each(tagged("type", own)),
    }


_HEAD: Spec = {
    "id": _id,
    "object": one_of("realtime.item"),
    "type": text(),
    "status": one_of("completed", "incomplete", "in_progress"),
}


def _item(dialect: Dialect) -> Check:
    message = tagged(
        "role",
        {
            role: record({**_HEAD, "role": text(), "content": content}, required=("content",))
            for role, content in _contents(dialect).items()
        },
    )
    call: Spec = {**_HEAD, "name": text(64), "call_id": text(64), "arguments": text()}
    output: Spec = {**_HEAD, "call_id": text(64), "output": text(2**22)}
    return tagged(
        "type",
        {
            "message": message,
            "function_call": record(call, required=("name", "call_id", "arguments")),
            "function_call_output": record(output, required=("call_id", "output")),
        },
    )


ITEMS: Mapping[Dialect, Check] = {dialect: _item(dialect) for dialect in Dialect}
