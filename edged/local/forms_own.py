"""The session objects of services that people run themselves: LocalAI, speaches, speech-to-speech. Pure.

All three follow the source text of these servers.
"""

from typing import Any

from edged.local.form import SessionForm
from edged.local.schema import (
    KEEP,
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
    with_null,
)
from edged.local.spec import BETA_SESSION, GA_RESPONSE, GA_SESSION, SERVER_VAD, pcm_of
from edged.wire import BadClientEvent

_TEXT = text(2**16)
_RATES = (24_000, 8000, 16_000, 32_000, 48_000)
_MODALITIES = each(one_of("text", "audio"), 2)
_GA_AUDIO: Any = GA_SESSION["audio"]
_DETECTION = _GA_AUDIO["input"]["turn_detection"]
_TOOLS = {name: GA_SESSION[name] for name in ("tools", "tool_choice")}
_MOST = GA_SESSION["max_output_tokens"]


# -- LocalAI -----------------------------------------------------------------------------------------------


def _localai_type(value: Any, path: str) -> Any:
    if value not in ("", "realtime"):
        raise BadClientEvent("invalid_json", f"Invalid session type: {value}", path)
    return "realtime"


def _localai_instructions(value: Any, path: str) -> Any:
    return _TEXT(value, path) or KEEP


def _localai_report(session: Json, fresh: bool) -> Json:  # noqa: ARG001, FBT001 always the same form
    names = ("type", "id", "object", "model", "instructions", "tools", "tool_choice", "max_output_tokens")
    heard, said = session["audio"]["input"], session["audio"]["output"]
    return {
        **{name: session[name] for name in names},
        "output_modalities": session["output_modalities"],
        "audio": {
            "input": {name: heard[name] for name in ("turn_detection", "transcription")},
            "output": {"voice": said["voice"]},
        },
    }


LOCALAI = SessionForm(
    start={
        "type": "realtime",
        "object": "realtime.session",
        "instructions": "",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "output_modalities": ["audio"],
        "audio": {
            "input": {"turn_detection": {**SERVER_VAD, "idle_timeout_ms": None}, "transcription": None},
            "output": {"voice": "default"},
        },
    },
    spec={
        "type": _localai_type,
        "model": text(256),
        "instructions": _localai_instructions,
        "output_modalities": _MODALITIES,
        "max_output_tokens": _MOST,
        **_TOOLS,
        "audio": {
            "input": {
                "format": tagged("type", {"audio/pcm": pcm_of(*_RATES)}),
                "turn_detection": _DETECTION,
                "transcription": or_null(mapping),
            },
            "output": {"format": tagged("type", {"audio/pcm": pcm_of(*_RATES)}), "voice": text(128)},
        },
    },
    response={"instructions": _TEXT, "output_modalities": _MODALITIES, "tools": _TOOLS["tools"]},
    lenient=True,
    model="taken",
    report=_localai_report,
)

# -- speaches ----------------------------------------------------------------------------------------------

_SPEACHES_NEEDS = ("create_response", "prefix_padding_ms", "silence_duration_ms", "threshold")
_SPEACHES_VAD = record(
    {
        "type": text(),
        "create_response": flag,
        "silence_duration_ms": integer(0, 60_000),
        "threshold": number(0, 1),
    },
    lenient=True,
)


def _speaches_detection(value: Any, path: str) -> Any:
    """Null is refused. A detection without all four fields has no effect, and neither has any other type."""
    if value is None:
        raise BadClientEvent(
            None, f"1 validation error for Session\n{path}\n  Input should be a valid dictionary"
        )
    if not isinstance(value, dict) or value.get("type") != "server_vad":
        return KEEP
    if any(value.get(name) is None for name in _SPEACHES_NEEDS):
        return KEEP
    return {**_SPEACHES_VAD(value, path), "prefix_padding_ms": 0}


def _speaches_report(session: Json, fresh: bool) -> Json:  # noqa: ARG001, FBT001 always the same form
    return {name: value for name, value in session.items() if name != "expires_at"}


SPEACHES = SessionForm(
    start={
        "modalities": ["audio", "text"],
        "instructions": "You are a helpful assistant.",
        "voice": "af_heart",
        "speech_model": "speaches-ai/Kokoro-82M-v1.0-ONNX",
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_transcription": {"model": "Systran/faster-distil-whisper-small.en", "language": None},
        "turn_detection": {
            "type": "server_vad",
            "threshold": 0.9,
            "prefix_padding_ms": 0,
            "silence_duration_ms": 550,
            "create_response": True,
        },
        "tools": [],
        "tool_choice": "auto",
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
    },
    spec={
        "model": text(256),
        "modalities": _MODALITIES,
        "instructions": _TEXT,
        "voice": text(128),
        "speech_model": text(256),
        "turn_detection": with_null(_speaches_detection),
        "input_audio_transcription": record({"model": text(128), "language": text(32)}, required=("model",)),
        "tools": BETA_SESSION["tools"],
        "tool_choice": BETA_SESSION["tool_choice"],
        "temperature": number(0, 2),
        "max_response_output_tokens": BETA_SESSION["max_response_output_tokens"],
    },
    response={"instructions": _TEXT, "modalities": _MODALITIES},
    lenient=True,
    declines=("input_audio_format", "output_audio_format", "turn_detection.prefix_padding_ms"),
    declined="Specifying `{key}` is not supported. The server either does not support this field or it is not"
    " configurable.",
    model="taken",
    report=_speaches_report,
)

# -- speech-to-speech --------------------------------------------------------------------------------------

_LAW = record({"type": text()})
_S2S_FORMAT = or_null(
    tagged("type", {"audio/pcm": pcm_of(16_000, *_RATES), "audio/pcmu": _LAW, "audio/pcma": _LAW})
)
_S2S_UNSET = (
    "output_modalities",
    "instructions",
    "tools",
    "tool_choice",
    "max_output_tokens",
    "truncation",
    "tracing",
    "prompt",
    "include",
)
_S2S_INPUT: Spec = {
    **_GA_AUDIO["input"],
    "format": _S2S_FORMAT,
}


def _s2s_type(value: Any, path: str) -> Any:
    if value == "transcription":
        raise BadClientEvent("invalid_session_type", "Only realtime sessions are supported.", path)
    return one_of("realtime")(value, path)


def _s2s_report(session: Json, fresh: bool) -> Json:  # noqa: ARG001, FBT001 always the same form
    return {name: value for name, value in session.items() if name not in ("expires_at", "object")}


SPEECH_TO_SPEECH = SessionForm(
    start={
        "type": "realtime",
        **dict.fromkeys(_S2S_UNSET),
        "audio": {
            "input": dict.fromkeys(("format", "turn_detection", "transcription", "noise_reduction")),
            "output": dict.fromkeys(("format", "voice", "speed")),
        },
    },
    spec={
        **GA_SESSION,
        "type": _s2s_type,
        "audio": {
            "input": _S2S_INPUT,
            "output": {**_GA_AUDIO["output"], "format": _S2S_FORMAT, "voice": text(128)},
        },
    },
    response=GA_RESPONSE,
    needs=("type",),
    input_hz=16_000,
    output_hz=16_000,
    model="ignored",
    report=_s2s_report,
)
