"""Makes the sound of a microphone louder or quieter, before anything else of edged hears it.

Rules:
1. At 0 dB the sound stays exactly as it is, and nothing is loaded.
2. Otherwise the limiter of the speaker's volume (volume.py) applies: sound that would not fit is bent, not cut. Sound
   at full scale stays at full scale, so an overload of the converter can still be recognised.
3. The gain comes after the echo canceller, which needs the sound as the microphone hears it.
"""

from collections.abc import Callable

from edged import pcm
from edged.audio.dsp import volume


class InputGain:
    """Stands before `hand`, which takes the blocks of a microphone on its thread."""

    def __init__(self, hand: Callable[[bytes], None]) -> None:
        self._hand = hand
        self._now = volume.Leveller(), 1.0  # replaced as one, because `hand` runs on another thread

    def set(self, gain_db: float, fmt: pcm.Format) -> None:
        """Apply this gain to blocks of `fmt` from the next one on. Loads numpy for any gain but 0.

        Raises:
            DeviceError: (memory_short) there is no memory for numpy.
        """
        if gain_db:
            volume.prepare()
        factor = factor_of(gain_db)
        self._now = volume.Leveller(factor, fmt), factor

    @property
    def factor(self) -> float:
        """The gain as a factor."""
        return self._now[1]

    def hand(self, block: bytes) -> None:
        """Take a block of whole samples, and pass it on with the gain."""
        leveller, factor = self._now
        self._hand(leveller.level(block, factor))


def factor_of(gain_db: float) -> float:
    """The factor for a gain; exactly 1 for 0 dB."""
    factor: float = 10 ** (gain_db / 20)
    return factor
