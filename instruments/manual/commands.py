"""The command line as plain data: each command with its options and words, as the parser has them."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edged.cli import VERBS, parser
from edged.cli.ctl import COMMANDS
from edged.cli.setup import LANGUAGES
from edged.config import presets, schema

_SETTINGS = schema()["$defs"]
PROVIDERS = tuple(_SETTINGS["ProviderConfig"]["properties"]["name"]["enum"])
FILES = ("FILE", "PATH", "DIR")
OF_METAVAR = {"PROVIDER": PROVIDERS, "KEY=VALUE": ("SETTING",)}
"""What may be written for a metavar; SETTING stands for the settings of the configuration."""
WORDS = {
    ("ctl",): tuple(word.partition(" ")[0] for word in COMMANDS),
    ("config", "preset"): tuple(presets()),
    ("help",): VERBS,
}
"""The words that commands take beside their options."""
OF_OPTION = {
    ("setup", "--preset"): tuple(presets()),
    ("setup", "--provider"): PROVIDERS,
    ("setup", "--language"): tuple(LANGUAGES),
    ("setup", "--button"): ("keyboard", "none"),
    ("setup", "--light"): ("none",),
}
"""The words that an option takes whose metavar has other meanings elsewhere."""


@dataclass(frozen=True)
class Option:
    names: tuple[str, ...]
    help: str
    metavar: str  # empty: it takes no value
    choices: tuple[str, ...]
    is_file: bool
    repeats: bool

    @property
    def shown(self) -> str:
        return ", ".join(self.names)


@dataclass(frozen=True)
class Command:
    path: tuple[str, ...]  # empty: edged itself
    help: str
    description: str
    options: tuple[Option, ...]
    positionals: tuple[Option, ...]
    below: tuple[str, ...]  # the verbs that follow it

    @property
    def name(self) -> str:
        return " ".join(("edged", *self.path))


def commands() -> list[Command]:
    """All commands, each before those below it."""
    return list(_walk(parser(), (), ""))


def _walk(at: argparse.ArgumentParser, path: tuple[str, ...], about: str) -> Iterator[Command]:
    options, positionals = [], []
    below: dict[str, tuple[argparse.ArgumentParser, str]] = {}
    for action in at._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {each.dest: each.help or "" for each in action._choices_actions}
            below = {name: (sub, helps.get(name, "")) for name, sub in action.choices.items()}
        elif action.option_strings:
            options.append(_option(action, path))
        else:
            positionals.append(_option(action, path))
    yield Command(path, about, at.description or "", tuple(options), tuple(positionals), tuple(below))
    for name, (sub, words) in below.items():
        yield from _walk(sub, (*path, name), words)


def _option(action: Any, path: tuple[str, ...]) -> Option:
    takes = action.nargs != 0
    metavar = action.metavar or ("" if action.choices else action.dest.upper().replace("_", "-"))
    choices = tuple(map(str, action.choices or ())) or OF_METAVAR.get(str(action.metavar), ())
    if not action.option_strings:
        choices = choices or WORDS.get(path, ())
    for name in action.option_strings:
        choices = choices or OF_OPTION.get((*path, name), ())
    return Option(
        names=tuple(action.option_strings),
        help=(action.help or "").replace("%%", "%"),
        metavar=(metavar or "|".join(map(str, action.choices))) if takes else "",
        choices=choices if takes else (),
        is_file=takes and (metavar in FILES or action.type is Path),
        repeats=isinstance(action, argparse._AppendAction) or action.nargs in ("*", "+"),
    )


@dataclass(frozen=True)
class Setting:
    name: str
    about: str
    applied: str
    values: tuple[str, ...]  # of a single word
    kind: str
    default: Any
    bounds: tuple[Any, Any]


def settings() -> list[Setting]:
    """The settings of the configuration, by their whole names, in the order of the model."""
    return list(_settings(_SETTINGS["Config"], ""))


def groups() -> dict[str, str]:
    """What each part of the configuration is about, by its name."""
    found = {}
    for name, about in _SETTINGS["Config"]["properties"].items():
        if "$ref" in about:
            found[name] = _SETTINGS[about["$ref"].rpartition("/")[2]].get("description", "")
    return found


def _settings(struct: dict[str, Any], prefix: str) -> Iterator[Setting]:
    for name, about in struct["properties"].items():
        if "$ref" in about:
            yield from _settings(_SETTINGS[about["$ref"].rpartition("/")[2]], f"{prefix}{name}.")
            continue
        either = [each for each in about.get("anyOf", [about]) if each.get("type") != "null"]
        of = either[0]
        yield Setting(
            name=f"{prefix}{name}",
            about=about.get("description", ""),
            applied=about.get("x-edged-class", ""),
            values=tuple(map(str, of.get("enum", ())))
            or (("true", "false") if of.get("type") == "boolean" else ()),
            kind=of.get("type", ""),
            default=about.get("default", of.get("default")),
            bounds=(of.get("minimum"), of.get("maximum")),
        )
        if of.get("type") == "array" and "$ref" in of.get("items", {}):
            each = _SETTINGS[of["items"]["$ref"].rpartition("/")[2]]
            yield from _settings(each, f"{prefix}{name}[].")
