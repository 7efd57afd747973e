"""Sound for judging: the speech of the clips, and rooms in which nobody speaks. Float arrays at 24 kHz."""

from __future__ import annotations

import wave

import numpy as np

from edged.local import clips

RATE_HZ = 24_000
FRAME = 480


def speech(name: str) -> np.ndarray:
    """A clip, as PCM16 values."""
    with wave.open(str(clips(f"{name}.wav"))) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def spoken_names() -> list[str]:
    return sorted(path.stem for path in clips("question.wav").parent.glob("*.wav"))


def spoken_rms(sound: np.ndarray) -> float:
    """Root mean square of the frames within 20 dB of the loudest one, so pauses do not count."""
    power = (sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME) ** 2).mean(1)
    return float(np.sqrt(power[power > power.max() / 100].mean()))


def at_dbfs(sound: np.ndarray, dbfs: float) -> np.ndarray:
    """The same sound with its speech at this level in dBFS (root mean square; a full sine is 0 dB)."""
    return sound / spoken_rms(sound) * 32767 / np.sqrt(2) * 10 ** (dbfs / 20)


def pcm16(sound: np.ndarray) -> bytes:
    return np.clip(np.round(sound), -32768, 32767).astype("<i2").tobytes()


def _shaped(rng: np.random.Generator, n: int, falls: float) -> np.ndarray:
    """Noise whose power falls with frequency to the power of `falls`; nothing below 30 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.arange(len(spectrum)) * RATE_HZ / n
    spectrum[hz < 30] = 0
    spectrum[1:] /= hz[1:] ** (falls / 2)
    return np.fft.irfft(spectrum, n)


def _hum(rng: np.random.Generator, n: int, hz: float) -> np.ndarray:
    t = np.arange(n) / RATE_HZ
    return sum(np.sin(2 * np.pi * hz * k * t + rng.uniform(0, 6)) / k for k in (1, 2, 3, 5, 7))


def _fan(rng: np.random.Generator, n: int) -> np.ndarray:
    air = _shaped(rng, n, 2)
    return air / air.std() + 0.3 * rng.standard_normal(n) + 0.5 * _hum(rng, n, 120)


_NOISES = {
    "white": lambda rng, n: rng.standard_normal(n),
    "pink": lambda rng, n: _shaped(rng, n, 1),
    "rumble": lambda rng, n: _shaped(rng, n, 2),
    "hum 50 Hz": lambda rng, n: _hum(rng, n, 50),
    "hum 60 Hz": lambda rng, n: _hum(rng, n, 60),
    "fan": _fan,
}
NOISES = tuple(_NOISES)


def noise(name: str, seconds: float, rms: float, seed: int) -> np.ndarray:
    sound = _NOISES[name](np.random.default_rng(seed), int(seconds * RATE_HZ))
    return sound / sound.std() * rms


def clicks(seconds: float, peak: float, seed: int) -> np.ndarray:
    """A button, keys, a knock: 2 to 20 ms each, about three per second, in a quiet room."""
    rng = np.random.default_rng(seed)
    sound = rng.standard_normal(int(seconds * RATE_HZ)) * 5
    at = 0
    while (at := at + int(RATE_HZ * rng.uniform(0.15, 0.5))) < len(sound) - 1000:
        n = int(RATE_HZ * rng.uniform(0.002, 0.02))
        sound[at : at + n] += peak * rng.standard_normal(n) * np.exp(-np.arange(n) / n * 5)
    return sound


def said(name: str, noise_name: str, snr_db: float, seed: int, *, before_s: float = 0.3) -> np.ndarray:
    """A clip in a room with noise: before it, during it and 0.1 s after it.

    At 0 dB the noise is as loud as the speech (rms of all bands).
    """
    voice = at_dbfs(speech(name), -30)
    whole = np.concatenate([np.zeros(int(before_s * RATE_HZ)), voice, np.zeros(RATE_HZ // 10)])
    level = spoken_rms(voice) / 10 ** (snr_db / 20)
    return whole + noise(noise_name, len(whole) / RATE_HZ + 0.001, level, seed)[: len(whole)]
