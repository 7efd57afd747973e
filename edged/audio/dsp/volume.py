"""The volume from 0 to 100 as people hear it, and how sound is made louder without clipping.

Rules:
1. At 50, sound is exactly as the service sent it. Twice the number sounds twice as loud to most people (10
   dB), half the number half as loud; 0 is silence. (Loudness doubles with every 10 dB: Stevens' law, ISO
   532.)
2. Sound that would not fit is compressed, not cut. Up to `KNEE` of full scale nothing changes. Above it,
   the sound follows a curve that gives full scale for full scale at the input. So nothing can overflow.
3. The curve is applied to the loudest sample so far, which is slowly forgotten (`FORGET_S`). At the onset
   of loud sound it acts within one wave; after that it is a gain that hardly moves. So there are no flat
   tops, and no breathing between syllables. It looks at no sample ahead of time, and adds no delay.
4. A change of volume is a ramp of `RAMP_MS`, so that it does not click.

Not here: which sound is a cue and which an answer, and threads. numpy is imported by the first sound that
is changed.
"""

from math import log10
from typing import TYPE_CHECKING

from edged import arrays, pcm

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]

AS_SENT = 50
LOUDEST = 100
TWICE_DB = 10.0
# A share of full scale. Speech at the usual -20 dBFS stays below it up to a volume of about 80.
KNEE = 0.5
# 8.7 dB a second: slower than a syllable (0.2 s), faster than a sentence.
FORGET_S = 1.0
RAMP_MS = 10
# The least volume of cues unless the operator sets another: -13 dB, so a cue is at -28 dBFS, and the speaker of a kiosk
# is still heard across a counter.
CUE_LEAST = 20


def gain_of(volume: int) -> float:
    """The factor for a volume of 0 .. 100; exactly 1 at 50. Raises ValueError outside this range."""
    if not 0 <= volume <= LOUDEST:
        raise ValueError(f"volume {volume} is not between 0 and {LOUDEST}")
    if volume == 0:
        return 0.0
    gain: float = (volume / AS_SENT) ** (TWICE_DB / 20 / log10(2))
    return gain


def prepare() -> None:
    """Load what every volume but 50 needs: half a second on a small board, once. Raises DeviceError (memory_short)."""
    arrays.load()


class Leveller:
    """Applies a gain to one stream of sound. Sound is whole samples of PCM16 in `fmt`; one thread at a time."""

    def __init__(self, gain: float = 1.0, fmt: pcm.Format = pcm.PCM16) -> None:
        """`gain`: the gain at the start, without a ramp."""
        self._fmt = fmt
        self._ramp = fmt.samples_of(fmt.bytes_of(RAMP_MS))
        self._forget = 1 / (FORGET_S * fmt.rate_hz)
        self._gain = self._wanted = gain
        self._left = 0  # samples of the ramp
        self._fading: Floats | None = None  # of the last size of a piece
        self._loudest = 0.0  # a slowly forgotten peak, as a share of full scale before any gain

    def level(self, sound: bytes, gain: float) -> bytes:
        """The sound with `gain` applied; the same bytes when it is 1. Raises ValueError for half a sample."""
        if gain != self._wanted:
            self._wanted, self._left = gain, self._ramp
        if not self._left and gain == 1.0:
            self._loudest = 0.0
            return sound
        if len(sound) % self._fmt.sample_bytes:
            raise ValueError(f"{len(sound)} bytes are not whole samples")
        return self._levelled(sound) if sound else b""

    def _levelled(self, sound: bytes) -> bytes:
        arrays.load()
        import numpy as np  # noqa: PLC0415 13.5 MB that the usual volume does not need

        samples = np.frombuffer(sound, np.int16) / pcm.FULL_SCALE
        gains = self._gains(len(samples))
        # This also holds at the quiet end of a ramp, because a peak at its loud end still counts.
        most = max(gains[0], self._wanted)
        if most > 1.0:
            before, magnitudes = self._loudest, np.abs(samples)
            quiet = (
                max(before, magnitudes.max()) * most <= KNEE
            )  # as most sound is, so the curve changes nothing
            peaks = self._peaks(magnitudes)
            gains = gains if quiet else _bent(gains, np.maximum.accumulate(peaks) * self._faded(len(samples)))
        samples *= gains
        np.clip(samples, -1.0, 1.0, out=samples)  # the only sample out of range: -32768
        return (samples * pcm.FULL_SCALE).round().astype(np.int16).tobytes()

    def _gains(self, count: int) -> "Floats":
        """The gain of each sample: first the rest of the ramp, then the gain that is wanted."""
        import numpy as np  # noqa: PLC0415

        gains = np.full(count, self._wanted)
        if self._left:
            steps = min(self._left, count)
            rise = (self._wanted - self._gain) / self._left
            gains[:steps] = self._gain + rise * np.arange(1, steps + 1)
            self._left -= steps
            self._gain = float(gains[steps - 1])
        if not self._left:
            self._gain = self._wanted
        return gains

    def _peaks(self, magnitudes: "Floats") -> "Floats":
        """Note the loudest sample, slowly forgotten. Returns the samples, divided by what is left of each."""
        import numpy as np  # noqa: PLC0415

        fading = self._faded(len(magnitudes))
        np.minimum(magnitudes, 1.0, out=magnitudes)
        magnitudes /= fading
        magnitudes[0] = max(magnitudes[0], self._loudest)
        self._loudest = float(magnitudes.max() * fading[-1])
        return magnitudes

    def _faded(self, count: int) -> "Floats":
        """What is left of a sample's loudness, for each sample of a piece."""
        import numpy as np  # noqa: PLC0415

        if self._fading is None or len(self._fading) != count:
            self._fading = np.exp(-self._forget * np.arange(1, count + 1))
        return self._fading


def _bent(gains: "Floats", peaks: "Floats") -> "Floats":
    """The gains, reduced where `peaks` times the gain would be above the knee."""
    import numpy as np  # noqa: PLC0415

    over = peaks * gains - KNEE
    bent = np.maximum(gains, 1.0) - 1.0
    loud = KNEE + over / (1.0 + over * bent / ((1.0 - KNEE) * (bent + 1.0 - KNEE)))
    return np.where(over > 0, loud / np.maximum(peaks, 1e-9), gains)
