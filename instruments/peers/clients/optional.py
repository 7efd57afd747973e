"""What a client may ask for beyond the necessary, each with a name, in both dialects."""

from typing import Any

Json = dict[str, Any]

OWN_ID = "mine_1"
WEATHER: Json = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
MINTED: Json = {
    "model": "gpt-4-realtime-preview",
    "modalities": ["text", "audio"],
    "instructions": "Help users to practise pronunciation.",
    "voice": "shimmer",
    "input_audio_format": "pcm16",
    "output_audio_format": "pcm16",
    "input_audio_transcription": {"model": "whisper-1"},
    "turn_detection": {
        "type": "server_vad",
        "threshold": 0.6,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
    },
    "tools": [WEATHER],
    "tool_choice": "auto",
    "temperature": 0.7,
    "max_response_output_tokens": 100,
}
"""The settings with which a beta session is created, before its connection."""
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_PIXEL = f"data:image/png;base64,{_PNG}"
_SOUND = "AAAA" * 1600  # 100 ms of silence
_TRANSCRIPTION = {"model": "gpt-4o-transcribe", "language": "en", "prompt": "opening hours"}
_TRACING = {"workflow_name": "kiosk", "group_id": "hall", "metadata": {"floor": "1"}}


def _ga(**settings: Any) -> Json:
    return {"type": "realtime", **settings}


def _input(**settings: Any) -> Json:
    return _ga(audio={"input": settings})


def _output(**settings: Any) -> Json:
    return _ga(audio={"output": settings})


def _message(role: str, *content: Json) -> Json:
    return {"type": "message", "role": role, "content": list(content)}


_ULAW, _PCM = {"type": "audio/pcmu"}, {"type": "audio/pcm", "rate": 24000}
SESSIONS: dict[str, dict[str, Json]] = {
    "ga": {
        "format": _ga(audio={"input": {"format": _ULAW}, "output": {"format": _ULAW}}),
        "format without a rate": _input(format={"type": "audio/pcm"}),
        "semantic detection": _input(turn_detection={"type": "semantic_vad", "eagerness": "low"}),
        "idle time": _input(turn_detection={"type": "server_vad", "idle_timeout_ms": 6000}),
        "noise reduction": _input(noise_reduction={"type": "far_field"}),
        "no noise reduction": _input(noise_reduction=None),
        "transcription": _input(transcription=_TRANSCRIPTION),
        "speed": _output(speed=1.2),
        "voice": _output(voice="marin"),
        "own voice": _output(voice={"id": "voice_1"}),
        "truncation": _ga(
            truncation={
                "type": "retention_ratio",
                "retention_ratio": 0.8,
                "token_limits": {"post_instructions": 8000},
            }
        ),
        "no truncation": _ga(truncation="disabled"),
        "tracing": _ga(tracing=_TRACING),
        "tracing as it comes": _ga(tracing="auto"),
        "prompt": _ga(prompt={"id": "pmpt_1", "version": "2", "variables": {"city": "Paris"}}),
        "include": _ga(include=["item.input_audio_transcription.logprobs"]),
        "one tool": _ga(tools=[WEATHER], tool_choice={"type": "function", "name": "get_weather"}),
        "any tool": _ga(tool_choice="required"),
        "tools elsewhere": _ga(
            tools=[{"type": "mcp", "server_label": "hall", "server_url": "https://hall.example/mcp"}]
        ),
        "reasoning": _ga(reasoning={"effort": "low"}),
        "one call at a time": _ga(parallel_tool_calls=False),
        "length": _ga(max_output_tokens=4096),
        "back": _ga(
            output_modalities=["text"],
            tools=[],
            tool_choice="auto",
            audio={
                "input": {"format": _PCM, "turn_detection": None},
                "output": {"format": _PCM, "voice": "alloy"},
            },
        ),
    },
    "beta": {
        "format": {"input_audio_format": "g711_ulaw", "output_audio_format": "g711_alaw"},
        "semantic detection": {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}},
        "detection": {"turn_detection": {"type": "server_vad"}},
        "noise reduction": {"input_audio_noise_reduction": {"type": "far_field"}},
        "no noise reduction": {"input_audio_noise_reduction": None},
        "transcription": {"input_audio_transcription": _TRANSCRIPTION},
        "tracing": {"tracing": _TRACING},
        "tracing as it comes": {"tracing": "auto"},
        "one tool": {"tools": [WEATHER], "tool_choice": "get_weather"},
        "one tool, as in GA": {"tool_choice": {"type": "function", "name": "get_weather"}},
        "any tool": {"tool_choice": "required"},
        "length": {"max_response_output_tokens": 4096},
        "speed": {"speed": 1.2},
        "temperature": {"temperature": 1.2},
        "voice": {"voice": "verse"},
        "back": {
            "modalities": ["text"],
            "tools": [],
            "tool_choice": "auto",
            "turn_detection": None,
            "input_audio_format": "pcm16",
            "output_audio_format": "pcm16",
        },
    },
}

_HELLO = {"type": "input_text", "text": "Hello."}
_EITHER: dict[str, Json] = {
    "item of the system": _message("system", {"type": "input_text", "text": "Be brief."}),
    "item with sound": _message("user", {"type": "input_audio", "audio": _SOUND}),
    "item with an id, in front": {"id": OWN_ID, **_message("user", _HELLO)},
    "call": {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": "{}"},
    "result": {"type": "function_call_output", "call_id": "call_1", "output": "{}"},
}
_MCP: Json = {"server_label": "hall", "name": "light", "arguments": "{}"}
ITEMS: dict[str, dict[str, Json]] = {
    "ga": {
        **_EITHER,
        "item of the assistant": _message("assistant", {"type": "output_text", "text": "Good day."}),
        "speech of the assistant": _message(
            "assistant", {"type": "output_audio", "transcript": "Good day.", "audio": _SOUND}
        ),
        "tools elsewhere": {
            "type": "mcp_list_tools",
            "server_label": "hall",
            "tools": [{"name": "light", "input_schema": {"type": "object"}}],
        },
        "request for approval": {"type": "mcp_approval_request", "id": "ask_1", **_MCP},
        "approval": {
            "type": "mcp_approval_response",
            "id": "yes_1",
            "approval_request_id": "ask_1",
            "approve": True,
        },
        "call elsewhere": {
            "type": "mcp_call",
            "id": "done_1",
            "approval_request_id": "ask_1",
            "output": "on",
            **_MCP,
        },
        "item with a picture": _message(
            "user", {"type": "input_image", "image_url": _PIXEL, "detail": "low"}, _HELLO
        ),
    },
    "beta": {
        **_EITHER,
        "item of the assistant": _message("assistant", {"type": "text", "text": "Good day."}),
    },
}

_ASIDE: Json = {
    "conversation": "none",
    "metadata": {"topic": "greeting"},
    "input": [_message("user", _HELLO), {"type": "item_reference", "id": OWN_ID}],
    "instructions": "Greet.",
}
_ONCE: Json = {"tools": [WEATHER], "tool_choice": "none", "metadata": {"turn": "1"}}
RESPONSES: dict[str, dict[str, Json]] = {
    "ga": {
        "aside": {**_ASIDE, "output_modalities": ["text"]},
        "once": {
            **_ONCE,
            "output_modalities": ["audio"],
            "audio": {"output": {"voice": "alloy", "format": _ULAW}},
            "max_output_tokens": 20,
        },
    },
    "beta": {
        "aside": {**_ASIDE, "modalities": ["text"]},
        "once": {
            **_ONCE,
            "modalities": ["text", "audio"],
            "voice": "verse",
            "output_audio_format": "g711_ulaw",
            "max_response_output_tokens": 20,
            "temperature": 0.7,
        },
    },
}
