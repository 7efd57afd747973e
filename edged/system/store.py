"""A few small facts that outlive the process, on an SD card that may be full, read-only or torn.

Rules:
1. A name holds the old content or the new, never half of either: written beside it, synced, renamed.
2. A disk that does not take it is told once; edged goes on, and `load` gives what was last saved here.
3. A file that can not be read as ours is set aside (`NAME.json.corrupt`), told, and begun anew.
"""

import json
import logging
import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

log = logging.getLogger(__name__)

MOST_BYTES = 2**20  # ours are a few kilobytes; anything larger was not written by us
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Store(Protocol):
    """Facts by name. Both block as long as the disk does: call them off the loop. They raise nothing."""

    def load(self, name: str) -> dict[str, Any]:
        """What was last saved; empty when nothing was, or nothing can be read."""
        ...

    def save(self, name: str, facts: dict[str, Any]) -> None:
        """Keep `facts` (what JSON can hold) in place of the last; on the disk, if it works, on return."""
        ...


class FileStore:
    """A JSON file a name, in one directory; any thread may call."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kept: dict[str, str] = {}
        self._lock = threading.Lock()
        self._failing = False

    def load(self, name: str) -> dict[str, Any]:
        path = self._path(name)
        with self._lock:
            try:
                return _facts(self._kept[name] if name in self._kept else _read(path))
            except FileNotFoundError:
                pass
            except OSError as error:
                self._fails(path, error)
            except (ValueError, RecursionError) as error:
                _set_aside(path, error)
            return {}

    def save(self, name: str, facts: dict[str, Any]) -> None:
        path = self._path(name)
        text = json.dumps(facts, ensure_ascii=False, allow_nan=False, indent=1)
        with self._lock:
            self._kept[name] = text
            try:
                self._directory.mkdir(parents=True, exist_ok=True)
                _write(path, text)
            except OSError as error:
                self._fails(path, error)
                return
            if self._failing:
                self._failing = False
                log.info("%s: state is kept again", self._directory)

    def _path(self, name: str) -> Path:
        assert _NAME.fullmatch(name), name
        return self._directory / f"{name}.json"

    def _fails(self, path: Path, error: OSError) -> None:
        if not self._failing:
            self._failing = True
            log.warning("%s: %s; edged goes on, what changes is forgotten at its end", path, error.strerror)


class MemoryStore:
    """Forgets at the end of the process."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def load(self, name: str) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(self._kept.get(name, "{}"))
        return facts

    def save(self, name: str, facts: dict[str, Any]) -> None:
        self._kept[name] = json.dumps(facts, allow_nan=False)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError("too large to be ours")
    return content.decode()


def _facts(text: str) -> dict[str, Any]:
    facts = json.loads(text)
    if isinstance(facts, dict):
        return facts
    raise ValueError("not an object")


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        beside.replace(path)
        _sync(path.parent)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def _sync(directory: Path) -> None:
    """The rename itself must outlive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _set_aside(path: Path, error: Exception) -> None:
    aside = path.with_name(f"{path.name}.corrupt")
    log.warning("%s can not be read (%s): set aside as %s, begun anew", path, error, aside.name)
    with suppress(OSError):
        path.replace(aside)
