"""How loud: a volume of 0 to 100 as people hear it, and sound made louder without clipping.

Rules:
1. 50 is as the service sent it, and to the bit. Twice the number is twice as loud to most ears (10 dB), half of it half
   as loud; 0 is silence. (Loudness doubles with every 10 dB: Stevens' law, ISO 532.)
2. What would not fit is bent, not cut: up to `KNEE` of full scale nothing changes, above it the sound follows a curve
   that reaches full scale where full scale went in. So there is nothing to overflow, whatever comes.
3. The curve is taken at the loudest sample so far, which is forgotten slowly (`FORGET_S`). So it works within one
   wave at the onset of something loud, and after that as a gain that hardly moves: no flat tops, no breathing between
   syllables. It looks at no sample before that leaves, and delays nothing.
4. A change of volume is a ramp of `RAMP_MS`: no click.

Not here: what is a cue and what an answer, threads. numpy is imported by the first sound that is to be changed.
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
KNEE = 0.5  # of full scale: speech at the usual -20 dBFS stays below it up to volume 80 or so
FORGET_S = 1.0  # 8.7 dB a second: slower than a syllable (0.2 s), faster than a sentence
RAMP_MS = 10
CUE_LEAST = 20  # -13 dB: -28 dBFS, which a kiosk's speaker still brings across a counter


def gain_of(volume: int) -> float:
    """The factor of a volume, 0 .. 100; exactly 1 at 50. Raises ValueError beyond."""
    if not 0 <= volume <= LOUDEST:
        raise ValueError(f"volume {volume} is not within 0 and {LOUDEST}")
    if volume == 0:
        return 0.0
    gain: float = (volume / AS_SENT) ** (TWICE_DB / 20 / log10(2))
    return gain


def prepare() -> None:
    """Load what any volume but 50 needs: half a second on a small board, once. Raises DeviceError (memory_short)."""
    arrays.load()


class Leveller:
    """Gives one stream of sound its gain. Sound is whole samples of PCM16 in `fmt`; one thread at a time."""

    def __init__(self, gain: float = 1.0, fmt: pcm.Format = pcm.PCM16) -> None:
        """`gain` is where it begins, without a ramp."""
        self._fmt = fmt
        self._ramp = fmt.samples_of(fmt.bytes_of(RAMP_MS))
        self._forget = 1 / (FORGET_S * fmt.rate_hz)
        self._gain = self._wanted = gain
        self._left = 0  # samples of the ramp
        self._loudest = 0.0  # of what was heard lately, of full scale, before any gain

    def level(self, sound: bytes, gain: float) -> bytes:
        """The sound with `gain`, as many bytes; the same bytes where it is 1. Raises ValueError for half a sample."""
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
        import numpy as np  # noqa: PLC0415 13.5 MB that the usual volume is spared

        samples = np.frombuffer(sound, np.int16) / pcm.FULL_SCALE
        gains = self._gains(len(samples))
        if max(gains[0], self._wanted) > 1.0:  # also at the quiet end of a ramp: what was loud there counts
            gains = _bent(gains, self._peaks(np.abs(samples)))
        samples *= gains
        np.clip(samples, -1.0, 1.0, out=samples)  # the one sample beyond: -32768
        return (samples * pcm.FULL_SCALE).round().astype(np.int16).tobytes()

    def _gains(self, count: int) -> "Floats":
        """A sample's each: the rest of the ramp, then what is wanted."""
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
        """The loudest so far at each sample, forgotten by and by."""
        import numpy as np  # noqa: PLC0415

        count = len(magnitudes)
        fading = np.exp(-self._forget * np.arange(1, count + 1))
        np.minimum(magnitudes, 1.0, out=magnitudes)
        magnitudes /= fading
        magnitudes[0] = max(magnitudes[0], self._loudest)
        peaks: Floats = np.maximum.accumulate(magnitudes) * fading
        self._loudest = float(peaks[-1])
        return peaks


def _bent(gains: "Floats", peaks: "Floats") -> "Floats":
    """The gains, less where `peaks` times the gain would be above the knee."""
    import numpy as np  # noqa: PLC0415

    over = peaks * gains - KNEE
    bent = np.maximum(gains, 1.0) - 1.0
    loud = KNEE + over / (1.0 + over * bent / ((1.0 - KNEE) * (bent + 1.0 - KNEE)))
    return np.where(over > 0, loud / np.maximum(peaks, 1e-9), gains)
