"""What a set-up changes: which files, and how. The result is checked as a whole before anything is written. Blocks.

Rules:
1. A setting changes in the file where its value counts: in the last file of conf.d that has it, or else in the file
   itself. A setting that already has the wanted value changes nothing.
2. What cannot be changed in a file, because a variable of the environment overrides it, is an error.
3. The files as they would be are loaded and checked like any configuration. A fault in them is an error, and then
   nothing was written.
"""

import difflib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edged.config import Config, Loaded, Value, edited, files_of, has, load
from edged.config.document import MOST_BYTES
from edged.config.keys import KEYS
from edged.errors import ConfigError, UsageError
from edged.files import NotAFileError, beginning, opened, replaced, to_write

SAMPLE = "share/edged/config.yaml"  # of a release
_LINES = re.compile(r"^(.*?):\d+:\d+: ")
_CHECKOUT = Path(__file__).parents[2] / "config.yaml"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file; `before` is None if it is new."""

    path: Path
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes, and the configuration that they lead to."""

    changes: tuple[FileChange, ...]
    loaded: Loaded

    @property
    def config(self) -> Config:
        return self.loaded.config

    def diff(self) -> Iterator[str]:
        """The changes as lines of a diff. No secret is among them: the key has a file of its own."""
        for change in self.changes:
            before = (change.before or "").splitlines()
            name = f"{change.path} (new)" if change.before is None else str(change.path)
            yield from difflib.unified_diff(
                before, change.after.splitlines(), name, f"{change.path} (changed)", n=1, lineterm=""
            )

    def write(self, stamp: str) -> list[Path]:
        """Write all files or none; the backups of those that were there. `stamp` is in their names. Raises OSError."""
        done: dict[Path, Path | None] = {}
        try:
            for change in self.changes:
                change.path.parent.mkdir(parents=True, exist_ok=True)
                backup = change.path.with_name(f"{change.path.name}.{stamp}.bak")
                replaced(change.path, change.after.encode(), backup)
                done[change.path] = backup if change.before is not None else None
        except OSError:
            for path, kept in done.items():
                with suppress(OSError):
                    _put_back(path, kept)
            raise
        return [backup for backup in done.values() if backup is not None]


def _put_back(path: Path, kept: Path | None) -> None:
    if kept is None:
        path.unlink()
        return
    with opened(kept) as file:
        replaced(path, file.read())
    kept.unlink()


def plan(
    path: Path,
    settings: Mapping[str, Value],
    env: Mapping[str, str],
    notes: Mapping[str, str] | None = None,
) -> Plan:
    """What these settings change. `notes`: comments for settings that are added. Raises ConfigError."""
    texts = {file: _text(file) for file in files_of(path)} if path.exists() else {path: None}
    wanted = {name: value for name, value in settings.items() if not _has_already(path, name, value, env)}
    of: dict[Path, dict[str, Value]] = {}
    for name, value in wanted.items():
        holders = [
            file for file, text in texts.items() if text is not None and has(text, str(file), name)
        ] or [path]
        of.setdefault(holders[-1], {})[name] = value
    if texts[path] is None:
        of.setdefault(path, {})
    changes = []
    for file, values in of.items():
        before = texts[file]
        base = _sample() if before is None else before
        changes.append(FileChange(file, before, edited(base, str(file), values, notes)))
    loaded = _loaded(path, texts, changes, env)
    problems = [
        f"{loaded.origins[name]}: {name}: has another value there, which counts (remove it there, and try again)"
        for name, value in wanted.items()
        if _value(loaded.config, name) != value
    ]
    if problems:
        raise ConfigError(problems)
    return Plan(tuple(changes), loaded)


def _has_already(path: Path, name: str, value: Value, env: Mapping[str, str]) -> bool:
    return path.exists() and _value(load(path, env=env).config, name) == value


def _value(config: Config, name: str) -> object:
    return KEYS[tuple(name.split("."))].of(config)


def _loaded(
    path: Path, texts: Mapping[Path, str | None], changes: list[FileChange], env: Mapping[str, str]
) -> Loaded:
    """The configuration as it would be, from copies of the files."""
    after = {file: text or "" for file, text in texts.items()} | {each.path: each.after for each in changes}
    with tempfile.TemporaryDirectory(prefix="edged-setup-") as folder:
        copy = Path(folder) / path.name
        for file, text in after.items():
            place = copy.parent / os.path.relpath(file, path.parent)
            place.parent.mkdir(exist_ok=True)
            with to_write(place) as opened:
                opened.write(text.encode())
        here, there = f"{folder}/", f"{path.parent}/" if str(path.parent) != "." else ""
        try:
            loaded = load(copy, env=env)
        except ConfigError as error:
            if path.exists():
                load(path, env=env)  # a fault that is there already has its own place
            # No file has these lines yet.
            raise ConfigError(
                [_LINES.sub(r"\1: ", each.replace(here, there)) for each in error.problems]
            ) from None
    origins = {name: origin.replace(here, there) for name, origin in loaded.origins.items()}
    return Loaded(loaded.config, origins, loaded.classes, loaded.warnings)


def _text(path: Path) -> str:
    try:
        return beginning(path, MOST_BYTES).decode("utf-8-sig")
    except NotAFileError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error} (use sudo)") from error
    except UnicodeDecodeError:
        raise ConfigError([f"{path}:1:1: not UTF-8 (save the file as UTF-8)"]) from None


def _sample() -> str:
    """The file with every setting and its comments."""
    for sample in (Path(sys.prefix) / SAMPLE, _CHECKOUT):
        if sample.is_file():
            return sample.read_text("utf-8")
    return "version: 1\n"
