"""The settings that edged asks for in a session, independent of the dialect, and their shape in each dialect.

Rules:
1. One table names each setting in both dialects. A setting that a dialect lacks is not sent in that dialect: because of
   one unknown key the service refuses the whole update, and the session continues with its old settings.
2. `turn_detection: null` is sent, unless the configuration leaves the detection to the server. Without the null, the
   server detects.
3. A field inside a setting is left out, never sent as null: the service answers null with `invalid_type`.

Not here: what the server set up (granted.py), the limits of values (config), the defaults of a server (local).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from edged.pcm import PCM16, Format
from edged.wire.names import Dialect
from edged.wire.shape import PLAIN, Shape

Json = dict[str, Any]


class _Unset:
    """A setting that is not sent."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


@dataclass(frozen=True, slots=True)
class TurnDetection:
    """How the service detects the end of a turn.

    None in a field leaves that field to the server. Fields that the `type` does not have are not sent.
    """

    type: Literal["server_vad", "semantic_vad"] = "server_vad"
    threshold: float | None = None
    prefix_padding_ms: int | None = None
    silence_duration_ms: int | None = None
    create_response: bool | None = None
    interrupt_response: bool | None = None
    eagerness: Literal["low", "medium", "high", "auto"] | None = None
    idle_timeout_ms: int | None = None  # GA only


@dataclass(frozen=True, slots=True)
class Settings:
    """Empty text and `UNSET` are not sent, so the server decides. None is sent as null.

    `transcription`, `noise_reduction`, `tools` and the fields of type Any have GA's shape. `tool_choice` is
    `auto`, `none`, `required`, a function's name, or GA's object.
    """

    model: str = ""
    instructions: str = ""
    voice: str = ""
    speed: float | _Unset = UNSET
    input_format: Format = PCM16
    output_format: Format = PCM16
    audio_output: bool = True
    turn_detection: TurnDetection | _Unset | None = None
    transcription: Mapping[str, Any] | _Unset | None = UNSET
    noise_reduction: Mapping[str, Any] | _Unset | None = UNSET
    tools: tuple[Mapping[str, Any], ...] | _Unset = UNSET
    tool_choice: Any = UNSET
    max_output_tokens: int | Literal["inf"] | _Unset = UNSET
    temperature: float | _Unset = UNSET  # beta only
    truncation: Any = UNSET  # GA only, as are the next two
    reasoning: Any = UNSET
    parallel_tool_calls: bool | _Unset = UNSET
    prompt: Any = UNSET
    tracing: Any = UNSET
    include: tuple[str, ...] | _Unset = UNSET
    shape: Shape = PLAIN  # how the service differs from its dialect

    @property
    def detection(self) -> TurnDetection | None:
        """The detection to ask for; None for no detection, and where it is left to the server."""
        return self.turn_detection if isinstance(self.turn_detection, TurnDetection) else None


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting's key in each dialect, None where the dialect lacks it. `holds`: the server has to confirm it."""

    setting: str
    ga: str | None
    beta: str | None
    holds: bool = False

    def key(self, dialect: Dialect, shape: Shape = PLAIN) -> str | None:
        usual = self.ga if dialect is Dialect.GA else self.beta
        return shape.keys.get(self.setting, usual)


TABLE = (
    SettingRow("model", "model", "model"),
    SettingRow("audio_output", "output_modalities", "modalities"),
    SettingRow("instructions", "instructions", "instructions", holds=True),
    SettingRow("voice", "audio.output.voice", "voice", holds=True),
    SettingRow("speed", "audio.output.speed", "speed"),
    SettingRow("input_format", "audio.input.format", "input_audio_format", holds=True),
    SettingRow("output_format", "audio.output.format", "output_audio_format", holds=True),
    SettingRow("turn_detection", "audio.input.turn_detection", "turn_detection", holds=True),
    SettingRow("transcription", "audio.input.transcription", "input_audio_transcription"),
    SettingRow("noise_reduction", "audio.input.noise_reduction", "input_audio_noise_reduction"),
    SettingRow("tools", "tools", "tools", holds=True),
    SettingRow("tool_choice", "tool_choice", "tool_choice"),
    SettingRow("max_output_tokens", "max_output_tokens", "max_response_output_tokens"),
    SettingRow("temperature", None, "temperature"),
    SettingRow("truncation", "truncation", None),
    SettingRow("reasoning", "reasoning", None),
    SettingRow("parallel_tool_calls", "parallel_tool_calls", None),
    SettingRow("prompt", "prompt", "prompt"),
    SettingRow("tracing", "tracing", "tracing"),
    SettingRow("include", "include", "include"),
)
ROWS = {row.setting: row for row in TABLE}
GA_FORMATS = {"g711_ulaw": "audio/pcmu", "g711_alaw": "audio/pcma"}
_DETECTION = {
    "server_vad": ("threshold", "prefix_padding_ms", "silence_duration_ms", "idle_timeout_ms"),
    "semantic_vad": ("eagerness",),
}
_EITHER_DETECTION = ("create_response", "interrupt_response")


def to_wire(settings: Settings, dialect: Dialect) -> Json:
    """The session object that asks for `settings`, the model included, as in the body of a request for a secret.

    `client.session_update` removes the model.
    """
    session: Json = {"type": "realtime"} if dialect is Dialect.GA else {}
    for row in TABLE:
        key, value = row.key(dialect, settings.shape), value_of(row.setting, settings, dialect)
        if key is not None and value is not UNSET:
            _put(session, key, value)
    return session


def detection_to_wire(detection: TurnDetection | None, dialect: Dialect, shape: Shape = PLAIN) -> Json:
    """The session object that asks for this detection only."""
    session: Json = {"type": "realtime"} if dialect is Dialect.GA else {}
    key = ROWS["turn_detection"].key(dialect, shape)
    if key is not None:
        asked = Settings(turn_detection=detection, shape=shape)
        _put(session, key, value_of("turn_detection", asked, dialect))
    return session


def dialect_of(session: Mapping[str, Any], shape: Shape = PLAIN) -> Dialect | None:
    """The dialect of a session object; None where it cannot be recognised."""
    if shape.dialect is not None:
        return shape.dialect
    if session.get("type") in ("realtime", "transcription") or session.get("audio") is not None:
        return Dialect.GA
    if session.get("modalities") is not None or session.get("input_audio_format") is not None:
        return Dialect.BETA
    return None


def value_of(setting: str, settings: Settings, dialect: Dialect) -> Any:
    """The value of a setting as the dialect writes it; UNSET for a setting that is not sent."""
    value = getattr(settings, setting)
    if value is UNSET or value == "":
        return UNSET
    if value is None:
        return None
    translate = _TRANSLATED.get(setting)
    value = value if translate is None else translate(value, dialect)
    return value if value is UNSET else settings.shape.value(setting, value)


def _put(session: Json, key: str, value: Any) -> None:
    *groups, last = key.split(".")
    for group in groups:
        session = session.setdefault(group, {})
    session[last] = value


def modalities(audio: bool, dialect: Dialect) -> list[str]:  # noqa: FBT001 the value of a setting, not an option
    if not audio:
        return ["text"]
    return ["audio"] if dialect is Dialect.GA else ["text", "audio"]


def _format(fmt: Format, dialect: Dialect) -> Any:
    if dialect is Dialect.BETA:
        return fmt.encoding
    if fmt.encoding == "pcm16":
        return {"type": "audio/pcm", "rate": fmt.rate_hz}
    return {"type": GA_FORMATS[fmt.encoding]}


def _detection(asked: TurnDetection, dialect: Dialect) -> Json:
    wire: Json = {"type": asked.type}
    for name in (*_DETECTION[asked.type], *_EITHER_DETECTION):
        value = getattr(asked, name)
        if value is not None and (name != "idle_timeout_ms" or dialect is Dialect.GA):
            wire[name] = value
    return wire


def _transcription(value: Mapping[str, Any], dialect: Dialect) -> Json:
    return _only(value, ("model", "language", "prompt") if dialect is Dialect.BETA else tuple(value))


def _noise_reduction(value: Mapping[str, Any], dialect: Dialect) -> Json:
    return _only(value, ("type",) if dialect is Dialect.BETA else tuple(value))


def _only(value: Mapping[str, Any], names: tuple[str, ...]) -> Json:
    return {name: value[name] for name in names if value.get(name) is not None}


def _tools(tools: tuple[Mapping[str, Any], ...], dialect: Dialect) -> list[Json]:
    return [dict(tool) for tool in tools if dialect is Dialect.GA or tool.get("type") == "function"]


def tool_choice(choice: Any, dialect: Dialect) -> Any:
    """The choice of a tool. Beta has the bare name of a function, and no other kind of tool."""
    if dialect is Dialect.BETA and isinstance(choice, Mapping):
        return choice.get("name", UNSET) if choice.get("type") == "function" else UNSET
    if dialect is Dialect.GA and isinstance(choice, str) and choice not in ("auto", "none", "required"):
        return {"type": "function", "name": choice}
    return choice


_TRANSLATED: dict[str, Callable[[Any, Dialect], Any]] = {
    "audio_output": modalities,
    "input_format": _format,
    "output_format": _format,
    "turn_detection": _detection,
    "transcription": _transcription,
    "noise_reduction": _noise_reduction,
    "tools": _tools,
    "tool_choice": tool_choice,
    "include": lambda value, _: list(value),
}
