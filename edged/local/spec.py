"""Specifies what a session and a response may contain, in each dialect: tables for `schema`. Pure."""

from typing import Any

from edged.local.schema import (
    Check,
    Json,
    Spec,
    each,
    either,
    flag,
    integer,
    mapping,
    metadata,
    number,
    one_of,
    or_null,
    out_of_range,
    record,
    tagged,
    text,
    unset,
    wrong_value,
)

SERVER_VAD: Json = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "create_response": True,
    "interrupt_response": True,
}
SILENT_SERVER_VAD: Json = {
    name: value for name, value in SERVER_VAD.items() if name not in ("create_response", "interrupt_response")
}
_SEMANTIC_VAD: Json = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}
BETA_VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse")
GA_VOICES = (*BETA_VOICES, "marin", "cedar")
_TOOL_CHOICES = ("auto", "none", "required")
_INSTRUCTIONS = text(2**16)
_MOST_TOKENS = either("an integer between 1 and 4096, or 'inf'", integer(1, 4096), one_of("inf"))
_SPEED = number(0.25, 1.5)
_TEMPERATURE = number(0.6, 1.2)


def vad(*, ga: bool, answers: bool = True) -> Check:
    """Turn detection. In a session that does not answer, GA still accepts the fields about answers; beta does not."""
    either: Spec = {
        "type": text(),
        **({"create_response": flag, "interrupt_response": flag} if ga or answers else {}),
    }
    server: Spec = {
        **either,
        "threshold": number(0, 1),
        "prefix_padding_ms": integer(0, 60_000),
        "silence_duration_ms": integer(0, 60_000),
        **({"idle_timeout_ms": or_null(integer(5000, 30_000))} if ga else {}),
    }
    semantic: Spec = {**either, "eagerness": one_of("low", "medium", "high", "auto")}
    start = {**SERVER_VAD, **({"idle_timeout_ms": None} if ga else {})} if answers else SILENT_SERVER_VAD
    semantic_start = _SEMANTIC_VAD if answers else {"type": "semantic_vad", "eagerness": "auto"}
    return or_null(
        tagged(
            "type",
            {
                # Here OpenAI refuses null, although its own library has types that allow it.
                "server_vad": record(server, start=start, nulls=False),
                "semantic_vad": record(semantic, start=semantic_start, nulls=False),
            },
        )
    )


def _pcm(value: Any, path: str) -> Any:
    kept = record({"type": text(), "rate": integer(1, 2**31)})(value, path)
    if kept.setdefault("rate", 24000) != 24000:
        raise out_of_range(f"{path}.rate", kept["rate"], "24000")
    return kept


def rate_of(*rates: int) -> Check:
    """One of these rates."""

    def check(value: Any, path: str) -> Any:
        if integer(1, 2**31)(value, path) not in rates:
            raise wrong_value(path, value, rates)
        return value

    return check


def pcm_of(*rates: int) -> Check:
    """A format of 16-bit samples with one of these rates."""
    return record({"type": text(), "rate": rate_of(*rates)})


def formats_of(*rates: int) -> Check:
    law = record({"type": text(), "rate": integer(8000, 8000)})
    return tagged("type", {"audio/pcm": pcm_of(*rates), "audio/pcmu": law, "audio/pcma": law})


def _voice(value: Any, path: str) -> Any:
    """The name of a voice, or an object with the id of a custom voice."""
    if isinstance(value, dict):
        return record({"id": text(128)}, required=("id",))(value, path)
    return one_of(*GA_VOICES)(value, path)


def _modalities(*combinations: tuple[str, ...]) -> Check:
    def check(value: Any, path: str) -> Any:
        each(text())(value, path)
        if sorted(value) not in [sorted(one) for one in combinations]:
            words = " or ".join(str(list(one)) for one in combinations)
            raise out_of_range(path, value, words)
        return value

    return check


def _tool_choice(value: Any, path: str) -> Any:
    if isinstance(value, str):
        return value if value in _TOOL_CHOICES else one_of(*_TOOL_CHOICES)(value, path)
    return tagged(
        "type",
        {
            "function": record({"type": text(), "name": text(64)}, required=("name",)),
            "mcp": record({"type": text(), "server_label": text(64), "name": text(64)}),
        },
    )(value, path)


def _truncation(value: Any, path: str) -> Any:
    return _RETENTION(value, path) if isinstance(value, dict) else one_of("auto", "disabled")(value, path)


def _beta_tool_choice(value: Any, path: str) -> Any:
    """The name of a function. An object that names a function becomes that name."""
    if isinstance(value, dict):
        fields: Spec = {"type": one_of("function"), "name": text(64)}
        return record(fields, required=("name",))(value, path)["name"]
    return text(64)(value, path)


_FUNCTION = record(
    {"type": text(), "name": text(64), "description": text(), "parameters": mapping},
    required=("name",),
)
_SOME_TOOLS = record({"tool_names": each(text(64)), "read_only": flag})
_CALLERS = each(one_of("direct", "programmatic"), 2)


def _allowed(value: Any, path: str) -> Any:
    return _SOME_TOOLS(value, path) if isinstance(value, dict) else each(text(64))(value, path)


def _approval(value: Any, path: str) -> Any:
    by_tool = record({"always": _SOME_TOOLS, "never": _SOME_TOOLS})
    return by_tool(value, path) if isinstance(value, dict) else one_of("always", "never")(value, path)


def _headers(value: Any, path: str) -> Any:
    mapping(value, path)
    return {name: text()(header, f"{path}.{name[:80]}") for name, header in value.items()}


_MCP = record(
    {
        "type": text(),
        "server_label": text(64),
        "server_url": text(),
        "connector_id": text(128),
        "tunnel_id": text(128),
        "authorization": text(),
        "headers": _headers,
        "allowed_tools": _allowed,
        "allowed_callers": _CALLERS,
        "require_approval": _approval,
        "server_description": text(),
        "defer_loading": flag,
    },
    required=("server_label",),
)
_FORMAT = tagged(
    "type",
    {"audio/pcm": _pcm, "audio/pcmu": record({"type": text()}), "audio/pcma": record({"type": text()})},
)
_BETA_FORMAT = one_of("pcm16", "g711_ulaw", "g711_alaw")
_NOISES = one_of("near_field", "far_field")
_PROMPT = or_null(
    record({"id": text(), "version": or_null(text()), "variables": or_null(mapping)}, required=("id",))
)
_TRACING = or_null(either("'auto' or an object", one_of("auto"), mapping))
_INCLUDE = or_null(each(text(), 16))
_GA_MODALITIES = _modalities(("audio",), ("text",))
_BETA_MODALITIES = _modalities(("text",), ("text", "audio"))
_GA_TOOLS = each(tagged("type", {"function": _FUNCTION, "mcp": _MCP}), 128)
_BETA_TOOLS = each(tagged("type", {"function": _FUNCTION}), 128)
_RETENTION = record(
    {
        "type": one_of("retention_ratio"),
        "retention_ratio": number(0, 1),
        "token_limits": or_null(record({"post_instructions": integer(0, 2**31)})),
    },
    required=("type", "retention_ratio"),
)
_REASONING = or_null(record({"effort": one_of("none", "minimal", "low", "medium", "high", "xhigh")}))

OF_A_CALL = ("client_secret",)  # the library has it in an update; it belongs in the call that makes a key
GA_INPUT: Spec = {
    "format": _FORMAT,
    "turn_detection": vad(ga=True),
    "transcription": or_null(
        record(
            {
                "model": text(128),
                "language": text(32),
                "languages": each(text(32), 32),
                "prompt": text(),
                "keywords": each(text(), 1000),
                "delay": one_of("minimal", "low", "medium", "high", "xhigh"),
            }
        )
    ),
    "noise_reduction": or_null(record({"type": _NOISES, "strength": number(0, 1)}, required=("type",))),
}
GA_SESSION: Spec = {
    "type": one_of("realtime", "transcription"),
    "model": text(256),
    "output_modalities": _GA_MODALITIES,
    "instructions": _INSTRUCTIONS,
    "tools": _GA_TOOLS,
    "tool_choice": _tool_choice,
    "max_output_tokens": _MOST_TOKENS,
    "truncation": _truncation,
    "parallel_tool_calls": flag,
    "reasoning": _REASONING,
    "prompt": _PROMPT,
    "tracing": _TRACING,
    "include": _INCLUDE,
    "audio": {"input": GA_INPUT, "output": {"format": _FORMAT, "voice": _voice, "speed": _SPEED}},
}
BETA_SESSION: Spec = {
    **unset(OF_A_CALL),
    "model": text(256),
    "modalities": _BETA_MODALITIES,
    "instructions": _INSTRUCTIONS,
    "voice": one_of(*BETA_VOICES),
    "speed": _SPEED,
    "input_audio_format": _BETA_FORMAT,
    "output_audio_format": _BETA_FORMAT,
    "turn_detection": vad(ga=False),
    "input_audio_transcription": or_null(
        record({"model": text(128), "language": text(32), "prompt": text()})
    ),
    "input_audio_noise_reduction": or_null(record({"type": _NOISES}, required=("type",))),
    "tools": _BETA_TOOLS,
    "tool_choice": _beta_tool_choice,
    "max_response_output_tokens": _MOST_TOKENS,
    "temperature": _TEMPERATURE,
    "prompt": _PROMPT,
    "tracing": _TRACING,
    "include": _INCLUDE,
}
_EITHER_RESPONSE: Spec = {
    "instructions": _INSTRUCTIONS,
    "conversation": one_of("auto", "none"),
    "input": each(mapping),
    "metadata": or_null(metadata),
    "prompt": _PROMPT,
}
GA_RESPONSE: Spec = {
    **_EITHER_RESPONSE,
    "output_modalities": _GA_MODALITIES,
    "audio": {"output": {"format": _FORMAT, "voice": _voice}},
    "tools": _GA_TOOLS,
    "tool_choice": _tool_choice,
    "max_output_tokens": _MOST_TOKENS,
    "parallel_tool_calls": flag,
    "reasoning": _REASONING,
}
BETA_RESPONSE: Spec = {
    **_EITHER_RESPONSE,
    "modalities": _BETA_MODALITIES,
    "voice": one_of(*BETA_VOICES),
    "output_audio_format": _BETA_FORMAT,
    "tools": _BETA_TOOLS,
    "tool_choice": _beta_tool_choice,
    "temperature": _TEMPERATURE,
    "max_response_output_tokens": _MOST_TOKENS,
    "max_output_tokens": _MOST_TOKENS,
}
