"""A few small facts that outlive the process, on an SD card that may be full, read-only or torn.

Rules:
1. A name holds the old content or the new, never half of either: written beside it, synced, renamed.
2. A disk that does not take it is told once, and `save` says so; edged goes on, and `load` gives what was last saved
   here.
3. What lies there and cannot be read as ours is told, stays until something is saved in its place, and is set aside
   then (`NAME.json.corrupt`). Until then, over restarts, it is known to be there (`unreadable`): it may have said
   anything. What is missing was never kept.
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

MOST_BYTES = 2**20  # ours are a few kilobytes; anything larger was not written by us
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Store(Protocol):
    """Facts by name. Both block as long as the disk does: call them off the loop. They raise nothing."""

    def load(self, name: str) -> dict[str, Any]:
        """What was last saved; empty when nothing was, or nothing can be read."""
        ...

    def unreadable(self, name: str) -> str:
        """Why `load` could not read what is there; empty: it could, or there was nothing."""
        ...

    def save(self, name: str, facts: dict[str, Any]) -> str:
        """Keep `facts` (what JSON can hold) in place of the last. On return they are on the disk.

        Returns why they are not, and will be forgotten at the end of the process; empty when they are.
        """
        ...


class FileStore:
    """A JSON file a name, in one directory; any thread may call."""

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
            except (FileNotFoundError, NotADirectoryError):  # the latter: there is no folder for it
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
                log.info("%s: state is kept again", self._directory)
            return ""

    def _path(self, name: str) -> Path:
        assert _NAME.fullmatch(name), name
        return self._directory / f"{name}.json"

    def _doubt(self, name: str, why: str) -> None:
        if name not in self._unreadable:
            log.warning("%s; it is set aside as %s.json.corrupt once another is saved", why, name)
        self._unreadable[name] = why

    def _fails(self, path: Path, error: OSError) -> str:
        why = f"{path}: {error.strerror or error}"
        if not self._failing:
            self._failing = True
            log.warning("%s; edged goes on, what changes is forgotten at its end", why)
        return why


class MemoryStore:
    """Forgets at the end of the process."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def load(self, name: str) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(self._kept.get(name, "{}"))
        return facts

    def unreadable(self, name: str) -> str:  # noqa: ARG002 nothing is read
        return ""

    def save(self, name: str, facts: dict[str, Any]) -> str:
        self._kept[name] = json.dumps(facts, allow_nan=False)
        return "nothing is kept where `state.dir` is empty"


def _facts(text: str) -> dict[str, Any]:
    facts = json.loads(text)
    if isinstance(facts, dict) and facts:
        return facts
    raise ValueError("not an object with something in it")


def _write(path: Path, text: str, *, aside: bool) -> None:
    """`aside`: what is there now is set aside, once the new content is safe."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.unlink(missing_ok=True)  # of a write that was torn; whatever it is, it is not opened
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
    """The rename itself must outlive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _set_aside(path: Path) -> None:
    """Whatever it is. A second name for it first, so that there is no moment without any; a folder can have none.

    What cannot be set aside may still be replaced. Where a folder cannot, who replaces it learns of it.
    """
    aside = path.with_name(f"{path.name}.corrupt")
    with suppress(OSError):
        aside.unlink(missing_ok=True)
    with suppress(OSError):
        if stat.S_ISDIR(path.lstat().st_mode):
            path.replace(aside)
        else:
            os.link(path, aside, follow_symlinks=False)
