"""Keeps transcripts in files of a folder, on an SD card that may be full, read-only, or lose its power.

Rules:
1. Each call opens what it needs and closes it again. So a deleted file takes no further line.
2. Each call holds the lock of the folder, so the daemon and `edged privacy purge` never work in it at once.
3. A write that fails leaves no half line. What a power cut has left at the end of a file is removed before the next
   line follows.
4. Only the owner of the folder and root can read the files. Links are not followed.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from edged.transcripts.day_files import DayFile, day_file, in_order, next_part, too_many, whole_lines
from edged.transcripts.ports import TranscriptsError

FOLDER = "transcripts"
LOCK_WITHIN_S = 5.0  # nobody holds it for longer than a write takes
LONGEST_LINE = 2**18  # bytes; 16,000 characters have less, however they are escaped
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
T = TypeVar("T")


class TranscriptFolder:
    """The files below the state folder. Any thread may call it."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER
        self.place = str(self._folder)

    def mend(self) -> None:
        def mend(folder: int) -> None:
            for each in _files(folder):
                with _opened(folder, each.name, 0) as file:
                    _mend(file)

        self._do(mend, None)

    def append(self, day: str, lines: Sequence[str]) -> None:
        data = "".join(f"{line}\n" for line in lines).encode()

        def append(folder: int) -> None:
            name = next_part(_files(folder), day)
            with _opened(folder, name, os.O_CREAT) as file:
                _mend(file)
                _append(file, data)
            os.fsync(folder)
            for each in too_many(_files(folder), name):
                _unlink(folder, each)

        with self._errors():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._do(append, None)

    def files(self) -> tuple[DayFile, ...]:
        return self._do(_files, ())

    def delete(self, names: Iterable[str]) -> tuple[str, ...]:
        wanted = frozenset(names)

        def delete(folder: int) -> tuple[str, ...]:
            found = [each.name for each in _files(folder) if each.name in wanted]
            for name in found:
                _unlink(folder, name)
            if found:
                os.fsync(folder)
            return tuple(found)

        return self._do(delete, ()) if wanted else ()

    def _do(self, call: Callable[[int], T], otherwise: T) -> T:
        """Call it with the folder, whose lock is held. Without a folder, return `otherwise`."""
        with self._errors():
            try:
                folder = os.open(self._folder, _FOLDER)
            except FileNotFoundError:
                return otherwise
            try:
                _lock(folder)
                return call(folder)
            finally:
                os.close(folder)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            at = f"{self.place}/{error.filename}" if _is_name(error.filename) else self.place
            raise TranscriptsError(f"{at}: {error.strerror or error}") from error


def _lock(folder: int) -> None:
    """Take the lock, which the end of the process or the close of the folder gives back. Raises OSError."""
    until_s = time.monotonic() + LOCK_WITHIN_S
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until_s:
                raise OSError(errno.EWOULDBLOCK, "another process works in this folder") from None
            time.sleep(0.02)
        else:
            return


def _unlink(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and "/" not in name


def _files(folder: int) -> tuple[DayFile, ...]:
    found = []
    for name in os.listdir(folder):
        with suppress(FileNotFoundError):
            of = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISREG(of.st_mode) and (known := day_file(name, of.st_size)):
                found.append(known)
    return tuple(in_order(found))


@contextmanager
def _opened(folder: int, name: str, flags: int) -> Iterator[int]:
    file = os.open(name, _FILE | flags, 0o600, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(f"{name} is not a file")
        yield file
    finally:
        os.close(file)


def _mend(file: int) -> None:
    """Cut the file after its last whole line."""
    size = os.fstat(file).st_size
    begin = max(0, size - LONGEST_LINE)
    tail = os.pread(file, LONGEST_LINE, begin)
    if begin:  # the first line of the tail may have begun before it
        first = tail.find(b"\n") + 1
        begin, tail = begin + first, tail[first:]
    whole = begin + whole_lines(tail)
    if whole < size:
        os.ftruncate(file, whole)
        os.fsync(file)


def _append(file: int, data: bytes) -> None:
    size = os.lseek(file, 0, os.SEEK_END)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    except OSError:
        with suppress(OSError):
            os.ftruncate(file, size)
        raise
