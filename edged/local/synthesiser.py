"""The speech synthesiser of the distribution, if one is installed: flite or espeak-ng, called as a program."""

import io
import shutil
import subprocess
import tempfile
import wave
from array import array
from pathlib import Path

from edged.files import read
from edged.local.voice import Speak, hum
from edged.pcm import PCM16

LONGEST_S = 30.0  # to synthesise one sentence
MOST_BYTES = 2**26  # one sentence; ten minutes at the highest rate of any synthesiser


def find() -> Speak | None:
    """The function that turns text into PCM16, mono, 24 kHz; None if no synthesiser is installed."""
    for program, speak in (("flite", _flite), ("espeak-ng", _espeak)):
        if shutil.which(program):
            return speak
    return None


def speech(text: str) -> bytes:
    """The text as speech; a hum if there is no synthesiser, or if it fails."""
    speak = find()
    if speak is None:
        return hum(text)
    try:
        return speak(text)
    # ValueError: the text cannot be an argument of a program
    except (OSError, subprocess.SubprocessError, wave.Error, EOFError, ValueError):
        return hum(text)


def _flite(text: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        _call(["flite", "-voice", "slt", "-t", text, "-o", str(file)])
        return _pcm(read(file, MOST_BYTES))


def _espeak(text: str) -> bytes:
    return _pcm(_call(["espeak-ng", "--stdout", "--", text]))


def _call(command: list[str]) -> bytes:
    # There is no shell, and the text is one argument, so it cannot become an option or a command.
    return subprocess.run(command, check=True, capture_output=True, timeout=LONGEST_S).stdout  # noqa: S603


def _pcm(file: bytes) -> bytes:
    """The samples of a WAV file at 24 kHz.

    Linear interpolation is enough: a synthesiser's speech has nothing in the added band.
    """
    with wave.open(io.BytesIO(file), "rb") as reader:
        samples = array("h", reader.readframes(reader.getparams().nframes % 2**26))
        rate = reader.getframerate()
    if rate == PCM16.rate_hz or len(samples) < 2:
        return samples.tobytes()
    out = array("h")
    for k in range((len(samples) - 1) * PCM16.rate_hz // rate):
        at, rest = divmod(k * rate, PCM16.rate_hz)
        out.append(samples[at] + (samples[at + 1] - samples[at]) * rest // PCM16.rate_hz)
    return out.tobytes()
