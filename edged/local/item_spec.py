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
)
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
        user["input_image"] = record(
            {"type": text(), "image_url": text(2**25), "detail": one_of("auto", "low", "high")}
        )
        spoken: Spec = {"type": text(), "audio": text(2**25), "transcript": text()}
        own = {"output_text": written, "output_audio": record(spoken, required=("transcript",))}
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
