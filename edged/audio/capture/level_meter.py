"""How loud the sound of a microphone is: a level for each tenth of a second, the peak, and the noise floor. Pure.

Rules:
1. Levels are relative to full scale: the root mean square to that of a full-scale sine (0 dBFS), the peak to the
   largest number. The offset of a cheap converter does not count.
2. The peak is held for `HOLD_S`. The noise floor is the level that is exceeded nine tenths of the time, over `FLOOR_S`.
3. Only figures leave this module, never sound.
"""

from array import array
from collections import deque
from dataclasses import dataclass
from math import log10, sqrt

from edged import pcm

NEVER_DBFS = -100.0  # below the last bit
WINDOW_MS = 100
HOLD_S = 2.0
FLOOR_S = 10.0
_FLOOR_SHARE = 10  # the floor is the level that one in so many windows stays below


@dataclass(frozen=True, slots=True)
class SoundLevel:
    """The level of one window of sound."""

    rms_dbfs: float
    peak_dbfs: float
    clipped: bool
    """Whether a sample is at full scale."""


class LevelMeter:
    """Measures windows of `WINDOW_MS`. Use it in one thread."""

    def __init__(self, fmt: pcm.Format = pcm.PCM16) -> None:
        self._window_bytes = fmt.bytes_of(WINDOW_MS)
        self._rest = b""

    def feed(self, sound: bytes) -> list[SoundLevel]:
        """The levels of the windows that this sound completes."""
        sound, size = self._rest + sound, self._window_bytes
        whole = len(sound) - len(sound) % size
        self._rest = sound[whole:]
        return [measured(sound[at : at + size]) for at in range(0, whole, size)]


def measured(sound: bytes) -> SoundLevel:
    """The level of this sound, which is whole samples of PCM16."""
    samples = array("h", sound).tolist()
    if not samples:
        return SoundLevel(NEVER_DBFS, NEVER_DBFS, clipped=False)
    mean = sum(samples) / len(samples)
    rms = sqrt(sum((each - mean) ** 2 for each in samples) / len(samples))
    low, high = min(samples), max(samples)
    largest = max(high - mean, mean - low)
    clipped = high >= pcm.FULL_SCALE or low <= -pcm.FULL_SCALE
    return SoundLevel(_dbfs(rms * sqrt(2)), _dbfs(largest), clipped)


class LevelHistory:
    """What the last levels say together. `add` each of them."""

    def __init__(self) -> None:
        per_s = 1000 / WINDOW_MS
        self._peaks: deque[float] = deque(maxlen=round(HOLD_S * per_s))
        self._levels: deque[float] = deque(maxlen=round(FLOOR_S * per_s))
        self.loudest_dbfs = NEVER_DBFS
        """The loudest level of all."""
        self.clipped = 0
        """How many windows had samples at full scale."""

    def add(self, level: SoundLevel) -> None:
        self._peaks.append(level.peak_dbfs)
        self._levels.append(level.rms_dbfs)
        self.loudest_dbfs = max(self.loudest_dbfs, level.rms_dbfs)
        self.clipped += level.clipped

    @property
    def peak_dbfs(self) -> float:
        """The highest peak of the last `HOLD_S`."""
        return max(self._peaks, default=NEVER_DBFS)

    @property
    def floor_dbfs(self) -> float:
        """The noise floor: the level of the quietest moments."""
        levels = sorted(self._levels)
        return levels[len(levels) // _FLOOR_SHARE] if levels else NEVER_DBFS


def _dbfs(amplitude: float) -> float:
    return round(max(NEVER_DBFS, 20 * log10(max(amplitude, 1e-3) / pcm.FULL_SCALE)), 1)
