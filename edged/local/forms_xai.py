"""The session object of xAI, as it was recorded, with the settings of its published schema. Pure.

xAI also has the rates 22050 and 44100 and the format audio/opus, which the embedded service does not have.
"""

from typing import Any

from edged.local.form import SessionForm
from edged.local.forms_qwen import nested
from edged.local.schema import (
    Json,
    Spec,
    each,
    flag,
    integer,
    mapping,
    metadata,
    number,
    one_of,
    or_null,
    record,
    tagged,
    text,
    with_null,
)
from edged.local.spec import GA_SESSION, formats_of

_TEXT = text(2**16)
_LIST = each(text(64))
_FLAGS: Spec = {"create_response": flag, "interrupt_response": flag}

_XAI_VOICES = ("ara", "eve", "leo", "rex", "sal")  # each has two names: ara and xai_ara
_XAI_VAD = record(
    {
        "type": text(),
        "threshold": number(0.1, 0.9),
        "silence_duration_ms": integer(0, 10_000),
        "prefix_padding_ms": integer(0, 10_000),
        "idle_timeout_ms": or_null(integer(0, 2**31)),
        **_FLAGS,
    },
    lenient=True,
)


def _xai_detection(value: Any, path: str) -> Any:
    """Null and `{"type": null}` mean that the client decides about turns."""
    if value is None or (isinstance(value, dict) and "type" in value and value["type"] is None):
        return None
    return tagged("type", {"server_vad": _XAI_VAD})(value, path)


def _xai_report(session: Json, fresh: bool) -> Json:  # noqa: FBT001 the two forms of the object
    voice = session["voice"]
    long = f"xai_{voice}" if voice in _XAI_VOICES else voice
    tools = [nested(tool) for tool in session["tools"]]
    if fresh:
        return {
            "id": session["id"],
            "object": "realtime.session",
            "instructions": session["instructions"],
            "voice": long or "xai_ara",
            "modalities": ["audio"],
            "turn_detection": session["turn_detection"] or {"type": None},
            "tools": tools,
            "model": session["model"],
        }
    heard = session["audio"]["input"].get("transcription") or {"model": "grok-transcribe"}
    return {
        "instructions": session["instructions"],
        "enable_noise_suppression": True,
        "turn_detection": session["turn_detection"] or {},
        "model": session["model"],
        "keep_context": False,
        "enable_phonetic_spelling": False,
        "input_audio_transcription": heard,
        "modalities": ["audio"],
        "input_audio_format": "not specified",
        "output_audio_format": "not specified",
        "tool_choice": "auto",
        "temperature": -1.0,
        "max_response_output_tokens": "inf",
        "audio": {
            "input": {**session["audio"]["input"], "transcription": heard},
            "output": session["audio"]["output"],
        },
        **({} if voice is None else {"voice": long}),
        **({"tools": tools} if tools else {}),
    }


_XAI_RATES = (24_000, 8000, 16_000, 32_000, 48_000)
_XAI_SIDE: Spec = {"format": formats_of(*_XAI_RATES), "transport": one_of("json")}
XAI = SessionForm(
    start={
        "instructions": "",
        "voice": None,
        "turn_detection": None,
        "tools": [],
        "tool_choice": "auto",
        "output_modalities": ["audio"],
        "audio": {
            "input": {"format": {"type": "audio/pcm", "rate": 24_000}, "transport": "json"},
            "output": {"format": {"type": "audio/pcm", "rate": 24_000}, "transport": "json"},
        },
    },
    spec={
        "instructions": _TEXT,
        "voice": text(128),
        "turn_detection": with_null(_xai_detection),
        "tools": GA_SESSION["tools"],
        "reasoning": or_null(record({"effort": one_of("high", "none")})),
        "resumption": mapping,
        "replace": mapping,
        "audio": {
            "input": {**_XAI_SIDE, "transcription": or_null(mapping)},
            "output": {**_XAI_SIDE, "speed": number(0.7, 1.5)},
        },
    },
    response={"instructions": _TEXT, "modalities": _LIST, "metadata": or_null(metadata)},
    keys={"voice": "voice", "turn_detection": "turn_detection"},
    lenient=True,
    model="ignored",
    report=_xai_report,
)
