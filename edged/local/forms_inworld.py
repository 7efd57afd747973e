"""The session object of Inworld: OpenAI's, with the documented differences. No complete one is published. Pure."""

from typing import Any

from edged.local.form import SessionForm
from edged.local.schema import (
    KEEP,
    Check,
    Spec,
    each,
    flag,
    mapping,
    number,
    one_of,
    or_null,
    record,
    text,
)
from edged.local.settings import FORMS
from edged.local.spec import GA_RESPONSE, GA_SESSION, formats_of
from edged.pcm import PCM16
from edged.wire import Dialect

_FLAGS: Spec = {"create_response": flag, "interrupt_response": flag}

_INWORLD_RATES = (24_000, 8000, 16_000, 32_000, 48_000)
_INWORLD_TRANSCRIBERS = ("inworld/inworld-stt-1", "assemblyai/u3-rt-pro", "soniox/stt-rt-v4")
_INWORLD_MODALITIES = each(one_of("audio", "text"), 2)
_GA_INPUT: Any = GA_SESSION["audio"]


def _without_effect(inner: Check) -> Check:
    def check(value: Any, path: str) -> Any:
        inner(value, path)
        return KEEP

    return check


INWORLD = SessionForm(
    start={
        **FORMS[Dialect.GA].start,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24_000},
                "turn_detection": {
                    "type": "semantic_vad",
                    "eagerness": "auto",
                    **dict.fromkeys(_FLAGS, True),
                },
                "transcription": None,
            },
            "output": {
                "format": {"type": "audio/pcm", "rate": 24_000},
                "model": "inworld-tts-2",
                "voice": "Dennis",
                "speed": 1.0,
            },
        },
        "providerData": {},
    },
    spec={
        "type": one_of("realtime"),
        **{name: GA_SESSION[name] for name in ("model", "instructions", "tools", "tool_choice")},
        "output_modalities": _INWORLD_MODALITIES,
        "max_output_tokens": GA_SESSION["max_output_tokens"],
        "temperature": number(0, 2),
        "audio": {
            "input": {
                "format": formats_of(*_INWORLD_RATES),
                "turn_detection": _GA_INPUT["input"]["turn_detection"],
                "transcription": or_null(
                    record({"model": one_of(*_INWORLD_TRANSCRIBERS), "language": text(32)})
                ),
            },
            "output": {
                "format": formats_of(*_INWORLD_RATES),
                "model": one_of("inworld-tts-2", "inworld-tts-1.5-mini", "inworld-tts-1.5-max"),
                "voice": text(128),
                "speed": number(0.25, 4),
            },
        },
        "providerData": mapping,
    },
    response={
        **GA_RESPONSE,
        "output_modalities": _INWORLD_MODALITIES,
        "modalities": _without_effect(_INWORLD_MODALITIES),  # its clients send beta's name
    },
    formats={"audio/pcmu": PCM16, "audio/pcma": PCM16},  # accepted, and the sound is taken as 16-bit samples
    model="taken",
)
