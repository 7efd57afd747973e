"""Decides at which of several microphones somebody speaks, by their levels. Pure.

Rules:
1. First everybody is quiet: that gives the noise of each microphone. Then somebody speaks.
2. A microphone has heard speech if its level was far above its noise for `SPOKEN_MS` in all. One with a loud noise that
   never changes hears nothing.
3. If several have heard it, it is the one that rose most, and by `CLEAR_DB` more than the next one. Otherwise nobody
   can know, and a person has to choose.
"""

from statistics import median

from edged.audio.capture.level_meter import NEVER_DBFS, WINDOW_MS, SoundLevel

RISES_DB = 12.0  # speech near a microphone is 20 to 40 dB above the noise of a room
LEAST_DBFS = -55.0  # less is not understood by any service
SPOKEN_MS = 800
CLEAR_DB = 6.0  # twice as near


class Spoken:
    """Collects the levels of the microphones, which have names."""

    def __init__(self) -> None:
        self._noise: dict[str, list[float]] = {}
        self._loud: dict[str, list[float]] = {}

    def quiet(self, name: str, level: SoundLevel) -> None:
        """A level while nobody speaks."""
        self._noise.setdefault(name, []).append(level.rms_dbfs)

    def heard(self, name: str, level: SoundLevel) -> None:
        """A level while somebody speaks."""
        floor = self.noise_dbfs(name)
        if level.rms_dbfs >= max(floor + RISES_DB, LEAST_DBFS):
            self._loud.setdefault(name, []).append(level.rms_dbfs - floor)

    def noise_dbfs(self, name: str) -> float:
        """The usual level of its noise."""
        levels = self._noise.get(name)
        return median(levels) if levels else NEVER_DBFS

    @property
    def fitting(self) -> list[str]:
        """The microphones that have heard speech, the one that rose most first."""
        least = SPOKEN_MS // WINDOW_MS
        rises = {name: sum(up) / len(up) for name, up in self._loud.items() if len(up) >= least}
        return sorted(rises, key=lambda name: -rises[name])

    @property
    def one(self) -> str | None:
        """The one that has heard speech, beyond doubt."""
        fitting = self.fitting
        if not fitting:
            return None
        if len(fitting) > 1 and self._rise(fitting[0]) - self._rise(fitting[1]) < CLEAR_DB:
            return None
        return fitting[0]

    def _rise(self, name: str) -> float:
        up = self._loud[name]
        return sum(up) / len(up)
