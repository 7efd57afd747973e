"""The session object of Azure Voice Live, as it was recorded, with the settings of Microsoft's own client. Pure."""

from typing import Any

from edged.local.form import SessionForm
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
)
from edged.local.settings import FORMS
from edged.local.spec import BETA_SESSION, SERVER_VAD, rate_of
from edged.pcm import Format
from edged.wire import Dialect

_TEXT = text(2**16)
_LIST = each(text(64))
_FLAGS: Spec = {"create_response": flag, "interrupt_response": flag}

_LIVE_VADS = (
    "server_vad",
    "semantic_vad",
    "azure_semantic_vad",
    "azure_semantic_vad_en",
    "azure_semantic_vad_multilingual",
)
_LIVE_START: Json = {
    **SERVER_VAD,
    "silence_duration_ms": 200,
    "idle_timeout_ms": None,
    "speech_duration_ms": None,
    "end_of_utterance_detection": None,
    "auto_truncate": False,
    "appended_text_after_truncation": None,
}
_LIVE_VAD: Spec = {
    "type": text(),
    "threshold": number(0, 1),
    "prefix_padding_ms": integer(0, 60_000),
    "silence_duration_ms": integer(0, 60_000),
    "speech_duration_ms": integer(0, 60_000),
    "idle_timeout_ms": or_null(integer(0, 2**31)),
    "remove_filler_words": flag,
    "languages": each(text(32)),
    "eagerness": one_of("low", "medium", "high", "auto"),
    "auto_truncate": flag,
    "end_of_utterance_detection": or_null(mapping),
    **_FLAGS,
}


def _live_voice(value: Any, path: str) -> Any:
    """A name, or an object that says whose voice it is. The session shows the object."""
    if isinstance(value, dict):
        kinds = ("openai", "azure-standard", "azure-custom", "azure-personal", "azure-realtime-native")
        one_of(*kinds)(value.get("type"), f"{path}.type")
        return mapping(value, path)
    return {"name": text(128)(value, path), "type": "azure-standard" if "-" in value else "openai"}


VOICE_LIVE = SessionForm(
    start={
        "modalities": ["audio"],
        "instructions": "",
        "voice": {"name": "alloy", "type": "openai"},
        "input_audio_format": "pcm16",
        "output_audio_format": None,
        "input_audio_transcription": None,
        "input_audio_noise_reduction": None,
        "turn_detection": _LIVE_START,
        "tools": [],
        "tool_choice": "auto",
        "max_response_output_tokens": "inf",
        "object": "realtime.session",
        "input_audio_sampling_rate": 24_000,
        "animation": None,
        "input_audio_echo_cancellation": None,
        "avatar": None,
        "output_audio_timestamp_types": None,
        "truncation_strategy": None,
        "include": None,
    },
    spec={
        "model": text(256),
        "modalities": each(one_of("text", "audio", "avatar", "animation")),
        "instructions": _TEXT,
        "voice": _live_voice,
        "input_audio_sampling_rate": rate_of(8000, 16_000, 24_000),
        "input_audio_format": one_of("pcm16", "g711_ulaw", "g711_alaw"),
        "output_audio_format": one_of("pcm16", "pcm16_8000hz", "pcm16_16000hz", "g711_ulaw", "g711_alaw"),
        "turn_detection": or_null(
            tagged(
                "type", {kind: record(_LIVE_VAD, start={**_LIVE_START, "type": kind}) for kind in _LIVE_VADS}
            )
        ),
        "input_audio_noise_reduction": or_null(
            record({"type": one_of("azure_deep_noise_suppression", "near_field", "far_field")})
        ),
        "input_audio_echo_cancellation": or_null(mapping),
        "input_audio_transcription": or_null(mapping),
        "tools": BETA_SESSION["tools"],
        "tool_choice": BETA_SESSION["tool_choice"],
        "parallel_tool_calls": flag,
        "temperature": number(0, 1),
        "max_response_output_tokens": BETA_SESSION["max_response_output_tokens"],
        "reasoning_effort": one_of("none", "minimal", "low", "medium", "high", "xhigh"),
        "interim_response": or_null(mapping),
        "include": or_null(_LIST),
        "metadata": or_null(metadata),
        "animation": or_null(mapping),
        "avatar": or_null(mapping),
        "output_audio_timestamp_types": or_null(_LIST),
    },
    response={
        **FORMS[Dialect.BETA].response,
        "modalities": each(one_of("text", "audio", "avatar", "animation")),
        "voice": _live_voice,
    },
    formats={"pcm16_8000hz": Format(8000), "pcm16_16000hz": Format(16_000)},
    rate_key="input_audio_sampling_rate",
    model="ignored",
)
