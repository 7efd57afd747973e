"""The effective session of the embedded service: what a client may set, in each dialect, and what it is told. Pure.

An update is taken whole or refused whole: one unknown key, and the session goes on with the old settings.
"""

from copy import deepcopy
from typing import Any

from edged.wire import BadClientEvent, Dialect

Json = dict[str, Any]

_VAD: Json = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "create_response": True,
    "interrupt_response": True,
}
_GA: Json = {
    "type": "realtime",
    "object": "realtime.session",
    "output_modalities": ["audio"],
    "instructions": "",
    "tools": [],
    "tool_choice": "auto",
    "max_output_tokens": "inf",
    "truncation": "auto",
    "parallel_tool_calls": True,
    "reasoning": None,
    "prompt": None,
    "tracing": None,
    "include": None,
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "turn_detection": _VAD,
            "transcription": None,
            "noise_reduction": None,
        },
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin", "speed": 1.0},
    },
}
_BETA: Json = {
    "object": "realtime.session",
    "modalities": ["text", "audio"],
    "instructions": "",
    "voice": "alloy",
    "speed": 1.0,
    "input_audio_format": "pcm16",
    "output_audio_format": "pcm16",
    "turn_detection": _VAD,
    "input_audio_transcription": None,
    "input_audio_noise_reduction": None,
    "tools": [],
    "tool_choice": "auto",
    "max_response_output_tokens": "inf",
    "temperature": 0.8,
    "prompt": None,
    "tracing": None,
    "include": None,
}
_GROUPS = {"session.audio", "session.audio.input", "session.audio.output"}
_FIXED = {"session.object", "session.id", "session.expires_at", "session.client_secret"}


class Effective:
    """The settings in force."""

    def __init__(self, dialect: Dialect, session_id: str, model: str, expires_at: int) -> None:
        self._dialect = dialect
        start = deepcopy(_GA if dialect is Dialect.GA else _BETA)
        self.session: Json = {**start, "id": session_id, "model": model, "expires_at": expires_at}

    def update(self, change: Json, event_id: str | None, *, sounded: bool) -> None:
        """Take an update; `sounded`: the session has produced audio, which fixes its voice.

        Raises:
            BadClientEvent: something in it is wrong; nothing of it was taken.
        """
        beta = self._dialect is Dialect.BETA
        if not beta and change.get("type") is None:
            raise BadClientEvent(
                "missing_required_parameter",
                "Missing required parameter: 'session.type'.",
                "session.type",
                event_id,
            )
        model = change.get("model", self.session["model"])
        if model != self.session["model"]:
            raise BadClientEvent(
                "invalid_value", "The model of a session is fixed.", "session.model", event_id
            )
        new = deepcopy(self.session)
        self._merge(new, change, "session", event_id)
        if sounded and self._voice(new) != self._voice(self.session):
            raise BadClientEvent(
                "cannot_update_voice",
                "Cannot update a conversation's voice if assistant audio is present.",
                None,
                event_id,
            )
        self.session = new

    @property
    def turn_detection(self) -> Json | None:
        """What detects turns; None: the client."""
        where = self.session if self._dialect is Dialect.BETA else self.session["audio"]["input"]
        detection: Json | None = where["turn_detection"]
        return detection

    def _voice(self, session: Json) -> Any:
        return session["voice"] if self._dialect is Dialect.BETA else session["audio"]["output"]["voice"]

    def _merge(self, into: Json, change: Json, path: str, event_id: str | None) -> None:
        for key, value in change.items():
            here = f"{path}.{key}"
            if key not in into or here in _FIXED:
                raise BadClientEvent("unknown_parameter", f"Unknown parameter: '{here}'.", here, event_id)
            if here in _GROUPS:
                if not isinstance(value, dict):
                    raise BadClientEvent("invalid_type", f"'{here}' is to be an object.", here, event_id)
                self._merge(into[key], value, here, event_id)
            elif key == "turn_detection" and value is not None:
                into[key] = self._detection(value, here, event_id)
            else:
                into[key] = value

    def _detection(self, value: Any, here: str, event_id: str | None) -> Json:
        if not isinstance(value, dict) or value.get("type") is None:
            raise BadClientEvent(
                "missing_required_parameter",
                f"Missing required parameter: '{here}.type'.",
                f"{here}.type",
                event_id,
            )
        known = {*_VAD, "eagerness", "idle_timeout_ms"}
        for key in value:
            if key not in known:
                raise BadClientEvent(
                    "unknown_parameter", f"Unknown parameter: '{here}.{key}'.", f"{here}.{key}", event_id
                )
        base = (
            _VAD if value["type"] == "server_vad" else {"create_response": True, "interrupt_response": True}
        )
        return {**base, **value}
