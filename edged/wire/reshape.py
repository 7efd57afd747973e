"""Changes settings from a plain dialect into the shape of one service, and the service's reports back. Pure.

Rules:
1. `outward` moves each setting of the table to the key that the service has, and gives it the service's value. A
   setting that the service does not have is left out. The model is left out where the address names it.
2. `inward` finds each setting at the service's key, at the dialect's own or at the other dialect's, in that order.
   Values that say "not specified" count as missing.
3. A session in GA always has its type and both formats, because programs look for them there.
4. PCM at 24 kHz, the rate of the dialects, becomes PCM at the service's rate, and the other way around. A format with
   another rate passes unchanged.
5. Unknown keys pass unchanged, as do values with an unexpected form. Arguments are never modified.

Not here: events, and the sound itself (shaping.py).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from edged.wire.convert import value_in
from edged.wire.names import Dialect
from edged.wire.settings import ROWS, TABLE, UNSET, SettingRow
from edged.wire.shape import NOT_SPECIFIED, Shape

Json = dict[str, Any]
_Path = tuple[str, ...]

RATE_HZ = 24_000  # the rate of PCM in both dialects
_GROUPS: frozenset[_Path] = frozenset({("audio",), ("audio", "input"), ("audio", "output")})
_UNSAID: Mapping[str, Any] = {
    "input_format": NOT_SPECIFIED,
    "output_format": NOT_SPECIFIED,
    "temperature": -1,
}
_NO_DETECTION = (None, "none")
# A response is reported with max_output_tokens in both dialects. Only the request's key differs.
_OF_RESPONSES = tuple(row for row in TABLE if row.setting != "max_output_tokens")


def outward(asked: Mapping[str, Any], dialect: Dialect, shape: Shape) -> Json:
    """A session or the settings of one response, as the service wants them, from the plain dialect."""
    rows = {_split(key): row for row in TABLE if (key := _plain_key(row, dialect, shape)) is not None}
    changed: Json = {}
    known: list[tuple[_Path, Any]] = []
    for path, value in _leaves(asked):
        row = rows.get(path)
        if row is None:
            _put(changed, path, value)
        elif (key := _key(row, dialect, shape)) is not None:
            known.append((_split(key), _asked(row.setting, value, shape)))
    for path, value in known:  # after the unknown keys, which may have a known key's place
        _put(changed, path, value)
    return changed


def inward(reported: Mapping[str, Any], dialect: Dialect, shape: Shape) -> Json:
    """The session in the plain dialect, as the service reports it."""
    session = _plain(reported, dialect, shape, TABLE)
    if dialect is Dialect.BETA:
        return session
    session = {"type": "realtime", **session}
    if session["type"] == "realtime":
        for setting in ("input", "output"):
            if _at(session, ("audio", setting, "format")) is None:
                _put(session, ("audio", setting, "format"), {"type": "audio/pcm", "rate": RATE_HZ})
    return session


def inward_response(reported: Mapping[str, Any], dialect: Dialect, shape: Shape) -> Json:
    """A response in the plain dialect, as the service reports it."""
    return _plain(reported, dialect, shape, _OF_RESPONSES)


def param(path: str, dialect: Dialect, shape: Shape) -> str:
    """The name of a parameter in the plain dialect, from the name that the service gives in an error."""
    scope, _, rest = path.partition(".")
    if scope not in ("session", "response"):
        return path
    for row in TABLE:
        plain, own = row.key(dialect), row.key(dialect, shape)
        if plain is not None and own is not None and (rest == own or rest.startswith(own + ".")):
            return f"{scope}.{plain}{rest[len(own) :]}"
    return path


def pcm_at_24k(session: Mapping[str, Any], setting: str, dialect: Dialect, *, otherwise: bool) -> bool:
    """Whether a session in the plain dialect has PCM at 24 kHz in this setting; `otherwise` if it does not say."""
    key = ROWS[setting].key(dialect)
    value = UNSET if key is None else _at(session, _split(key), UNSET)
    if value is UNSET:
        return otherwise
    if isinstance(value, Mapping):
        return value.get("type") == "audio/pcm" and value.get("rate") in (None, RATE_HZ)
    return value in (None, "pcm16")


def also_has(shape: Shape) -> frozenset[str]:
    """The settings that the service may have although its dialect does not."""
    return frozenset(setting for setting, key in shape.keys.items() if key is not None)


def _plain_key(row: SettingRow, dialect: Dialect, shape: Shape) -> str | None:
    """Where a setting stands in the plain dialect. One that the dialect lacks stands at its own name."""
    return row.key(dialect) or (row.setting if row.setting in also_has(shape) else None)


def _key(row: SettingRow, dialect: Dialect, shape: Shape) -> str | None:
    if row.setting == "model" and not shape.model_in_session:
        return None
    return row.key(dialect, shape)


def _asked(setting: str, value: Any, shape: Shape) -> Any:
    if _is_pcm(value, RATE_HZ) and (rate_hz := _rates(shape).get(setting)):
        value = {**value, "rate": rate_hz}
    return shape.value(setting, value)


def _reported(setting: str, value: Any, shape: Shape) -> Any:
    value = shape.from_value(setting, shape.reported(setting, value))
    if setting == "turn_detection" and isinstance(value, Mapping) and value.get("type") in _NO_DETECTION:
        return None
    return {**value, "rate": RATE_HZ} if _is_pcm(value, _rates(shape).get(setting)) else value


def _rates(shape: Shape) -> Mapping[str, int]:
    """The rates that differ from the dialect's, by the setting of the format."""
    rates = {"input_format": shape.input_rate_hz, "output_format": shape.output_rate_hz}
    return {setting: rate_hz for setting, rate_hz in rates.items() if rate_hz != RATE_HZ}


def _is_pcm(value: Any, rate_hz: int | None) -> bool:
    if rate_hz is None or not isinstance(value, Mapping) or value.get("type") != "audio/pcm":
        return False
    return value.get("rate") == rate_hz or (rate_hz == RATE_HZ and value.get("rate") is None)


def _plain(
    reported: Mapping[str, Any], dialect: Dialect, shape: Shape, table: tuple[SettingRow, ...]
) -> Json:
    left = dict(_leaves(reported))
    known: list[tuple[_Path, Any]] = []
    for row in table:
        value = _take(left, row, dialect, shape)
        if value is UNSET:
            continue
        known.append((_split(row.key(dialect) or row.setting), _reported(row.setting, value, shape)))
    changed: Json = {}
    for path, value in (*left.items(), *known):
        _put(changed, path, value)
    return changed


def _take(left: dict[_Path, Any], row: SettingRow, dialect: Dialect, shape: Shape) -> Any:
    """Remove a setting from the leaves. Returns its value in the dialect; UNSET where the session does not say it."""
    other = Dialect.BETA if dialect is Dialect.GA else Dialect.GA
    keys = dict.fromkeys((row.key(dialect, shape), row.key(dialect), row.key(other)))
    found = UNSET
    for key in keys:
        if key is None or (path := _split(key)) not in left:
            continue
        value = left.pop(path)
        if found is not UNSET or value == _UNSAID.get(row.setting, UNSET):
            continue
        foreign = key not in (row.key(dialect, shape), row.key(dialect))
        found = value_in(row.setting, value, dialect) if foreign else value
    return found


def _leaves(value: Mapping[str, Any], above: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    for key, inner in value.items():
        path = (*above, key)
        if path in _GROUPS and isinstance(inner, Mapping):
            yield from _leaves(inner, path)
        else:
            yield path, inner


def _at(value: Any, path: _Path, otherwise: Any = None) -> Any:
    for key in path:
        value = value.get(key, otherwise) if isinstance(value, Mapping) else otherwise
    return value


def _put(into: Json, path: _Path, value: Any) -> None:
    *groups, last = path
    for group in groups:
        there = into.get(group)
        into[group] = there if isinstance(there, dict) else {}
        into = into[group]
    into[last] = value


def _split(key: str) -> _Path:
    return tuple(key.split("."))
