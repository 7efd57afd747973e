"""How loud speech is, in LUFS, as ITU-R BS.1770-4 defines it for one channel; and where its silence ends.

The weighting filters are applied in the frequency domain, at any rate, from the analogue prototypes of the standard.
"""

import numpy as np

BLOCK_S, STEP_S = 0.4, 0.1
SILENT = -70.0
GATE_LU = 10.0
QUIET_DB = -40.0  # relative to the peak: what is below is the silence before and after


def lufs(sound: bytes, rate_hz: int = 24_000) -> float:
    """Return the loudness of PCM16, mono."""
    samples = np.frombuffer(sound, np.int16).astype(float) / 32768
    heard = _weighted(samples, rate_hz)
    block, step = round(BLOCK_S * rate_hz), round(STEP_S * rate_hz)
    if len(heard) < block:
        heard = np.pad(heard, (0, block - len(heard)))
    energies = np.array(
        [np.mean(heard[at : at + block] ** 2) for at in range(0, len(heard) - block + 1, step)]
    )
    loud = energies[_loudness(energies) > SILENT]
    if not len(loud):
        return float("-inf")
    return float(_loudness(np.mean(loud[_loudness(loud) > _loudness(np.mean(loud)) - GATE_LU])))


def _loudness(energy):
    return -0.691 + 10 * np.log10(np.maximum(energy, 1e-12))


def _weighted(samples, rate_hz):
    """The sound after the shelf of the head and the high-pass."""
    size = (
        1 << (len(samples) + rate_hz // 4).bit_length()
    )  # the padding keeps the end from reaching the beginning
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    response = _shelf(z, rate_hz) * _high_pass(z, rate_hz)
    return np.fft.irfft(np.fft.rfft(samples, size) * response, size)[: len(samples)]


def _shelf(z, rate_hz):
    gain_db, q, k = 3.999843853973347, 0.7071752369554196, np.tan(np.pi * 1681.974450955533 / rate_hz)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    whole = 1 + k / q + k * k
    b = np.array([high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]) / whole
    a = np.array([1.0, 2 * (k * k - 1) / whole, (1 - k / q + k * k) / whole])
    return _ratio(b, a, z)


def _high_pass(z, rate_hz):
    q, k = 0.5003270373238773, np.tan(np.pi * 38.13547087602444 / rate_hz)
    whole = 1 + k / q + k * k
    a = np.array([1.0, 2 * (k * k - 1) / whole, (1 - k / q + k * k) / whole])
    return _ratio(np.array([1.0, -2.0, 1.0]), a, z)


def _ratio(b, a, z):
    return (b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z)


def active_rms_db(sound: bytes, rate_hz: int = 24_000) -> float:
    """Return the level of the parts that are speech, relative to a full-scale sine.

    A part has 20 ms, and is at most 30 dB below the loudest one.
    """
    samples = np.frombuffer(sound, np.int16).astype(float) / 32768
    n = rate_hz // 50
    energies = np.mean(samples[: len(samples) // n * n].reshape(-1, n) ** 2, axis=1)
    return float(10 * np.log10(2 * np.mean(energies[energies > energies.max() / 1000])))


def silence_ms(sound: bytes, rate_hz: int = 24_000) -> tuple[float, float]:
    """Return how long the sound is silent at its beginning and at its end."""
    first, last = spoken(sound)
    n = len(sound) // 2
    return first * 1000 / rate_hz, (n - 1 - last) * 1000 / rate_hz


def spoken(sound: bytes) -> tuple[int, int]:
    """Return the first and the last sample that is not silent."""
    size = np.abs(np.frombuffer(sound, np.int16).astype(float))
    loud = np.flatnonzero(size > size.max() * 10 ** (QUIET_DB / 20))
    return int(loud[0]), int(loud[-1])


def peak(sound: bytes) -> int:
    """Return the largest sample."""
    return int(np.abs(np.frombuffer(sound, np.int16).astype(int)).max())
