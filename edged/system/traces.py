"""Text files that grow within bounds: the newest `MOST_FILES` files of one name in one directory."""

import logging
import re
from pathlib import Path

from edged.files import to_write

log = logging.getLogger(__name__)

MOST_BYTES = 2**20  # per file: a day of a busy kiosk
MOST_FILES = 8


class Traces:
    """Appends text to NAME-0001.txt, NAME-0002.txt, … in `directory`, which is made if it is missing.

    `append` blocks as long as the disk does, so call it off the loop, one call at a time. It raises nothing. If the
    disk does not take the text, it is lost, and this is logged once.
    """

    def __init__(self, directory: Path, name: str, *, header: str = "") -> None:
        """Every file begins with `header`."""
        self._directory, self._name, self._header = directory, name, header
        self._pattern = re.compile(rf"{re.escape(name)}-(\d{{4,9}})\.txt")
        self._failing = False

    def append(self, text: str) -> None:
        """Add `text` to the newest file, or to a new one if that would become too large."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            numbers = self._numbers()
            number = numbers[-1] if numbers else 1
            if numbers and self._path(number).stat().st_size + len(text.encode()) > MOST_BYTES:
                number += 1
            with to_write(self._path(number), append=True) as file:
                file.write((text if file.tell() else self._header + text).encode())
            for old in self._numbers()[:-MOST_FILES]:
                self._path(old).unlink(missing_ok=True)
        except OSError as error:
            if not self._failing:
                log.warning(
                    "%s: %s; edged cannot record arrivals, and tries again after the next answer",
                    self._directory,
                    error.strerror,
                )
            self._failing = True
        else:
            self._failing = False

    def _numbers(self) -> list[int]:
        found = (self._pattern.fullmatch(path.name) for path in self._directory.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def _path(self, number: int) -> Path:
        return self._directory / f"{self._name}-{number:04}.txt"
