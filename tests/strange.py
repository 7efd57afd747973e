"""Things other than files at the path of a file: every kind that makes a program hang or end when it opens the path."""

import os
import pty
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STRANGE = {
    "FIFO": "it is a FIFO, not a file",
    "socket": "it is a socket, not a file",
    "directory": "it is a directory, not a file",
    "endless device": "it is a device, not a file",
    "terminal": "it is a device, not a file",
}
"""Each kind, and the error for it."""


@contextmanager
def strange(kind: str, path: Path) -> Iterator[Path]:
    """Put one thing of this kind at `path` while the context lasts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _made(kind, path):
        yield path


@contextmanager
def _made(kind: str, path: Path) -> Iterator[None]:
    match kind:
        case "FIFO":
            os.mkfifo(path)
            yield
        case "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                here = os.getcwd()  # noqa: PTH109 the path of a socket must be short
                os.chdir(path.parent)
                try:
                    listening.bind(path.name)
                finally:
                    os.chdir(here)
                listening.listen()
                yield
        case "directory":
            path.mkdir()
            yield
        case "endless device":
            path.symlink_to("/dev/zero")
            yield
        case _:
            ours, theirs = pty.openpty()
            try:
                path.symlink_to(os.ttyname(theirs))
                yield
            finally:
                os.close(ours)
                os.close(theirs)
