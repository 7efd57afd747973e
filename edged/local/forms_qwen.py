"""The session object of Qwen's realtime models, as Model Studio documents it. Pure."""

from typing import Any

from edged.local.form import SessionForm
from edged.local.schema import (
    Json,
    Spec,
    each,
    flag,
    integer,
    mapping,
    number,
    one_of,
    or_null,
    record,
    tagged,
    text,
)
from edged.local.spec import BETA_SESSION, SERVER_VAD
from edged.wire import BadClientEvent

_TEXT = text(2**16)
_LIST = each(text(64))
_FLAGS: Spec = {"create_response": flag, "interrupt_response": flag}


def nested(tool: Json) -> Json:
    """A function in the form of chat completions, with its fields in an object of its own."""
    if tool.get("type") != "function":
        return tool
    return {"type": "function", "function": {name: value for name, value in tool.items() if name != "type"}}


def _qwen_tools(value: Any, path: str) -> Any:
    inner = record({"name": text(64), "description": text(), "parameters": mapping}, required=("name",))
    outer = record({"type": one_of("function"), "function": inner}, required=("type", "function"))
    return [{"type": "function", **tool["function"]} for tool in each(outer, 128)(value, path)]


def _qwen_modalities(value: Any, path: str) -> Any:
    names = _LIST(value, path)
    if sorted(names) not in (["text"], ["audio", "text"]):
        words = "Supported combinations are: ['text'] and ['audio', 'text']."
        raise BadClientEvent("invalid_value", f"Invalid modalities: {names}. {words}", path)
    return names


def _without_expiry(session: Json, fresh: bool) -> Json:  # noqa: ARG001, FBT001 always the same form
    kept = {name: value for name, value in session.items() if name != "expires_at"}
    return {**kept, "tools": [nested(tool) for tool in session["tools"]]}


_QWEN_VAD: Spec = {
    "type": text(),
    "threshold": number(-1, 1),
    "silence_duration_ms": integer(200, 6000),
    "prefix_padding_ms": integer(0, 60_000),
    "idle_timeout_ms": or_null(integer(5000, 30_000)),
    **_FLAGS,
}
_QWEN_START = {**SERVER_VAD, "silence_duration_ms": 800}
QWEN = SessionForm(
    start={
        "object": "realtime.session",
        "modalities": ["text", "audio"],
        "voice": "Cherry",
        "input_audio_format": "pcm",
        "output_audio_format": "pcm",
        "input_audio_transcription": {"model": "gummy-realtime-v1"},
        "turn_detection": _QWEN_START,
        "enable_search": False,
        "search_options": {},
        "tools": [],
        "tool_choice": "auto",
        "temperature": 0.8,
        "instructions": "",
    },
    spec={
        "modalities": _qwen_modalities,
        "voice": text(128),
        "instructions": _TEXT,
        "input_audio_format": one_of("pcm", "pcm16"),
        "output_audio_format": one_of("pcm", "pcm16", "pcm24"),
        "input_audio_transcription": or_null(record({"model": text(128), "language": text(32)})),
        "turn_detection": or_null(
            tagged(
                "type",
                {
                    "server_vad": record(_QWEN_VAD, start=_QWEN_START),
                    "semantic_vad": record(_QWEN_VAD, start={"create_response": True}),
                },
            )
        ),
        "tools": _qwen_tools,
        "tool_choice": BETA_SESSION["tool_choice"],
        "max_tokens": integer(1, 2**31),
        "temperature": number(0, 1.999),
        "top_p": number(0, 1),
        "top_k": integer(0, 1000),
        "seed": integer(0, 2**31),
        "repetition_penalty": number(0, 10),
        "presence_penalty": number(-2, 2),
        "smooth_output": or_null(flag),
        "enable_search": flag,
        "search_options": mapping,
    },
    response={"instructions": _TEXT, "modalities": _qwen_modalities},
    keys={"max_output_tokens": "max_tokens"},
    input_hz=16_000,
    model="fixed",
    report=_without_expiry,
)
