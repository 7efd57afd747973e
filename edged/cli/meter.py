"""Draws the level of a microphone: a line that moves on a terminal, and a line for each second anywhere else."""

import json
import sys
from collections.abc import Iterable
from types import TracebackType

from edged.audio.capture.level_bar import bar
from edged.audio.capture.level_meter import WINDOW_MS, LevelHistory, SoundLevel
from edged.cli.screen import LiveLine, is_live

WIDTH = 40
PER_LINE = 1000 // WINDOW_MS


class Meter:
    """Shows levels until the end of the block."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.history = LevelHistory()
        self._as_json = as_json
        self._live = LiveLine(sys.stdout) if is_live(sys.stdout) and not as_json else None
        self._count = 0

    def __enter__(self) -> "Meter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.clear()

    def show(self, levels: Iterable[SoundLevel]) -> None:
        """Show these levels, one after the other."""
        for level in levels:
            self.history.add(level)
            self._count += 1
            if self._live is not None:
                self._live.show(drawn(level, self.history))
            elif self._as_json:
                figures = {"rms_dbfs": level.rms_dbfs, "peak_dbfs": level.peak_dbfs, "clipped": level.clipped}
                print(json.dumps({**figures, "floor_dbfs": self.history.floor_dbfs}), flush=True)
            elif self._count % PER_LINE == 0:
                print(words(level, self.history), flush=True)


def words(level: SoundLevel, history: LevelHistory) -> str:
    """The level in words."""
    clipped = ", clipped" if level.clipped else ""
    return (
        f"level {level.rms_dbfs:6.1f} dBFS, peak {history.peak_dbfs:6.1f} dBFS,"
        f" noise floor {history.floor_dbfs:6.1f} dBFS{clipped}"
    )


def drawn(level: SoundLevel, history: LevelHistory) -> str:
    """The level as a bar, with a mark for the peak that is held."""
    clipped = " clipped" if level.clipped else ""
    return (
        f"{bar(level, history, WIDTH)}  peak {history.peak_dbfs:6.1f}"
        f"  floor {history.floor_dbfs:6.1f}{clipped}"
    )
