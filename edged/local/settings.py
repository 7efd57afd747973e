"""The effective session of the embedded service: what a client may set in each dialect, and what it reads back. Pure.

There are two kinds of session: realtime sessions, and those that transcribe only (transcription.py).

Rules:
1. An update is accepted as a whole or refused as a whole. After one unknown key, the session keeps its old settings.
2. An update is partial: it leaves the settings that it does not name.
3. The model never changes. The voice does not change after the first sound.
"""

from copy import deepcopy
from typing import Any

from edged.local import spec, transcription
from edged.local.g711 import ALAW, ULAW
from edged.local.schema import merge, missing
from edged.local.tool_use import ToolUse, demanded
from edged.pcm import PCM16, Format
from edged.wire import BadClientEvent, Dialect
from edged.wire.settings import TABLE

Json = dict[str, Any]

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
            "turn_detection": {**spec.SERVER_VAD, "idle_timeout_ms": None},
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
    "turn_detection": {**spec.SERVER_VAD, "silence_duration_ms": 200},
    "input_audio_transcription": None,
    "input_audio_noise_reduction": None,
    "tools": [],
    "tool_choice": "auto",
    "max_response_output_tokens": "inf",
    "temperature": 0.8,
    "tracing": None,
}
_ROWS = {row.setting: row for row in TABLE}
_FORMATS = {
    "pcm16": PCM16,
    "audio/pcm": PCM16,
    "g711_ulaw": ULAW,
    "audio/pcmu": ULAW,
    "g711_alaw": ALAW,
    "audio/pcma": ALAW,
}
# The changes that somebody else may make to a session: the setting, its value in GA and its value in beta.
STRANGERS: dict[str, tuple[str, Any, Any]] = {
    "voice": ("voice", "verse", "verse"),
    "detection": ("turn_detection", {"type": "server_vad"}, {"type": "server_vad"}),
    "no_detection": ("turn_detection", None, None),
    "format": ("input_format", {"type": "audio/pcmu"}, "g711_ulaw"),
    "text": ("audio_output", ["text"], ["text"]),
    "instructions": ("instructions", "You are somebody else.", "You are somebody else."),
}


def strange(what: str, dialect: Dialect) -> Json:
    """The session update that makes the change `what` of STRANGERS."""
    setting, ga, beta = STRANGERS[what]
    *groups, last = (_ROWS[setting].key(dialect) or "").split(".")
    change: Json = {last: ga if dialect is Dialect.GA else beta}
    for group in reversed(groups):
        change = {group: change}
    return {"type": "realtime", **change} if dialect is Dialect.GA else change


class Effective:
    """The settings in force."""

    def __init__(
        self, dialect: Dialect, session_id: str, model: str, expires_at: int, *, transcribes: bool = False
    ) -> None:
        """`model` of a session that `transcribes` is the one that does it; empty for the usual one."""
        self._dialect, self.transcribes = dialect, transcribes
        self.session: Json
        if transcribes:
            self.session = transcription.started(dialect, session_id, expires_at, model)
            self._spec = transcription.SPECS[dialect]
            return
        start = deepcopy(_GA if dialect is Dialect.GA else _BETA)
        self.session = {**start, "id": session_id, "model": model, "expires_at": expires_at}
        self._spec = spec.GA_SESSION if dialect is Dialect.GA else spec.BETA_SESSION

    def transcribing(self) -> "Effective":
        """The same session as one that only transcribes, before any update."""
        return Effective(self._dialect, self.session["id"], "", self.session["expires_at"], transcribes=True)

    def update(self, change: Json, *, sounded: bool, path: str = "session") -> None:
        """Apply an update. `sounded`: the session has produced audio, which fixes its voice.

        Raises:
            BadClientEvent: Something in it is wrong; the settings are unchanged.
        """
        ga = self._dialect is Dialect.GA
        if ga and change.get("type") is None:
            raise missing(f"{path}.type" if path else "type")
        new = dict(self.session)  # a shallow copy is enough: merging replaces values and changes none
        merge(new, change, self._spec, path)
        if self.transcribes:
            new = transcription.settled(new, change, self._dialect)
        if new.get("model") != self.session.get("model"):
            raise BadClientEvent("invalid_value", "The model of a session is fixed.", f"{path}.model")
        if sounded and self._find(new, "voice") != self.find("voice"):
            raise voice_is_fixed()
        self.session = new

    def answering(self, asked: Json, *, sounded: bool) -> "Answering":
        """The settings of one response: those of the session, overridden by `asked`.

        Raises:
            BadClientEvent: Something in `asked` is wrong.
        """
        ga = self._dialect is Dialect.GA
        response: Json = {}
        merge(response, asked, spec.GA_RESPONSE if ga else spec.BETA_RESPONSE, "response")
        if not ga and "max_output_tokens" in response:
            response["max_response_output_tokens"] = response.pop("max_output_tokens")
        answering = Answering(self._dialect, self.session, response)
        if sounded and answering.find("voice") != self.find("voice"):
            raise voice_is_fixed()
        return answering

    def find(self, what: str) -> Any:
        """The value of a setting, by its name in `wire.settings.TABLE`."""
        return self._find(self.session, what)

    @property
    def turn_detection(self) -> Json | None:
        """The settings of turn detection; None if the client decides about turns."""
        detection: Json | None = self.find("turn_detection")
        return detection

    @property
    def input_format(self) -> Format:
        return _format(self.find("input_format"))

    def _find(self, session: Json, what: str) -> Any:
        return _at(session, _ROWS[what].key(self._dialect))


class Answering:
    """The settings of one response."""

    def __init__(self, dialect: Dialect, session: Json, response: Json) -> None:
        self._dialect, self._session, self._response = dialect, session, response

    def find(self, what: str) -> Any:
        place = _ROWS[what].key(self._dialect)
        own = _at(self._response, place)
        return _at(self._session, place) if own is None else own

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    @property
    def audio(self) -> bool:
        return "audio" in self.find("audio_output")

    @property
    def output_format(self) -> Format:
        return _format(self.find("output_format"))

    @property
    def most_tokens(self) -> int | None:
        """None means no limit."""
        most = self.find("max_output_tokens")
        return None if most == "inf" else int(most)

    @property
    def out_of_band(self) -> bool:
        return self._response.get("conversation") == "none"

    @property
    def metadata(self) -> Json | None:
        found: Json | None = self._response.get("metadata")
        return found

    @property
    def input(self) -> list[Json] | None:
        """The items to answer instead of the conversation; None for the conversation."""
        found: list[Json] | None = self._response.get("input")
        return found

    @property
    def tool_use(self) -> ToolUse:
        """What the response may and must call.

        Raises:
            BadClientEvent: The chosen tool is not among the tools.
        """
        place = "session" if self._response.get("tool_choice") is None else "response"
        return demanded(self.find("tool_choice"), self.find("tools"), f"{place}.tool_choice")

    @property
    def instructions(self) -> str:
        return str(self._response.get("instructions") or self._session["instructions"])

    def response_object(self) -> Json:
        """The settings that the response object repeats, in the client's dialect."""
        if self._dialect is Dialect.GA:
            output = {"format": self.find("output_format"), "voice": self.find("voice")}
            return {
                "output_modalities": self.find("audio_output"),
                "max_output_tokens": self.find("max_output_tokens"),
                "audio": {"output": output},
            }
        return {
            "modalities": self.find("audio_output"),
            "voice": self.find("voice"),
            "output_audio_format": self.find("output_format"),
            "temperature": self._response.get("temperature", self._session["temperature"]),
            "max_output_tokens": self.find("max_output_tokens"),
        }


def voice_is_fixed() -> BadClientEvent:
    return BadClientEvent(
        "cannot_update_voice", "Cannot update a conversation's voice if assistant audio is present."
    )


def _format(name: Any) -> Format:
    return _FORMATS[name["type"] if isinstance(name, dict) else name]


def _at(tree: Json, place: str | None) -> Any:
    value: Any = tree
    for name in (place or "").split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
