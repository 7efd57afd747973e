"""Keeps a few small facts over restarts, on an SD card that may be full, read-only or damaged.

Rules:
1. A name holds either its old content or its new content, never a mix. The new file is written beside the old one,
   synced, and renamed.
2. If the disk does not take it, this is logged once, and `save` returns the reason. edged goes on, and `load` returns
   what was last saved here.
3. A file that cannot be read is reported. It stays until something is saved in its place, and is then set aside
   (`NAME.json.corrupt`). Until then, even over restarts, `unreadable` reports it, because it may have contained
   anything. A missing file means that nothing was ever saved.
"""

import json
import logging
import os
import re
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from edged.files import read

log = logging.getLogger(__name__)

MOST_BYTES = 2**20  # our files have a few kilobytes; anything larger was not written by edged
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Store(Protocol):
    """Facts by name. The methods block as long as the disk does, so call them off the loop. They raise nothing."""

    def load(self, name: str) -> dict[str, Any]:
        """Return what was last saved; empty if nothing was saved, or nothing can be read."""
        ...

    def unreadable(self, name: str) -> str:
        """Return why `load` could not read the file; empty if it could, or if there was none."""
        ...

    def save(self, name: str, facts: dict[str, Any]) -> str:
        """Save `facts` (any JSON object) in place of the last ones. On return they are on the disk.

        If they are not, returns the reason; they will be forgotten at the end of the process. Returns "" on success.
        """
        ...


class FileStore:
    """One JSON file per name, all in one directory. Any thread may call it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kept: dict[str, str] = {}
        self._unreadable: dict[str, str] = {}
        self._lock = threading.Lock()
        self._failing = False

    def load(self, name: str) -> dict[str, Any]:
        path = self._path(name)
        with self._lock:
            try:
                if name in self._kept:
                    facts: dict[str, Any] = json.loads(self._kept[name])
                    return facts
                return _facts(read(path, MOST_BYTES).decode())
            except (FileNotFoundError, NotADirectoryError):  # the latter: the directory does not exist
                pass
            except OSError as error:
                self._doubt(name, f"{path}: {error.strerror or error}")
            except (ValueError, RecursionError) as error:
                self._doubt(name, f"{path}: {error}")
            return {}

    def unreadable(self, name: str) -> str:
        return self._unreadable.get(name, "")

    def save(self, name: str, facts: dict[str, Any]) -> str:
        path = self._path(name)
        text = json.dumps(facts, ensure_ascii=False, allow_nan=False, indent=1)
        with self._lock:
            self._kept[name] = text
            try:
                self._directory.mkdir(parents=True, exist_ok=True)
                _write(path, text, aside=name in self._unreadable)
            except OSError as error:
                return self._fails(path, error)
            self._unreadable.pop(name, None)
            if self._failing:
                self._failing = False
                log.info("%s: state is saved again", self._directory)
            return ""

    def _path(self, name: str) -> Path:
        assert _NAME.fullmatch(name), name
        return self._directory / f"{name}.json"

    def _doubt(self, name: str, why: str) -> None:
        if name not in self._unreadable:
            log.warning("%s; the next save renames that file to %s.json.corrupt", why, name)
        self._unreadable[name] = why

    def _fails(self, path: Path, error: OSError) -> str:
        why = f"{path}: {error.strerror or error}"
        if not self._failing:
            self._failing = True
            log.warning("%s; edged goes on, but when it ends, it loses what it could not save", why)
        return why


class MemoryStore:
    """Forgets everything at the end of the process."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def load(self, name: str) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(self._kept.get(name, "{}"))
        return facts

    def unreadable(self, name: str) -> str:  # noqa: ARG002 nothing is read
        return ""

    def save(self, name: str, facts: dict[str, Any]) -> str:
        self._kept[name] = json.dumps(facts, allow_nan=False)
        return "nothing is saved, because `state.dir` names no folder that edged may write to"


def _facts(text: str) -> dict[str, Any]:
    facts = json.loads(text)
    if isinstance(facts, dict) and facts:
        return facts
    raise ValueError("not a JSON object, or an empty one")


def _write(path: Path, text: str, *, aside: bool) -> None:
    """Write the file. With `aside`, the present file is set aside once the new content is safe."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.unlink(missing_ok=True)  # left over from an interrupted write; unlinked without opening it
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(beside, flags, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        if aside:
            _set_aside(path)
        beside.replace(path)
        _sync(path.parent)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def _sync(directory: Path) -> None:
    """Sync the directory, so that the rename survives a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _set_aside(path: Path) -> None:
    """Set aside whatever is at `path`. A file first gets a second name, so that it always has one; a folder cannot.

    If this fails, the caller may still replace the file. If it is a folder, replacing it raises OSError.
    """
    aside = path.with_name(f"{path.name}.corrupt")
    with suppress(OSError):
        aside.unlink(missing_ok=True)
    with suppress(OSError):
        if stat.S_ISDIR(path.lstat().st_mode):
            path.replace(aside)
        else:
            os.link(path, aside, follow_symlinks=False)
