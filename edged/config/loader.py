"""Reads the configuration from its layers: defaults < file < conf.d < environment < --set.

In this package, only this module, credential.py and presets.py read the disk. The problems of all layers are raised
together, in the order of their places.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edged.config import document
from edged.config.keys import KEYS, Kind, known
from edged.config.keys import Path as KeyPath
from edged.config.layers import SET, Found, Layer, of_environment, of_file, of_sets
from edged.config.model import Config
from edged.config.panel import ButtonConfig
from edged.config.part import Class
from edged.config.problem import DEFAULT, Place, Problem, name, shown
from edged.config.rules import findings
from edged.errors import ConfigError
from edged.files import NotAFileError, beginning

SUFFIX = ".yaml"  # the files that are read in conf.d
# A warning suggests SUFFIX in place of these endings.
_WRONG_SUFFIXES = (".yml", ".yaml", ".json", ".conf", ".cfg", ".txt")
# Files that editors, packages and people leave in conf.d. Nobody expects them to be in force.
_LEFTOVER = re.compile(
    r"^\.|^README|~$|\.(bak|old|orig|rej|save|off|disabled|example|sample|md|swp|tmp|new|dpkg-\w+|ucf-\w+)$",
    re.IGNORECASE,
)
_MOST_WARNINGS = 8


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration, where each value came from, and what applying a change of it takes.

    `origins` and `classes` have a row for every key ("provider.model"). An origin is "file:line:column",
    the name of a variable, "--set" or "default". `warnings` are for the owner: edged works despite them.
    """

    config: Config
    origins: Mapping[str, str]
    classes: Mapping[str, Class]
    warnings: tuple[str, ...] = ()


def load(
    path: Path | None, *, env: Mapping[str, str], sets: Sequence[str] = (), conf_d: Path | None = None
) -> Loaded:
    """The checked configuration. If `path` is None, there is no file.

    If `conf_d` is None, the folder conf.d beside the file counts, if there is one.

    Raises:
        ConfigError: one line for each problem.
    """
    parts, skipped = ([], []) if path is None else _parts(path, conf_d)
    files = [path, *parts] if path is not None else []
    layers = [*(_file(file, main=file is path) for file in files), of_environment(env), of_sets(sets)]
    problems = [problem for layer in layers for problem in layer.problems]
    values: dict[KeyPath, Found] = {}
    for layer in layers:
        values |= layer.values
    config = msgspec.convert(_nested(values), Config)
    places = {".".join(at[:-1]): found.place for at, found in values.items()}
    places |= {".".join(at): found.place for at, found in values.items()}
    for layer in layers:
        places |= {".".join(at): place for at, place in layer.places.items()}
    broken = {".".join(at) for layer in layers for at in layer.broken}
    problems += _together(config, places, broken)
    if problems:
        # A missing value may be in a file that was not read.
        raise ConfigError([*map(str, _in_order(problems, files)), *skipped])
    origins = {key.name: str(places.get(key.name, DEFAULT)) for key in KEYS.values()}
    classes = {key.name: key.apply for key in KEYS.values()}
    warnings = [warning for layer in layers for warning in layer.warnings]
    return Loaded(config, origins, classes, (*skipped, *warnings, *_exposed(config, places)))


def files_of(path: Path) -> list[Path]:
    """The files that belong to a configuration: this one, and those in conf.d beside it."""
    return [path, *_parts(path, None)[0]]


def salvage(path: Path, section: str) -> Config | None:
    """One section of a file that cannot be used, with defaults for everything else.

    None if the file cannot be read as YAML, or the section itself has a fault.
    """
    layers = [_file(file, main=file is path) for file in (path, *_parts(path, None)[0])]
    faulty = {at[0] for layer in layers for at in layer.broken}
    faulty |= {problem.key.split(".")[0] for layer in layers for problem in layer.problems}
    if section in faulty or any(layer.problems and not layer.values for layer in layers):
        return None
    values = {at: found for layer in layers for at, found in layer.values.items() if at[0] == section}
    config = msgspec.convert(_nested(values), Config)
    return None if any(name.split(".")[0] == section for name in _unfit(config)) else config


def _unfit(config: Config) -> Iterator[str]:
    """The keys that cannot work here, without the button: nobody knows which pin it has."""
    alone = msgspec.structs.replace(config, button=ButtonConfig(backend="none"))
    return (finding.keys[0] for finding in findings(alone))


def _file(path: Path, *, main: bool) -> Layer:
    start = Place(str(path))
    try:
        data = beginning(path, document.MOST_BYTES + 1)
    except NotAFileError as error:
        return Layer(problems=[Problem(start, "", f"cannot be read: {error.strerror}")])
    except OSError as error:
        if "\0" in str(path):
            return Layer(
                problems=[Problem(Place("the path of the configuration"), "", "contains a zero byte")]
            )
        what = f"cannot be read: {error.strerror or error} (check the path, and that this user may read it)"
        return Layer(problems=[Problem(start, "", what)])
    return of_file(*document.read(data, str(path)), main=main)


def _parts(path: Path, conf_d: Path | None) -> tuple[list[Path], list[str]]:
    """The files of conf.d to read, in order, and warnings about the files that are not read."""
    folder = path.parent / "conf.d" if conf_d is None else conf_d
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  # unlike iterdir, it fails here
    except (FileNotFoundError, ValueError):
        return [], []
    except NotADirectoryError:
        there = folder.exists()  # else the path to it leads nowhere
        return [], [
            f"{folder}: not read: it is not a folder (put *.yaml files into a folder)"
        ] if there else []
    except OSError as error:
        return [], [f"{folder}: not read: {error.strerror or error} (let this user read it)"]
    parts = [name for name in names if name.endswith(SUFFIX) and not name.startswith(".")]
    skipped = [name for name in names if name not in parts and not _LEFTOVER.search(name)]
    warnings = [_not_read(folder, name) for name in skipped[:_MOST_WARNINGS]]
    if more := len(skipped) - len(warnings):
        warnings.append(f"{folder}: {more} more files are not read: only *{SUFFIX} files are")
    return [folder / name for name in parts], warnings


def _not_read(folder: Path, name: str) -> str:
    """A warning about a file whose author probably believes that it is in force."""
    stem = name
    while Path(stem).suffix.lower() in _WRONG_SUFFIXES:
        stem = Path(stem).stem
    return f"{folder}/{shown(name)[1:-1]}: not read: only *{SUFFIX} files are (rename it to {shown(stem + SUFFIX)})"


def _nested(values: Mapping[KeyPath, Found]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for at, found in values.items():
        node = tree
        for step in at[:-1]:
            child = node.setdefault(step, {})
            assert isinstance(child, dict)
            node = child
        node[at[-1]] = found.value
    return tree


def _in_order(problems: list[Problem], files: list[Path]) -> list[Problem]:
    """File by file, by line and column; then the other sources."""
    rank = {str(file): at for at, file in enumerate(files)}
    return sorted(problems, key=lambda it: (rank.get(it.place.source, len(rank)), *it.place[1:]))


def _together(config: Config, places: Mapping[str, Place], broken: set[str]) -> Iterator[Problem]:
    for finding in findings(config):
        # In a list, a group that cannot be used is left out, so nothing is known of the groups in that list.
        if not any(key == at or key.startswith(f"{at}.") for key in finding.keys for at in broken):
            place = next((places[key] for key in finding.keys if key in places), DEFAULT)
            yield Problem(place, _named(finding.keys[0]), finding.text)


def _named(dotted: str) -> str:
    """A key's name for a problem; `name` masks an entry's name that may be a secret."""
    path = tuple(dotted.split("."))
    key = known(path)
    if key is None or key.path == path or key.kind is Kind.PARTS:
        return dotted
    return f"{key.name}.{name('.'.join(path[len(key.path) :]))}"


def _exposed(config: Config, places: Mapping[str, Place]) -> Iterator[str]:
    """Warnings about secrets that others can see, and about settings that are not used."""
    provider = config.provider
    ways = [key for key in ("api_key_file", "api_key_env", "api_key") if getattr(provider, key)]
    if len(ways) > 1:
        unused = f"provider.{ways[1]}"
        yield f"{places[unused]}: {unused}: not used, because provider.{ways[0]} is set, too"
    yield from _unused(config, places)
    place = places.get("provider.api_key", DEFAULT)
    if provider.api_key and place.source == SET:
        yield f"{place}: provider.api_key: all users of this machine can see a command line (use api_key_file)"
    elif provider.api_key and place.line:
        yield f"{place}: provider.api_key: everybody who reads this file sees the key (use api_key_file)"
    secrets = {place.source for key, place in places.items() if place.line and _secret(config, key)}
    for source in sorted((secrets | {provider.api_key_file, provider.azure.token_file}) - {""}):
        if _open_to_all(Path(source)):
            yield f"{source}: every user of this machine can read the secret in it (chmod o= {source})"


def _unused(config: Config, places: Mapping[str, Place]) -> Iterator[str]:
    """Warnings about settings of a provider that `provider.name` does not name, and of a lamp that there is not."""
    named = config.provider.name
    of = "azure" if named == "azure-voice-live" else named
    for key in KEYS.values():
        another = key.path[:-1] in (("provider", "azure"), ("provider", "portkey")) and key.path[1] != of
        if another and key.name in places and key.of(config):
            yield f"{places[key.name]}: {key.name}: not used, because provider.name is {named}"
    if of == "azure" and config.provider.azure.token_file and config.provider.api_key_file:
        yield f"{places['provider.api_key_file']}: provider.api_key_file: not used, because a token is set, too"
    if config.recording_light.kind == "none":
        for key in KEYS.values():
            if key.path[0] == "recording_light" and key.name in places and key.of(config) != key.of(Config()):
                why = "recording_light.kind is none (write what the lamp is, such as led)"
                yield f"{places[key.name]}: {key.name}: not used, because {why}"


def _secret(config: Config, dotted: str) -> bool:
    """Whether a key holds a secret that is not empty. A proxy without a user holds none."""
    if dotted == "provider.proxy":
        return "@" in config.provider.proxy.reveal()
    key = KEYS.get(tuple(dotted.split(".")))
    return key is not None and key.kind in (Kind.SECRET, Kind.SECRETS) and bool(key.of(config))


def _open_to_all(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False  # missing or hidden: reported when it is read
