"""Puts the metrics into a file that node-exporter reads. The methods block: call them off the loop.

Rules:
1. A reader finds the old text or the new one, never a part: the new file is renamed over the old one. It is not synced.
   What a power cut destroys is written again at the next start, and syncing would wear out the card.
2. Everybody may read it (0644), because node-exporter is another user.
3. At a clean end the file is removed: figures that nobody keeps up to date would look like those of a running kiosk. A
   companion that was killed leaves it behind, and its age tells (`node_textfile_mtime_seconds`).
4. A folder that cannot be written is reported once. Each later write is another try.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

MODE = 0o644


class MetricsTextfile:
    """The file at `path`, whose name ends with `.prom`."""

    def __init__(self, path: Path) -> None:
        self.failures = 0
        self._path = path
        # The collector reads only what ends with .prom
        self._beside = path.with_name(f".{path.name}.new")
        self._failing = self._written = False

    def __str__(self) -> str:
        return str(self._path)

    def write(self, text: bytes) -> None:
        """Write the file. Raises nothing."""
        try:
            self._write(text)
        except OSError as error:
            with suppress(OSError):
                self._beside.unlink(missing_ok=True)
            self.failures += 1
            if not self._failing:
                log.warning(
                    "%s: %s; the companion tries again",
                    self._path,
                    error.strerror or error,
                    extra={"edged": {"cause": "textfile_unwritable"}},
                )
            self._failing = True
            return
        self._written = True
        if self._failing:
            self._failing = False
            log.info("%s is written again", self._path)

    def remove(self) -> None:
        """Remove the file that was written. Raises nothing."""
        if self._written:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _write(self, text: bytes) -> None:
        self._beside.unlink(missing_ok=True)  # left over from a killed companion; unlinked without opening it
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._beside, flags, MODE)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, MODE)  # whatever the umask is
            file.write(text)
        self._beside.replace(self._path)
