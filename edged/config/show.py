"""The configuration in force, and its schema, as text.

These are masked: secrets of any length; values of parameters whose name suggests a secret; user names and passwords
in addresses; and copies of a secret in any other text, if they have `LEAST_COPY` characters or more.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import structs

from edged.config.document import reading
from edged.config.keys import KEYS
from edged.config.loader import Loaded
from edged.config.model import Config
from edged.config.part import SWITCH
from edged.config.secret import MASK, Secret, is_secret
from edged.folders import control_socket, state_dir

_WORD = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*")
LEAST_COPY = 6  # characters; a shorter secret would match parts of ordinary words
_USER = re.compile(r"(?<=//)[^/\s?#@]+(?=@)")
_PARAMETER = re.compile(r"(?<=[?&;])([^=&;#\s]+)=([^&;#\s]+)")
_ORIGIN_COLUMN = 40  # most values end before it; longer ones move the origin to the right


def show(
    loaded: Loaded, env: Mapping[str, str] | None = None, *, origin: bool = False, as_json: bool = False
) -> str:
    """Every key with its value, as JSON or as YAML; apart from the secrets, edged can load the YAML again.

    With the environment of a process, a path that is `auto` is shown as the path in force there (folders.py).

    JSON: {"config": {…}, "warnings": […]} and, with `origin`, "origins": {"provider.model": "…"}.
    """
    loaded = loaded if env is None else replace(loaded, config=_placed(loaded.config, env))
    masked = masking(loaded.config)
    if as_json:
        return _json(loaded, masked, origin=origin)
    lines: list[str] = []
    section: tuple[str, ...] = ()
    for key in KEYS.values():
        lines += [
            f"{'  ' * depth}{at}:"
            for depth, at in enumerate(key.path[:-1])
            if key.path[: depth + 1] != section[: depth + 1]
        ]
        section = key.path[:-1]
        found = masked(key.of(loaded.config))
        note = f"# {loaded.origins[key.name]}" if origin else ""
        indent = "  " * (len(key.path) - 1)
        head = f"{indent}{key.path[-1]}:"
        if isinstance(found, dict) and found:
            lines.append(_noted(head, note))
            lines += [f"{indent}  {_text(entry)}: {_yaml(text)}" for entry, text in found.items()]
        else:
            lines.append(_noted(f"{head} {_yaml(found)}", note))
    return "\n".join(lines)


def schema() -> dict[str, Any]:
    """The JSON schema of the file, for editors and fleet tools; `x-edged-class` says how a change is applied."""
    made = msgspec.json.schema(Config, schema_hook=_secret_schema)
    made["$defs"]["Config"]["required"] = [
        "version"
    ]  # Config() has a default for it, but a file must name it
    for group in made["$defs"].values():
        for key in group["properties"].values():
            if key.pop(SWITCH, False):
                key["enum"] += [True, False]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "edged config.yaml"} | made


def _placed(config: Config, env: Mapping[str, str]) -> Config:
    """The configuration with the path that each `auto` stands for."""
    control = structs.replace(config.control, socket=control_socket(config.control.socket, env))
    state = structs.replace(config.state, dir=state_dir(config.state.dir, env))
    return structs.replace(config, control=control, state=state)


def masking(config: Config) -> Callable[[Any], Any]:
    """A function that masks a value, so that it may be shown."""
    known = sorted({text for text in _revealed(config) if len(text) >= LEAST_COPY}, key=len, reverse=True)
    copies = re.compile("|".join(map(re.escape, known)), re.IGNORECASE) if known else None

    def text(plain: str) -> str:
        plain = _USER.sub(MASK, copies.sub(MASK, plain) if copies is not None else plain)
        return _PARAMETER.sub(lambda it: f"{it[1]}={MASK}" if is_secret(it[1]) else it[0], plain)

    def masked(value: Any) -> Any:
        match value:
            case str():
                return text(value)
            case tuple() | list():
                return type(value)(masked(each) for each in value)
            case msgspec.Struct():
                return {field: masked(getattr(value, field)) for field in value.__struct_fields__}
            case dict():
                return {
                    text(name): MASK if each and isinstance(each, str) and is_secret(name) else masked(each)
                    for name, each in value.items()
                }
        return value

    return masked


def _revealed(config: Config) -> Iterator[str]:
    """The secrets of a configuration, whole and as their secret part alone (of `Bearer KEY`, of `name:password@`)."""
    for key in KEYS.values():
        found = key.of(config)
        group = found if isinstance(found, dict) else {key.path[-1]: found}
        for name, value in group.items():
            text = value.reveal() if isinstance(value, Secret) else value if isinstance(value, str) else ""
            if isinstance(value, Secret) or (isinstance(found, dict) and is_secret(name)):
                yield from (text, text.rpartition(" ")[2])
            if user := _USER.search(text):
                yield from (user[0], user[0].partition(":")[2])


def _json(loaded: Loaded, masked: Callable[[Any], Any], *, origin: bool) -> str:
    config: dict[str, Any] = {}
    for key in KEYS.values():
        *sections, last = key.path
        place: dict[str, Any] = config
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = msgspec.to_builtins(masked(key.of(loaded.config)), enc_hook=str)
    shown: dict[str, Any] = {
        "config": config,
        "warnings": list(loaded.warnings),
    }
    if origin:
        shown["origins"] = dict(loaded.origins)
    return json.dumps(shown, indent=2)


def _noted(line: str, note: str) -> str:
    return f"{line:<{_ORIGIN_COLUMN}} {note}" if note else line


def _yaml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case Secret():
            return _text(str(value))
        case str():
            return _text(value)
        case tuple():
            return f"[{', '.join(map(_yaml, value))}]"
        case dict():
            return "{" + ", ".join(f"{_text(name)}: {_yaml(each)}" for name, each in value.items()) + "}"
    return str(value)


def _text(text: str) -> str:
    """A text that YAML reads back: a plain word, or in quotes with unprintable characters escaped."""
    if _WORD.fullmatch(text) and not reading(text):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == "\n":
        return "\\n"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _secret_schema(kind: type) -> dict[str, Any]:
    if kind is not Secret:
        raise NotImplementedError(kind)
    return {"type": "string", "writeOnly": True}
