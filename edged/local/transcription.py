"""Sessions that transcribe and answer nothing: their settings in each dialect, and what a transcript costs. Pure.

Such a session has the settings of the input only. It transcribes unless a client sets the transcription to null. With
the models in `LIVE`, which transcribe while somebody speaks, it detects no turns.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from edged.local import spec
from edged.local.item import CHARACTERS_A_TOKEN, HEARD_TOKENS_A_SECOND
from edged.local.schema import Json, Spec, one_of
from edged.wire import BadClientEvent, Dialect
from edged.wire.names import TRANSCRIPTION_SESSION

KIND = "transcription"
LIVE = ("gpt-realtime-whisper", "gpt-live-transcribe")
_KEYS = {
    Dialect.GA: ("transcription", "turn_detection"),
    Dialect.BETA: ("input_audio_transcription", "turn_detection"),
}
_MODEL = {"model": "gpt-4o-transcribe"}
_START: Mapping[Dialect, Json] = {
    Dialect.GA: {
        "type": KIND,
        "object": TRANSCRIPTION_SESSION,
        "include": None,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "turn_detection": spec.SILENT_SERVER_VAD,
                "transcription": _MODEL,
                "noise_reduction": None,
            }
        },
    },
    Dialect.BETA: {
        "object": TRANSCRIPTION_SESSION,
        "modalities": ["audio", "text"],
        "input_audio_format": "pcm16",
        "turn_detection": {**spec.SILENT_SERVER_VAD, "silence_duration_ms": 200},
        "input_audio_transcription": _MODEL,
        "input_audio_noise_reduction": None,
        "include": None,
    },
}
_BETA_INPUT = ("modalities", "input_audio_format", "input_audio_transcription", "input_audio_noise_reduction")
SPECS: Mapping[Dialect, Spec] = {
    Dialect.GA: {
        "type": one_of("realtime", KIND),
        "include": spec.GA_SESSION["include"],
        "audio": {"input": {**spec.GA_INPUT, "turn_detection": spec.vad(ga=True, answers=False)}},
    },
    Dialect.BETA: {
        **{name: spec.BETA_SESSION[name] for name in (*spec.OF_A_CALL, *_BETA_INPUT, "include")},
        "turn_detection": spec.vad(ga=False, answers=False),
    },
}


def started(dialect: Dialect, session_id: str, expires_at: int, model: str) -> Json:
    """The session before any update; `model` is the one that transcribes, empty for the usual one."""
    session = {**deepcopy(_START[dialect]), "id": session_id, "expires_at": expires_at}
    if model:
        _input(session)[_KEYS[dialect][0]] = {"model": model}
    return settled(session, {}, dialect)


def settled(session: Json, change: Json, dialect: Dialect) -> Json:
    """The session after the update `change`, without detection if its model detects no turns.

    Raises:
        BadClientEvent: the update asks for a detection, and the model has none.
    """
    transcription, detection = _KEYS[dialect]
    model = (_input(session).get(transcription) or {}).get("model", "")
    if not model.endswith(LIVE) or _input(session)[detection] is None:
        return session
    if _input(change).get(detection) is not None:
        where = f"session.{'audio.input.' if dialect is Dialect.GA else ''}{detection}"
        words = "Turn detection is not supported for this transcription model."
        raise BadClientEvent("invalid_value", words, where)
    if dialect is Dialect.BETA:
        return {**session, detection: None}
    return {**session, "audio": {"input": {**_input(session), detection: None}}}


def is_transcriber(model: str) -> bool:
    """Whether a model transcribes, and does not answer."""
    return "transcribe" in model or "whisper" in model


def _input(session: Json) -> Json:
    """The place of the settings of the input."""
    found: Json = (session.get("audio") or {}).get("input") or {} if "audio" in session else session
    return found


def deltas(words: str, model: str) -> list[str]:
    """The pieces of a transcript: one for whisper, which transcribes afterwards; one for each word for other models."""
    if _is_late(model):
        return [words]
    first, *others = words.split(" ")
    return [first, *(f" {word}" for word in others)]


def usage(words: str, model: str, ms: int, prompt: str = "") -> Json:
    """What a transcript costs: whisper counts seconds, other models count tokens."""
    if _is_late(model):
        return {"type": "duration", "seconds": ms / 1000}
    audio, text = -(-ms * HEARD_TOKENS_A_SECOND // 1000), -(-len(prompt) // CHARACTERS_A_TOKEN)
    output = -(-len(words) // CHARACTERS_A_TOKEN)
    return {
        "type": "tokens",
        "total_tokens": audio + text + output,
        "input_tokens": audio + text,
        "input_token_details": {"text_tokens": text, "audio_tokens": audio},
        "output_tokens": output,
    }


def _is_late(model: Any) -> bool:
    return "gpt-" not in str(model)
