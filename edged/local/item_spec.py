"""Specifies what an item from a client may contain, in each dialect: tables for `schema`. Pure.

Only GA has items about MCP servers, pictures, and speech of the assistant. A client adds them to restore a
conversation. In beta it adds what the assistant said as text.
"""

from collections.abc import Mapping
from typing import Any

from edged.local.schema import (
    Check,
    Spec,
    each,
    flag,
    integer,
    mapping,
    one_of,
    or_null,
    out_of_range,
    record,
    tagged,
    text,
    unset,
)
from edged.wire import Dialect


def _id(value: Any, path: str) -> Any:
    """An id. `root` is not allowed: it means the front of the conversation."""
    text(32)(value, path)
    if value in ("", "root"):
        raise out_of_range(path, repr(value), "the id of an item")
    return value


_Parts = Mapping[str, tuple[Spec, tuple[str, ...]]]
"""The fields of each kind of part, and those of them that are required."""

_WRITTEN: tuple[Spec, tuple[str, ...]] = ({"type": text(), "text": text()}, ("text",))
_SPOKEN: Spec = {"type": text(), "audio": text(2**25), "transcript": text()}
_HEARD: Spec = {**_SPOKEN, "transcript": or_null(text())}
_SEEN: Spec = {"type": text(), "image_url": text(2**25), "detail": one_of("auto", "low", "high")}
_PARTS: Mapping[Dialect, Mapping[str, _Parts]] = {
    Dialect.GA: {
        "user": {"input_text": _WRITTEN, "input_audio": (_HEARD, ("audio",)), "input_image": (_SEEN, ())},
        "system": {"input_text": _WRITTEN},
        "assistant": {"output_text": _WRITTEN, "output_audio": (_SPOKEN, ("transcript",))},
    },
    Dialect.BETA: {
        "user": {"input_text": _WRITTEN, "input_audio": (_HEARD, ("audio",))},
        "system": {"input_text": _WRITTEN},
        "assistant": {"text": _WRITTEN},
    },
}
_BETA_PART = ("id", "audio", "text", "transcript")  # the openai library has one type for all parts of beta
_BETA_ITEM = ("role", "content", "name", "call_id", "arguments", "output")  # and one for all items


def _content(parts: _Parts, dialect: Dialect) -> Check:
    """The allowed content of a message. In GA the library has one type for all parts of a role."""
    names = {name for fields, _ in parts.values() for name in fields}
    others = unset(names if dialect is Dialect.GA else _BETA_PART)
    kinds = {
        kind: record({**others, **fields}, required=required) for kind, (fields, required) in parts.items()
    }
    return each(tagged("type", kinds))


_HEAD: Spec = {
    "id": _id,
    "object": one_of("realtime.item"),
    "type": text(),
    "status": one_of("completed", "incomplete", "in_progress"),
}


def _item(dialect: Dialect) -> Check:
    head: Spec = {**(unset(_BETA_ITEM) if dialect is Dialect.BETA else {}), **_HEAD}
    message = tagged(
        "role",
        {
            role: record({**head, "role": text(), "content": _content(parts, dialect)}, required=("content",))
            for role, parts in _PARTS[dialect].items()
        },
    )
    call: Spec = {**head, "name": text(64), "call_id": text(64), "arguments": text()}
    output: Spec = {**head, "call_id": text(64), "output": text(2**22)}
    kinds: dict[str, Check] = {
        "message": message,
        "function_call": record(call, required=("name", "arguments")),
        "function_call_output": record(output, required=("call_id", "output")),
    }
    return tagged("type", {**kinds, **(_MCP if dialect is Dialect.GA else {})})


_MCP_HEAD: Spec = {"id": _id, "type": text(), "server_label": text(64)}
_MCP_CALL: Spec = {**_MCP_HEAD, "name": text(64), "arguments": text()}
_MCP_TOOL = record(
    {"name": text(64), "description": text(), "input_schema": mapping, "annotations": mapping},
    required=("name", "input_schema"),
)
_FAILED: Spec = {"type": text(), "code": integer(-(2**31), 2**31), "message": text()}
_MCP_ERROR = tagged(
    "type",
    {
        "protocol_error": record(_FAILED, required=("code", "message")),
        "http_error": record(_FAILED, required=("code", "message")),
        "tool_execution_error": record({"type": text(), "message": text()}, required=("message",)),
    },
)
_MCP: Mapping[str, Check] = {
    "mcp_list_tools": record({**_MCP_HEAD, "tools": each(_MCP_TOOL)}, required=("server_label", "tools")),
    "mcp_approval_request": record(_MCP_CALL, required=("server_label", "name", "arguments")),
    "mcp_approval_response": record(
        {"id": _id, "type": text(), "approval_request_id": text(64), "approve": flag, "reason": text()},
        required=("approval_request_id", "approve"),
    ),
    "mcp_call": record(
        {**_MCP_CALL, "approval_request_id": text(64), "output": text(2**22), "error": _MCP_ERROR},
        required=("server_label", "name", "arguments"),
    ),
}
APPROVAL_REQUEST = "mcp_approval_request"
ITEMS: Mapping[Dialect, Check] = {dialect: _item(dialect) for dialect in Dialect}
