"""The slate as a file in memory: in the folder for what lasts as long as the machine runs (/run).

Rules:
1. A write replaces the file with one rename. A process that is killed meanwhile leaves the old file, or the new one.
2. The moment of the last beat stands at the beginning, and is written in place.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from edged.files import read

FILE = "usage.json"
MOST_BYTES = 2**22
_BEAT = "%020d\n"


class SlateFile:
    """A file in a folder. All on the loop."""

    lasts = True

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._descriptor = -1

    def read(self) -> dict[str, Any]:
        try:
            beat, _, rest = read(self._path, MOST_BYTES).decode().partition("\n")
            facts = json.loads(rest)
            return {**facts, "beat_ms": int(beat)} if isinstance(facts, dict) else {}
        except (OSError, ValueError, RecursionError):
            return {}

    def write(self, facts: dict[str, Any], beat_ms: int) -> None:
        beside = self._path.with_name(f".{FILE}.new")
        text = _BEAT % beat_ms + json.dumps(facts, ensure_ascii=True, allow_nan=False)
        with suppress(OSError):
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            descriptor = os.open(beside, flags, 0o600)
            try:
                _whole(descriptor, text.encode())
                beside.replace(self._path)
            except OSError:
                os.close(descriptor)
                raise
            self._use(descriptor)

    def beat(self, beat_ms: int) -> None:
        if self._descriptor >= 0:
            with suppress(OSError):
                os.pwrite(self._descriptor, (_BEAT % beat_ms).encode(), 0)

    def _use(self, descriptor: int) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = descriptor


def _whole(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
