"""The one way to open a file. Whatever is at the path, opening it never hangs and never ends the process.

Rules:
1. Only a regular file is read. A FIFO waits for a writer, a terminal waits for a person, and opening some devices has
   side effects. So anything else is refused before it is opened. The open file is checked again, because somebody may
   have replaced it in between.
2. Every read is bounded. The size that a file reports is no bound: files in /proc and /sys report 0.
3. An error is an OSError. Its `strerror` says what is at the path and what to do about it.

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
_SINKS = (os.makedev(1, 3), os.makedev(1, 7))  # /dev/null and /dev/full on Linux: writing to them never waits


class NotAFileError(OSError):
    """The path leads to something that is not a file; `strerror` holds the remedy."""

    def __init__(self, kind: str, path: Path) -> None:
        words = f"it is {kind}, not a file (put a file in its place)"
        super().__init__(errno.EISDIR if kind == "a directory" else errno.EINVAL, words, str(path))


class TooLargeError(OSError):
    """The file is larger than any file for this purpose may be."""

    def __init__(self, most_bytes: int, path: Path) -> None:
        words = f"it has more than {most_bytes} bytes (is it the right file?)"
        super().__init__(errno.EFBIG, words, str(path))


def opened(path: Path) -> BinaryIO:
    """Open a regular file for reading. Raises OSError."""
    _refuse_others(path)
    return os.fdopen(_checked(path, _open(path, _READ)), "rb")


def beginning(path: Path, most_bytes: int) -> bytes:
    """Return the first `most_bytes` of a file, or all of a shorter file. Raises OSError."""
    with opened(path) as file:
        found: bytes | None = file.read(most_bytes)
    if found is None:  # some files of /proc wait until there is news
        raise OSError(errno.EAGAIN, "it has nothing to read yet (is it the right file?)", str(path))
    return found


def read(path: Path, most_bytes: int) -> bytes:
    """Return all of a file. Raises OSError, also for a larger file."""
    found = beginning(path, most_bytes + 1)
    if len(found) > most_bytes:
        raise TooLargeError(most_bytes, path)
    return found


def to_write(path: Path, *, append: bool = False) -> BinaryIO:
    """Open a regular file for writing; create it if it is missing, else empty it. Raises OSError.

    `append` keeps the present content and writes after it. /dev/null and /dev/full are accepted, too.
    """
    _refuse_others(path, writing=True)
    descriptor = _checked(path, _open(path, _WRITE | (os.O_APPEND if append else 0)), writing=True)
    file = os.fdopen(descriptor, "ab" if append else "wb")
    if not append and stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.truncate(0)
    return file


def replaced(path: Path, data: bytes, backup: Path | None = None) -> None:
    """Put this content in place of a file, in one step, with the owner and the mode of the file. Raises OSError.

    `backup`: keep the content as it was under this name. A file that was missing belongs to this user alone.
    """
    path = Path(os.path.realpath(path))
    fresh = path.with_name(f".{path.name}.new")
    try:
        of = path.stat()
    except FileNotFoundError:
        of = None
    old_mask = os.umask(0o077)
    try:
        if backup is not None and of is not None:
            with opened(path) as present:
                _written(backup, present.read(), of)
        _written(fresh, data, of)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    finally:
        os.umask(old_mask)


def _written(path: Path, data: bytes, of: os.stat_result | None) -> None:
    with to_write(path) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if of is not None:
        os.chown(path, of.st_uid, of.st_gid)
        path.chmod(of.st_mode & 0o7777)


def _open(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags, 0o666)
    except ValueError as error:  # the path contains a zero byte, or is not valid text
        raise _no_path(path) from error


def _refuse_others(path: Path, *, writing: bool = False) -> None:
    """Refuse anything that exists and is not a file, without opening it."""
    try:
        found = os.stat(path)  # noqa: PTH116 its ValueError is handled, too
    except FileNotFoundError:
        if not writing:
            raise
    except ValueError as error:
        raise _no_path(path) from error
    else:
        _refuse_other(path, found, writing=writing)


def _checked(path: Path, descriptor: int, *, writing: bool = False) -> int:
    """Return the same descriptor. Closes it and raises if it does not refer to a file."""
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
    return OSError(errno.EINVAL, "no path can look like this (does it contain a zero byte?)", repr(path))
