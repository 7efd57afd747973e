"""The effective session of the embedded service: what a client may set in each dialect, and what it reads back. Pure.

There are two kinds of session: realtime sessions, and those that transcribe only (transcription.py).

Rules:
1. An update is accepted as a whole or refused as a whole. After one unknown key, the session keeps its old settings.
2. An update is partial: it leaves the settings that it does not name.
3. The model never changes. The voice does not change after the first sound.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from edged.local import spec, transcription
from edged.local.form import SessionForm, place
from edged.local.schema import merge, missing
from edged.local.tool_use import ToolUse, demanded
from edged.pcm import Format
from edged.wire import BadClientEvent, Dialect

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
FORMS: Mapping[Dialect, SessionForm] = {
    Dialect.GA: SessionForm(_GA, spec.GA_SESSION, spec.GA_RESPONSE, needs=("type",), transcribes=True),
    Dialect.BETA: SessionForm(_BETA, spec.BETA_SESSION, spec.BETA_RESPONSE, transcribes=True),
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


def strange(what: str, dialect: Dialect, form: SessionForm | None = None) -> Json:
    """The session update that makes the change `what` of STRANGERS."""
    setting, ga, beta = STRANGERS[what]
    *groups, last = ((form or FORMS[dialect]).key(setting, dialect) or "").split(".")
    change: Json = {last: ga if dialect is Dialect.GA else beta}
    for group in reversed(groups):
        change = {group: change}
    return {"type": "realtime", **change} if dialect is Dialect.GA else change


class Effective:
    """The settings in force."""

    def __init__(
        self,
        dialect: Dialect,
        session_id: str,
        model: str,
        expires_at: int,
        form: SessionForm | None = None,
        *,
        transcribes: bool = False,
    ) -> None:
        """`model` of a session that `transcribes` is the one that does it; empty for the usual one."""
        self._dialect, self.transcribes = dialect, transcribes
        self._form = form or FORMS[dialect]
        self.session: Json
        if transcribes:
            self._form = replace(self._form, spec=transcription.SPECS[dialect])
            self.session = transcription.started(dialect, session_id, expires_at, model)
            return
        start = deepcopy(self._form.start)
        self.session = {**start, "id": session_id, "model": model, "expires_at": expires_at}

    def transcribing(self) -> "Effective":
        """The same session as one that only transcribes, before any update."""
        session = self.session
        return Effective(
            self._dialect, session["id"], "", session["expires_at"], self._form, transcribes=True
        )

    def reported(self, *, fresh: bool = False) -> Json:
        """The session object as clients see it; `fresh`: as it was created."""
        return self._form.report(self.session, fresh)

    def update(self, change: Json, *, sounded: bool, path: str = "session") -> list[BadClientEvent]:
        """Apply an update. `sounded`: the session has produced audio, which fixes its voice.

        Returns the refusals of settings that are refused on their own.

        Raises:
            BadClientEvent: Something in it is wrong; the settings are unchanged.
        """
        form = self._form
        for name in form.needs:
            if change.get(name) is None:
                raise missing(f"{path}.{name}" if path else name)
        new = dict(self.session)  # a shallow copy is enough: merging replaces values and changes none
        merge(new, change, form.spec, path, lenient=form.lenient)
        if self.transcribes:
            new = transcription.settled(new, change, self._dialect)
        if form.model == "ignored":
            new["model"] = self.session["model"]
        if form.model == "fixed" and new.get("model") != self.session.get("model"):
            raise BadClientEvent("invalid_value", "The model of a session is fixed.", f"{path}.model")
        if sounded and self._find(new, "voice") != self.find("voice"):
            raise voice_is_fixed()
        self.session = new
        return form.refusals(change, path)

    def answering(self, asked: Json, *, sounded: bool) -> "Answering":
        """The settings of one response: those of the session, overridden by `asked`.

        Raises:
            BadClientEvent: Something in `asked` is wrong.
        """
        form, response = self._form, dict[str, Any]()
        merge(response, asked, form.response, "response", lenient=form.lenient)
        most = form.key("max_output_tokens", self._dialect)
        if self._dialect is Dialect.BETA and most is not None and "max_output_tokens" in response:
            response[most] = response.pop("max_output_tokens")
        answering = Answering(self._dialect, form, self.session, response)
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
        rate_hz = self.session.get(self._form.rate_key) or self._form.input_hz
        return self._form.format(self.find("input_format"), rate_hz)

    def _find(self, session: Json, what: str) -> Any:
        return place(session, self._form.key(what, self._dialect))


class Answering:
    """The settings of one response."""

    def __init__(self, dialect: Dialect, form: SessionForm, session: Json, response: Json) -> None:
        self._dialect, self._form, self._session, self._response = dialect, form, session, response

    def find(self, what: str) -> Any:
        key = self._form.key(what, self._dialect)
        own = place(self._response, key)
        return place(self._session, key) if own is None else own

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    @property
    def audio(self) -> bool:
        return "audio" in (self.find("audio_output") or ("audio",))

    @property
    def output_format(self) -> Format:
        return self._form.format(self.find("output_format"), self._form.output_hz)

    @property
    def most_tokens(self) -> int | None:
        """None means no limit."""
        most = self.find("max_output_tokens")
        return None if most in (None, "inf") else int(most)

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
        where = "session" if self._response.get("tool_choice") is None else "response"
        choice, tools = self.find("tool_choice") or "auto", self.find("tools") or []
        return demanded(choice, tools, f"{where}.tool_choice")

    @property
    def instructions(self) -> str:
        return str(self._response.get("instructions") or self._session["instructions"] or "")

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
            "temperature": self._response.get("temperature", self._session.get("temperature")),
            "max_output_tokens": self.find("max_output_tokens"),
        }


def voice_is_fixed() -> BadClientEvent:
    return BadClientEvent(
        "cannot_update_voice", "Cannot update a conversation's voice if assistant audio is present."
    )
