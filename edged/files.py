"""The one way to open a file: whatever lies at its path, it hangs and ends nothing.

Rules:
1. Only a regular file is read. A FIFO waits for a writer, a terminal for a person, some devices act on being opened, so
   anything else is refused before it is opened, and once more when it is open: it may have been exchanged meanwhile.
2. Every read is bounded. The size that a file tells is no bound: files in /proc and /sys tell 0.
3. What is wrong is an OSError whose `strerror` says what lies there and what to do about it.

Not here: what a file means, and whether it may be missing.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_SINKS = (os.makedev(1, 3), os.makedev(1, 7))  # /dev/null and /dev/full on Linux: they never wait


class NotAFileError(OSError):
    """Something else lies where a file is wanted; `strerror` holds the remedy."""

    def __init__(self, kind: str, path: Path) -> None:
        why = f"it is {kind}, not a file (put a file in its place)"
        super().__init__(errno.EISDIR if kind == "a directory" else errno.EINVAL, why, str(path))


class TooLargeError(OSError):
    """A file is larger than anything it may be."""

    def __init__(self, most_bytes: int, path: Path) -> None:
        why = f"it has more than {most_bytes} bytes (is it the right file?)"
        super().__init__(errno.EFBIG, why, str(path))


def opened(path: Path) -> BinaryIO:
    """A regular file, open to be read. Raises OSError."""
    _refuse_others(path)
    return os.fdopen(_checked(path, _open(path, _READ)), "rb")


def beginning(path: Path, most_bytes: int) -> bytes:
    """The first `most_bytes` of a file, or all of it. Raises OSError."""
    with opened(path) as file:
        found: bytes | None = file.read(most_bytes)
    if found is None:  # some files of /proc wait for news
        raise OSError(errno.EAGAIN, "it has nothing to read yet (is it the right file?)", str(path))
    return found


def read(path: Path, most_bytes: int) -> bytes:
    """All of a file. Raises OSError, also for one that is larger."""
    found = beginning(path, most_bytes + 1)
    if len(found) > most_bytes:
        raise TooLargeError(most_bytes, path)
    return found


def to_write(path: Path, *, append: bool = False) -> BinaryIO:
    """A regular file, made where there is none and else emptied, open to be written. Raises OSError.

    `append`: what is there stays, and what is written goes behind it. /dev/null and /dev/full serve, too.
    """
    _refuse_others(path, writing=True)
    descriptor = _checked(path, _open(path, _WRITE | (os.O_APPEND if append else 0)), writing=True)
    file = os.fdopen(descriptor, "ab" if append else "wb")
    if not append and stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.truncate(0)
    return file


def _open(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags, 0o666)
    except ValueError as error:  # a zero byte, or what is no text
        raise _no_path(path) from error


def _refuse_others(path: Path, *, writing: bool = False) -> None:
    """Refuse what is there and is no file, unopened."""
    try:
        found = os.stat(path)  # noqa: PTH116 its ValueError, too
    except FileNotFoundError:
        if not writing:
            raise
    except ValueError as error:
        raise _no_path(path) from error
    else:
        _refuse_other(path, found, writing=writing)


def _checked(path: Path, descriptor: int, *, writing: bool = False) -> int:
    """The same descriptor, which is closed where it is none of a file."""
    try:
        _refuse_other(path, os.fstat(descriptor), writing=writing)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_other(path: Path, found: os.stat_result, *, writing: bool) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    if writing and stat.S_ISCHR(found.st_mode) and found.st_rdev in _SINKS:
        return
    raise NotAFileError(next((kind for fits, kind in _KINDS if fits(found.st_mode)), "something else"), path)


def _no_path(path: Path) -> OSError:
    return OSError(errno.EINVAL, "the path holds what no path can (a zero byte?)", repr(path))
