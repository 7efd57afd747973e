"""Converts session, response and item objects from one dialect to the other.

Rules:
1. The table in settings.py maps the keys. A key that the other dialect lacks is left out.
2. Only the keys that an object has are converted: an update is partial, and null clears a setting.
3. An unknown key, or a value with an unexpected shape, passes unchanged. The far end refuses it by name,
   and `param` converts that name back to the sender's dialect.
4. Arguments are never modified.

Not here: events and their order (translate.py).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edged.wire.names import Dialect
from edged.wire.settings import GA_FORMATS, TABLE, UNSET, SettingRow, modalities, tool_choice

Json = dict[str, Any]
_Path = tuple[str, ...]

_GROUPS: frozenset[_Path] = frozenset({("audio",), ("audio", "input"), ("audio", "output")})
_FORMATS = frozenset({"input_format", "output_format"})
_GA_ONLY_FIELDS: Mapping[str, frozenset[str]] = {
    "turn_detection": frozenset({"idle_timeout_ms"}),
    "transcription": frozenset({"languages", "keywords", "delay"}),
    "noise_reduction": frozenset({"strength"}),
}
# LiteLLM gives GA clients its own names for two of the formats.
_ENCODINGS = {ga: beta for beta, ga in GA_FORMATS.items()} | {
    "audio/g711-ulaw": "g711_ulaw",
    "audio/g711-alaw": "g711_alaw",
}
_OUTPUT_PARTS = {"text": "output_text", "audio": "output_audio"}
_BETA_PARTS = {ga: beta for beta, ga in _OUTPUT_PARTS.items()}
_KINDS = ("realtime", "transcription")


def session_request(
    asked: Mapping[str, Any], to: Dialect, kind: str = "realtime", keep: frozenset[str] = frozenset()
) -> Json:
    """A session, or an update of one, as a client sends it. GA names its `kind`, beta does not.

    `keep` are settings that the service has although the dialect `to` lacks them. They keep their keys.
    """
    return _speakable(_session(asked, to, kind, keep), to)


def session(reported: Mapping[str, Any], to: Dialect, kind: str = "realtime") -> Json:
    """The session as a server reports it. What beta has no key for is left out, not passed on.

    With a key `audio` in it, clients would take the session for GA.
    """
    converted = _without_groups(_session(reported, to, kind), to)
    if to is Dialect.BETA:
        converted = {key: value for key, value in converted.items() if key not in _RARE or value is not None}
    return converted


def response_request(asked: Mapping[str, Any], to: Dialect, keep: frozenset[str] = frozenset()) -> Json:
    """The settings that a client sends for one response; `keep` as in `session_request`."""
    return _speakable(_with_items(_convert(asked, to, _ROWS, keep), "input", to), to)


def response(reported: Mapping[str, Any], to: Dialect) -> Json:
    """A response as a server reports it."""
    return _without_groups(_with_items(_convert(reported, to, _REPORTED_ROWS), "output", to), to)


def item(value: Mapping[str, Any], to: Dialect) -> Json:
    """An item of the conversation. The dialects differ only in the content of an assistant."""
    converted = dict(value)
    parts = value.get("content")
    if isinstance(parts, list) and (to is Dialect.BETA or value.get("role") == "assistant"):
        names = _BETA_PARTS if to is Dialect.BETA else _OUTPUT_PARTS
        converted["content"] = [_renamed(part, names) for part in parts]
    return converted


def part(value: Mapping[str, Any], to: Dialect) -> Json:
    """A content part as the events of a response report it. There GA says `audio` and `text`, as beta does."""
    return _renamed(value, _BETA_PARTS) if to is Dialect.BETA else dict(value)


def param(path: str, to: Dialect) -> str:
    """Convert the name of a parameter, as an error gives it, to the dialect `to`."""
    scope, _, rest = path.partition(".")
    if scope not in ("session", "response"):
        return path
    for row in TABLE:
        here, there = row.key(_other(to)), row.key(to)
        if here is None or there is None or not (rest == here or rest.startswith(here + ".")):
            continue
        # Beta's formats are words: they have no inner fields that a path could name.
        return f"{scope}.{there}" + ("" if row.setting in _FORMATS else rest[len(here) :])
    return path


def _other(dialect: Dialect) -> Dialect:
    return Dialect.BETA if dialect is Dialect.GA else Dialect.GA


def _split(key: str) -> _Path:
    return tuple(key.split("."))


def _rows(table: tuple[SettingRow, ...]) -> dict[Dialect, dict[_Path, SettingRow]]:
    """The rows by the key that they have in the *other* dialect, which is the one to convert from."""
    return {
        to: {_split(key): row for row in table if (key := row.key(_other(to))) is not None} for to in Dialect
    }


_ROWS = _rows(TABLE)
# A server reports the limit of a response as max_output_tokens in both dialects. Only the request's key differs.
_REPORTED_ROWS = _rows(tuple(row for row in TABLE if row.setting != "max_output_tokens"))


def _session(value: Mapping[str, Any], to: Dialect, kind: str, keep: frozenset[str] = frozenset()) -> Json:
    converted = _convert(value, to, _ROWS, keep)
    if to is Dialect.GA:
        return {"type": kind, **converted}
    if converted.get("type") in _KINDS:
        del converted["type"]
    return converted


def _speakable(asked: Json, to: Dialect) -> Json:
    """Remove a voice that beta does not have: GA clients repeat the voice that the server reported."""
    if to is Dialect.BETA and asked.get("voice") in _GA_VOICES:
        del asked["voice"]
    return asked


def _convert(
    value: Mapping[str, Any],
    to: Dialect,
    rows: dict[Dialect, dict[_Path, SettingRow]],
    keep: frozenset[str] = frozenset(),
) -> Json:
    converted: Json = {}
    known: list[tuple[_Path, Any]] = []
    for path, inner in _leaves(value, to):
        row = rows[to].get(path)
        if row is None:
            _put(converted, path, inner)
        elif (key := row.key(to) or (row.setting if row.setting in keep else None)) is not None:
            translated = value_in(row.setting, inner, to)
            if translated is not UNSET:
                known.append((_split(key), translated))
    for path, inner in known:  # after the unknown keys, which may have a known key's place
        _put(converted, path, inner)
    return converted


def _leaves(value: Mapping[str, Any], to: Dialect, above: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    for key, inner in value.items():
        path = (*above, key)
        if to is Dialect.BETA and path in _GROUPS and isinstance(inner, Mapping):
            yield from _leaves(inner, to, path)
        else:
            yield path, inner


def _put(into: Json, path: _Path, value: Any) -> None:
    *groups, last = path
    for group in groups:
        there = into.get(group)
        into[group] = dict(there) if isinstance(there, Mapping) else {}
        into = into[group]
    into[last] = value


def value_in(setting: str, value: Any, to: Dialect) -> Any:
    """The value of a setting in the dialect `to`; UNSET where that dialect has no such value."""
    translate = _TRANSLATED.get(setting)
    return value if value is None or translate is None else translate(value, to)


def _output(value: Any, to: Dialect) -> Any:
    if not isinstance(value, list) or not value or any(each not in ("text", "audio") for each in value):
        return value
    return modalities("audio" in value, to)


def _format(value: Any, to: Dialect) -> Any:
    if to is Dialect.GA:
        if value == "pcm16":
            return {"type": "audio/pcm", "rate": 24000}
        return {"type": GA_FORMATS[value]} if isinstance(value, str) and value in GA_FORMATS else value
    kind = str(value.get("type")).lower() if isinstance(value, Mapping) else ""
    if kind == "audio/pcm" and value.get("rate") in (None, 24000):
        return "pcm16"
    return _ENCODINGS.get(kind, value)


def _voice(value: Any, to: Dialect) -> Any:
    named = value.get("id") if isinstance(value, Mapping) else None
    return named if to is Dialect.BETA and isinstance(named, str) else value


def _tools(value: Any, to: Dialect) -> Any:
    if to is Dialect.GA or not isinstance(value, list):
        return value
    return [tool for tool in value if not (isinstance(tool, Mapping) and tool.get("type") == "mcp")]


def _inside(setting: str) -> Callable[[Any, Dialect], Any]:
    """A converter that removes the fields of a setting that beta does not know."""

    def without(value: Any, to: Dialect) -> Any:
        if to is Dialect.GA or not isinstance(value, Mapping):
            return value
        return {name: inner for name, inner in value.items() if name not in _GA_ONLY_FIELDS[setting]}

    return without


_GA_VOICES = ("marin", "cedar")
# Beta clients have no field for these, and beta servers send them only when they were set.
_RARE = ("prompt", "include")
_TRANSLATED: dict[str, Callable[[Any, Dialect], Any]] = {
    "audio_output": _output,
    "voice": _voice,
    "input_format": _format,
    "output_format": _format,
    "tools": _tools,
    "tool_choice": tool_choice,
    **{setting: _inside(setting) for setting in _GA_ONLY_FIELDS},
}


def _without_groups(converted: Json, to: Dialect) -> Json:
    if to is Dialect.BETA:
        converted.pop("audio", None)
    return converted


def _with_items(converted: Json, key: str, to: Dialect) -> Json:
    items = converted.get(key)
    if isinstance(items, list):
        converted[key] = [item(each, to) if isinstance(each, Mapping) else each for each in items]
    return converted


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    kind = value.get("type") if isinstance(value, Mapping) else None
    return {**value, "type": names[kind]} if isinstance(kind, str) and kind in names else value
