"""Lends the level of the microphone to clients that ask for it: figures ten times a second, and never sound.

Rules:
1. Nothing is measured while nobody wants the levels.
2. The device is not opened for it: a microphone that is muted, or runs only for a press, has no level meanwhile.
3. The level is that of the sound as edged uses it: with its gain, and after the echo canceller. While an answer plays,
   a microphone may deliver nothing.
"""

import asyncio
from collections.abc import Callable

from edged import pcm
from edged.audio.capture.intake import Intake
from edged.audio.capture.level_meter import LevelMeter, SoundLevel


class Levels:
    """`publish` receives each level on the loop, as an event (docs/control-socket.md)."""

    def __init__(self, intake: Intake, publish: Callable[[dict[str, object]], None]) -> None:
        self._intake, self._publish = intake, publish
        self._loop = asyncio.get_running_loop()
        self._meter, self._fmt = LevelMeter(), pcm.PCM16

    def want(self, wanted: bool) -> None:  # noqa: FBT001 a switch
        """Begin or end to measure. Call it on the loop."""
        self._intake.on_heard = self._heard if wanted else None

    def _heard(self, block: bytes, fmt: pcm.Format) -> None:
        """On the device's thread."""
        if fmt != self._fmt:
            self._meter, self._fmt = LevelMeter(fmt), fmt
        for level in self._meter.feed(block):
            try:
                self._loop.call_soon_threadsafe(self._say, level)
            except RuntimeError:  # the loop is closed
                return

    def _say(self, level: SoundLevel) -> None:
        figures = {"rms_dbfs": level.rms_dbfs, "peak_dbfs": level.peak_dbfs, "clipped": level.clipped}
        self._publish({"event": "level", **figures})
