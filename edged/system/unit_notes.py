"""Notes for other units of systemd: small files in the folders that the unit of edged provides."""

from contextlib import suppress
from pathlib import Path
from typing import Protocol

from edged.files import read, to_write

LOCAL, RESCUE = "local", "rescue"


class Notes(Protocol):
    def put(self, name: str, text: str) -> None:
        """Keep the text under this name. May block; raises nothing: nobody can mend a note, and edged needs none."""
        ...


class NullNotes:
    """Outside systemd nobody reads them."""

    def put(self, name: str, text: str) -> None:
        """Does nothing."""


class NoteFiles:
    """`runtime` is emptied when the machine starts; `state` stays. An empty folder is none.

    What is written in `runtime` is noticed at once, also if it says the same as before.
    """

    def __init__(self, runtime: str, state: str) -> None:
        self._folders = {LOCAL: (runtime, state), RESCUE: (state,)}
        self._runtime = runtime

    def put(self, name: str, text: str) -> None:
        """Write the file. If it says the same already, it is not written again in `state`, to spare the disk."""
        for folder in filter(None, self._folders[name]):
            if folder == self._runtime or _content(Path(folder) / name) != text.encode():
                self._write(Path(folder) / name, text)

    def _write(self, path: Path, text: str) -> None:
        with suppress(OSError):
            new = path.with_name(f".{path.name}.new")
            with to_write(new) as file:
                file.write(text.encode())
            new.replace(path)


def _content(path: Path) -> bytes | None:
    try:
        return read(path, 2**16)
    except OSError:
        return None
