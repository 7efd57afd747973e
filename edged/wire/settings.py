"""What is asked of a session, free of dialect, and its shape in each.

Sent are the keys that are set; `turn_detection: null` is always sent, because a server left to itself detects
turns. A key one dialect does not have is not sent in it: an unknown key would refuse the whole update.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from edged.pcm import PCM16, Format
from edged.wire.names import Dialect


class _Unset:
    """A setting that is not sent."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()

_BETA_FORMATS = {"pcm16": "pcm16", "g711_ulaw": "g711_ulaw", "g711_alaw": "g711_alaw"}
_GA_FORMATS = {"g711_ulaw": "audio/pcmu", "g711_alaw": "audio/pcma"}


@dataclass(frozen=True, slots=True)
class TurnDetection:
    """Who says that a turn is over; None in a field leaves it to the server."""

    type: Literal["server_vad", "semantic_vad"] = "server_vad"
    threshold: float | None = None
    prefix_padding_ms: int | None = None
    silence_duration_ms: int | None = None
    create_response: bool | None = None
    interrupt_response: bool | None = None
    eagerness: Literal["low", "medium", "high", "auto"] | None = None
    idle_timeout_ms: int | None = None

    def to_wire(self) -> dict[str, Any]:
        names = self.__slots__
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


@dataclass(frozen=True, slots=True)
class Settings:
    """Empty text means the server's own; `UNSET` is not sent; None is sent as null."""

    model: str = ""
    instructions: str = ""
    voice: str = ""
    speed: float | _Unset = UNSET
    input_format: Format = PCM16
    output_format: Format = PCM16
    audio_output: bool = True
    turn_detection: TurnDetection | None = None
    transcription: Mapping[str, Any] | None | _Unset = UNSET
    noise_reduction: Mapping[str, Any] | None | _Unset = UNSET
    tools: tuple[Mapping[str, Any], ...] | _Unset = UNSET
    tool_choice: Any = UNSET
    max_output_tokens: int | Literal["inf"] | _Unset = UNSET
    temperature: float | _Unset = UNSET  # beta only
    truncation: Any = UNSET  # GA only, as are the three that follow
    reasoning: Any = UNSET
    parallel_tool_calls: bool | _Unset = UNSET
    prompt: Any = UNSET
    tracing: Any = UNSET
    include: tuple[str, ...] | _Unset = UNSET


def to_wire(settings: Settings, dialect: Dialect) -> dict[str, Any]:
    """The `session` of a `session.update`."""
    return _to_ga(settings) if dialect is Dialect.GA else _to_beta(settings)


def mismatches(asked: Settings, effective: Mapping[str, Any], dialect: Dialect) -> list[str]:
    """What the server set up otherwise than asked, in words; empty when all that counts holds.

    A key the server does not repeat says nothing either way; one it repeats as something else does.
    """
    seen = dialect_of(effective) or dialect
    wanted = _flat(to_wire(asked, seen))
    given = _flat(effective)
    wrong = []
    for key, value in wanted.items():
        if key in ("type", "model", "tracing", "include") or key not in given:
            continue
        if not _agrees(value, given[key], key):
            wrong.append(f"{key} is {_short(given[key])}, not {_short(value)}")
    return wrong


def dialect_of(session: Mapping[str, Any]) -> Dialect | None:
    """Which dialect a session object is written in; None where it does not show."""
    if session.get("type") in ("realtime", "transcription") or session.get("audio") is not None:
        return Dialect.GA
    if session.get("modalities") is not None or session.get("input_audio_format") is not None:
        return Dialect.BETA
    return None


def _to_ga(settings: Settings) -> dict[str, Any]:
    audio_in = {
        "format": _ga_format(settings.input_format),
        "turn_detection": settings.turn_detection.to_wire() if settings.turn_detection else None,
        "transcription": settings.transcription,
        "noise_reduction": settings.noise_reduction,
    }
    audio_out = {
        "format": _ga_format(settings.output_format),
        "voice": settings.voice or UNSET,
        "speed": settings.speed,
    }
    return _sent(
        {
            "type": "realtime",
            "model": settings.model or UNSET,
            "output_modalities": ["audio"] if settings.audio_output else ["text"],
            "instructions": settings.instructions or UNSET,
            "audio": {"input": _sent(audio_in), "output": _sent(audio_out)},
            "tools": _tools(settings),
            "tool_choice": settings.tool_choice,
            "max_output_tokens": settings.max_output_tokens,
            "truncation": settings.truncation,
            "reasoning": settings.reasoning,
            "parallel_tool_calls": settings.parallel_tool_calls,
            "prompt": settings.prompt,
            "tracing": settings.tracing,
            "include": settings.include,
        }
    )


def _to_beta(settings: Settings) -> dict[str, Any]:
    return _sent(
        {
            "modalities": ["text", "audio"] if settings.audio_output else ["text"],
            "instructions": settings.instructions or UNSET,
            "voice": settings.voice or UNSET,
            "speed": settings.speed,
            "input_audio_format": _BETA_FORMATS[settings.input_format.encoding],
            "output_audio_format": _BETA_FORMATS[settings.output_format.encoding],
            "turn_detection": settings.turn_detection.to_wire() if settings.turn_detection else None,
            "input_audio_transcription": settings.transcription,
            "input_audio_noise_reduction": settings.noise_reduction,
            "tools": _tools(settings),
            "tool_choice": settings.tool_choice,
            "max_response_output_tokens": settings.max_output_tokens,
            "temperature": settings.temperature,
            "prompt": settings.prompt,
            "tracing": settings.tracing,
            "include": settings.include,
        }
    )


def _ga_format(fmt: Format) -> dict[str, Any]:
    if fmt.encoding == "pcm16":
        return {"type": "audio/pcm", "rate": fmt.rate_hz}
    return {"type": _GA_FORMATS[fmt.encoding]}


def _tools(settings: Settings) -> list[dict[str, Any]] | _Unset:
    return settings.tools if isinstance(settings.tools, _Unset) else [dict(tool) for tool in settings.tools]


def _sent(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not UNSET}


def _flat(session: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The session with dotted keys, down to the settings themselves."""
    flat: dict[str, Any] = {}
    for key, value in session.items():
        if isinstance(value, Mapping) and prefix + key in ("audio", "audio.input", "audio.output"):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def _agrees(wanted: Any, given: Any, key: str) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(given, Mapping) and all(
            name not in given or _agrees(value, given[name], key) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        if key.endswith("modalities"):
            return isinstance(given, list) and set(wanted) == set(given)
        return (
            isinstance(given, list)
            and len(given) == len(wanted)
            and all(_agrees(a, b, key) for a, b in zip(wanted, given, strict=True))
        )
    if key.endswith("voice") and isinstance(given, Mapping):
        return bool(given.get("id") == wanted)
    if isinstance(wanted, float) and isinstance(given, int | float):
        return abs(wanted - given) < 1e-3  # servers round
    return bool(wanted == given)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
