"""The configuration in effect, and its schema, as text. Secrets are masked."""

import json
import re
from typing import Any

import msgspec

from edged.config.document import reading
from edged.config.keys import KEYS
from edged.config.loader import Loaded
from edged.config.model import Config
from edged.config.secret import Secret

_WORD = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*")
_ORIGIN_COLUMN = 40  # beyond most values; longer ones push it out


def show(loaded: Loaded, *, origin: bool = False, as_json: bool = False) -> str:
    """Every key with its value, as YAML that loads again (but for the secrets) or as JSON.

    JSON: {"config": {…}, "warnings": […]} and, when asked for, "origins": {"provider.model": "…"}.
    """
    if as_json:
        return _json(loaded, origin=origin)
    lines: list[str] = []
    section: tuple[str, ...] = ()
    for key in KEYS.values():
        lines += [
            f"{'  ' * depth}{at}:"
            for depth, at in enumerate(key.path[:-1])
            if key.path[: depth + 1] != section[: depth + 1]
        ]
        section = key.path[:-1]
        found = key.of(loaded.config)
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
    """The JSON schema of the file, for editors and fleet tools; `x-edged-class` tells what a change takes."""
    made = msgspec.json.schema(Config, schema_hook=_secret_schema)
    made["$defs"]["Config"]["required"] = ["version"]  # Config() has a default for it, a file has not
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "edged config.yaml"} | made


def _json(loaded: Loaded, *, origin: bool) -> str:
    told: dict[str, Any] = {
        "config": msgspec.to_builtins(loaded.config, enc_hook=str),
        "warnings": list(loaded.warnings),
    }
    if origin:
        told["origins"] = dict(loaded.origins)
    return json.dumps(told, indent=2)


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
            return f"[{', '.join(map(_text, value))}]"
        case dict():
            return "{}"
    return str(value)


def _text(text: str) -> str:
    """A text as YAML reads it back: a plain word, or in quotes with what can not be printed escaped."""
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
